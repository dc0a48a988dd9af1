import type { Gate, GateRules } from '../../core/gate/gate.ts';
import { gateNamePattern } from '../../core/gate/handshake.ts';
import { type HostPattern, parseHostPattern } from '../../core/gate/host-pattern.ts';
import { parsePathPattern } from '../../core/gate/path-pattern.ts';
import { findAmbiguities } from '../../core/gate/routes.ts';
import { asMap, asTexts, isMap, namedSections } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { buildRules, parseEach, type RuleDependencies } from './gate-rules.ts';
import type { RawGate, RawGateRules } from './gate-schema.ts';
import { showRules } from './show-rules.ts';

/** The rules of `default_gate`, and of each of `gates`. */
export interface BuiltGates {
  readonly defaultGate: GateRules & Pick<Gate, 'settings'>;
  readonly gates: readonly Gate[];
}

/** Why a trusted network needs `hosts`: DNS rebinding. */
const whyHosts =
  'otherwise any page could make its own name resolve to this server, and a browser in that network would be admitted (DNS rebinding)';

/** Builds all gates, each with the rules of `default_gate` for what it leaves out. Faults go to `report`. */
export function buildGates(
  raw: { readonly default_gate?: unknown; readonly gates?: unknown },
  deps: RuleDependencies,
): BuiltGates {
  const { report } = deps;
  const defaultRules = asMap(raw.default_gate) as RawGateRules;
  const defaultGate = buildRules(defaultRules, {
    ...deps,
    report: reportBelow('default_gate', report),
  });
  const gates = namedSections(raw.gates, gateNamePattern).map(([name, section]) =>
    buildGate(name, section, defaultRules, deps),
  );
  if (gates.length === 0 && isTrusting(defaultRules)) {
    report('default_gate.networks.trust', `needs gates with hosts: ${whyHosts}`);
  }
  reportAmbiguities(gates, report);
  return { defaultGate: { ...defaultGate, settings: showRules(defaultRules) }, gates };
}

function buildGate(
  name: string,
  own: RawGate,
  defaultRules: RawGateRules,
  deps: RuleDependencies,
): Gate {
  const { hosts, paths, ...ownRules } = own;
  const merged = mergeRules(defaultRules, ownRules);
  const reportHere = reportBelow(`gates.${name}`, deps.report);
  // Faults in inherited rules were reported for `default_gate`.
  const reportOwn: ReportFault = (path, message) => {
    if (isSet(own, path)) reportHere(path, message);
  };
  if (hosts === undefined && isTrusting(merged)) {
    const prefix = isSet(own, 'networks.trust') ? '' : 'default_gate.';
    reportHere('hosts', `is required with ${prefix}networks.trust: ${whyHosts}`);
  }
  return {
    ...buildRules(merged, { ...deps, report: reportOwn }),
    name,
    throttleGateName: name,
    hosts: parseEach<HostPattern>(hosts, 'hosts', reportHere, (word) => {
      return parseHostPattern(word) ?? { invalid: 'write app.example.com or *.example.com' };
    }),
    paths: parseEach(paths, 'paths', reportHere, parsePathPattern),
    settings: { ...(hosts && { hosts }), ...(paths && { paths }), ...showRules(merged) },
  };
}

function reportBelow(prefix: string, report: ReportFault): ReportFault {
  return (path, message) => report(`${prefix}.${path}`, message);
}

function reportAmbiguities(gates: readonly Gate[], report: ReportFault): void {
  for (const { gates: names, patterns } of findAmbiguities(gates)) {
    const [a, b] = patterns;
    report(
      `gates.${names[1]}`,
      `is as specific as gates.${names[0]} for ${a === b ? a : `${a} and ${b}`}; the choice would be ambiguous`,
    );
  }
}

function isTrusting({ networks }: RawGateRules): boolean {
  return (asTexts(asMap(networks).trust) ?? []).length > 0;
}

/** The gate's own rules over the default ones. Sections are merged setting by setting. */
function mergeRules(base: RawGateRules, own: RawGateRules): RawGateRules {
  return {
    ...base,
    ...own,
    networks: { ...asMap(base.networks), ...asMap(own.networks) },
    require: { ...asMap(base.require), ...asMap(own.require) },
  };
}

function isSet(raw: object, path: string): boolean {
  let value: unknown = raw;
  for (const part of path.split('.').slice(0, 2)) {
    if (!isMap(value) || !Object.hasOwn(value, part)) return false;
    value = value[part];
  }
  return true;
}
