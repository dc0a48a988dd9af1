import {
  type ClaimValue,
  credentialKinds,
  type Gate,
  type GateRules,
  plainCookie,
} from '../../core/gate/gate.ts';
import { findAmbiguities } from '../../core/gate/gate-choice.ts';
import { gateNamePattern } from '../../core/gate/handshake.ts';
import { type HostPattern, parseHostPattern } from '../../core/gate/host-pattern.ts';
import { findLoginProblem, isOwnPage } from '../../core/gate/login.ts';
import { type OriginRules, parseOriginRules } from '../../core/gate/origin.ts';
import { parsePathPattern } from '../../core/gate/path-pattern.ts';
import { parsePublicPlace } from '../../core/gate/public-place.ts';
import type { SourceName } from '../../core/model/source-name.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { mask } from '../../lib/mask.ts';
import { type NetworkSet, parseNetworks } from '../../lib/network.ts';
import { asMap, asText, asTexts, isMap, namedSections } from '../raw-values.ts';
import type { Report } from '../report.ts';
import { buildBridge } from '../sign-on/bridge.ts';
import type { RawGate, RawGateRules } from './gate-schema.ts';
import { buildHeaders } from './header-rules.ts';

/** The rules of `default_gate`, and of each of `gates`. */
export interface BuiltGates {
  readonly defaultGate: GateRules & Pick<Gate, 'settings'>;
  readonly gates: readonly Gate[];
}

/** Why a trusted network needs names (DNS rebinding). */
const whyHosts =
  'else any page could have its own name lead here, and a browser in that network would be let in for it';

/** What the builder takes beside the settings. */
interface Deps {
  /** Every gate that looks for cookies looks for this one first. */
  readonly sessionCookie: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Builds all gates. Faults go to `report`. */
export function buildGates(
  raw: { readonly default_gate?: unknown; readonly gates?: unknown },
  deps: Deps,
): BuiltGates {
  const { report } = deps;
  const ruled = asMap(raw.default_gate) as RawGateRules;
  const below =
    (prefix: string): Report =>
    (path, message) =>
      report(`${prefix}.${path}`, message);
  const defaultGate = buildRules(ruled, { ...deps, report: below('default_gate') });
  const gates = namedSections(raw.gates, gateNamePattern).map(([name, section]): Gate => {
    const own: RawGate = section;
    const here = below(`gates.${name}`);
    const { hosts, paths, ...ownRules } = own;
    const merged = mergeRules(ruled, ownRules);
    // A fault in what is inherited was reported where it stands.
    const report: Report = (path, message) => {
      if (isSet(own, path)) here(path, message);
    };
    if (hosts === undefined && isTrusting(merged)) {
      const whose = isSet(own, 'networks.trust') ? '' : 'default_gate.';
      here('hosts', `is needed with ${whose}networks.trust: ${whyHosts}`);
    }
    return {
      ...buildRules(merged, { ...deps, report }),
      name,
      countedAt: name,
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
    places,
  } of findAmbiguities(gates)) {
    const where = places[0] === places[1] ? places[0] : `${places[0]} and ${places[1]}`;
    report(
      `gates.${b}`,
      `is as specific as gates.${a} for ${where}; nobody could tell which of them is meant`,
    );
  }
  return { defaultGate: { ...defaultGate, settings: showRules(ruled) }, gates };
}

/** Where people sign in with sessions, a cookie that a sibling host may set makes nobody somebody else. */
function plainCookies({ cookies, login }: RawGateRules): string[] {
  const names = asTexts(cookies) ?? [];
  return isOwnPage(asText(login)) ? names.filter((name) => name !== plainCookie) : names;
}

function isTrusting({ networks }: RawGateRules): boolean {
  return (asTexts(asMap(networks).trust) ?? []).length > 0;
}

function buildRules(raw: RawGateRules, { sessionCookie, env, report }: Deps): GateRules {
  const networks = asMap(raw.networks) as NonNullable<RawGateRules['networks']>;
  const required = asMap(raw.require) as NonNullable<RawGateRules['require']>;
  const network = (name: 'trust' | 'allow' | 'deny') =>
    readNetworks(asTexts(networks[name]) ?? [], (message) => report(`networks.${name}`, message));
  if (typeof raw.login === 'string') {
    const problem = findLoginProblem(raw.login);
    if (problem !== undefined) report('login', problem);
  }
  return {
    sources: readSources(raw, report),
    cookieNames: [...new Set([sessionCookie, ...plainCookies(raw)])],
    queryNames: asTexts(raw.query) ?? [],
    origins: readOrigins(asTexts(raw.origins) ?? [], (message) => report('origins', message)),
    networks: {
      trust: network('trust'),
      trustAs: networks.trust_as ?? 'trusted-network',
      allow: network('allow'),
      deny: network('deny'),
    },
    publicPlaces: readAll(raw.public, 'public', report, parsePublicPlace),
    requirements: {
      scopes: asTexts(required.scopes) ?? [],
      groups: asTexts(required.groups) ?? [],
      claims: new Map(
        Object.entries(asMap(required.claims)).map(([name, value]) => [
          name,
          [value].flat() as ClaimValue[],
        ]),
      ),
    },
    kinds: raw.kinds ?? credentialKinds,
    maxUses: raw.max_uses,
    login: typeof raw.login === 'string' ? raw.login : undefined,
    assertion: raw.assertion === true,
    forwardAuthorization: raw.forward_authorization === true,
    jwtSingleUse: raw.jwt_single_use === true,
    headers: buildHeaders(asMap(raw.headers) as never, env, (name, message) =>
      report(`headers.${name}`, message),
    ),
    cacheTtl: readCache(raw.cache, report),
    bridge: buildBridge(raw.bridge, (path, message) => report(`bridge.${path}`, message)),
  };
}

/** With a bridge, it comes last, unless `sources` says where. */
function readSources(
  { sources: raw, bridge }: RawGateRules,
  report: Report,
): readonly SourceName[] {
  const sources = (asTexts(raw) ?? []) as SourceName[];
  const names = sources.includes('bridge') ? sources : [...sources, 'bridge' as const];
  if (bridge !== undefined) return names;
  if (names === sources) report('sources', 'bridge needs a sign-on service in `bridge`');
  return sources;
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

/** A gate's settings for people: without what they have not set, and without secrets. */
function showRules(raw: RawGateRules): Record<string, unknown> {
  const shown = Object.entries(raw).filter(
    ([, value]) => value !== undefined && !(isMap(value) && Object.keys(value).length === 0),
  );
  const headers = Object.entries(asMap(raw.headers)).map(([name, value]) => [
    name,
    isMap(value) && 'value' in value ? { ...value, value: mask } : value,
  ]);
  return {
    ...Object.fromEntries(shown),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  };
}

function readAll<T extends object>(
  raw: unknown,
  setting: string,
  report: Report,
  parse: (word: string) => T | { readonly invalid: string },
): T[] {
  return (asTexts(raw) ?? []).flatMap((word) => {
    const parsed = parse(word);
    if (!('invalid' in parsed)) return [parsed];
    report(setting, `"${word}": ${parsed.invalid}`);
    return [];
  });
}

function readNetworks(
  words: readonly string[],
  report: (message: string) => void,
): NetworkSet | undefined {
  if (words.length === 0) return undefined;
  const set = parseNetworks(words);
  if (!('invalid' in set)) return set;
  report(`"${set.invalid}" is no address, CIDR network, "loopback" or "private"`);
  return undefined;
}

function readOrigins(words: readonly string[], report: (message: string) => void): OriginRules {
  const rules = parseOriginRules(words);
  if (!('invalid' in rules)) return rules;
  report(
    `"${rules.invalid}" is no origin; write "same", "null", https://host[:port] or https://*.domain, without a path`,
  );
  return { same: false, opaque: false, exact: [], below: [] };
}

/** Longest time that nginx may let in somebody whose token was revoked, in milliseconds. */
const longestCache = 5 * 60_000;

function readCache(raw: unknown, report: Report): number {
  const milliseconds = parseDuration(typeof raw === 'string' ? raw : '0s') ?? longestCache + 1;
  if (milliseconds > longestCache) {
    report(
      'cache',
      `${formatDuration(longestCache)} is the most: a revocation is not felt until then`,
    );
  }
  return milliseconds;
}
