import type { Gate, GateRules } from '../../core/gate/gate.ts';
import { gateNamePattern } from '../../core/gate/handshake.ts';
import { type HostPattern, parseHostPattern } from '../../core/gate/host-pattern.ts';
import { parsePathPattern } from '../../core/gate/path-pattern.ts';
import { findAmbiguities } from '../../core/gate/routes.ts';
import { asMap, asTexts, isMap, namedSections } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { buildRules, type RuleDependencies, readAll } from './gate-rules.ts';
import type { RawGate, RawGateRules } from './gate-schema.ts';
import { showRules } from './show-rules.ts';

/** The rules of `default_gate`, and of each of `gates`. */
export interface BuiltGates {
  readonly defaultGate: GateRules & Pick<Gate, 'settings'>;
  readonly gates: readonly Gate[];
}

/** Why a trusted network needs names (DNS rebinding). */
const whyHosts =
  'else any page could have its own name lead here, and a browser in that network would be let in for it';

/** Builds all gates. Faults go to `report`. */
export function buildGates(
  raw: { readonly default_gate?: unknown; readonly gates?: unknown },
  deps: RuleDependencies,
): BuiltGates {
  const { report } = deps;
  const ruled = asMap(raw.default_gate) as RawGateRules;
  const below =
    (prefix: string): ReportFault =>
    (path, message) =>
      report(`${prefix}.${path}`, message);
  const defaultGate = buildRules(ruled, { ...deps, report: below('default_gate') });
  const gates = namedSections(raw.gates, gateNamePattern).map(([name, section]): Gate => {
    const own: RawGate = section;
    const here = below(`gates.${name}`);
    const { hosts, paths, ...ownRules } = own;
    const merged = mergeRules(ruled, ownRules);
    // A fault in what is inherited was reported where it stands.
    const report: ReportFault = (path, message) => {
      if (isSet(own, path)) here(path, message);
    };
    if (hosts === undefined && isTrusting(merged)) {
      const whose = isSet(own, 'networks.trust') ? '' : 'default_gate.';
      here('hosts', `is needed with ${whose}networks.trust: ${whyHosts}`);
    }
    return {
      ...buildRules(merged, { ...deps, report }),
      name,
      throttleGateName: name,
      hosts: readAll<HostPattern>(hosts, 'hosts', here, (word) => {
        return parseHostPattern(word) ?? { invalid: 'write app.example.com or *.example.com' };
      }),
      paths: readAll(paths, 'paths', here, parsePathPattern),
      settings: { ...(hosts && { hosts }), ...(paths && { paths }), ...showRules(merged) },
    };
  });
  if (gates.length === 0 && isTrusting(ruled)) {
    report('default_gate.networks.trust', `needs gates with hosts: ${whyHosts}`);
  }
  for (const {
    gates: [a, b],
    patterns: places,
  } of findAmbiguities(gates)) {
    const where = places[0] === places[1] ? places[0] : `${places[0]} and ${places[1]}`;
    report(
      `gates.${b}`,
      `is as specific as gates.${a} for ${where}; nobody could tell which of them is meant`,
    );
  }
  return { defaultGate: { ...defaultGate, settings: showRules(ruled) }, gates };
}

function isTrusting({ networks }: RawGateRules): boolean {
  return (asTexts(asMap(networks).trust) ?? []).length > 0;
}

/** What a gate says, and for the rest what the default says; in sections, setting by setting. */
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
