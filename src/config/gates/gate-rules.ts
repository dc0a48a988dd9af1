import {
  type ClaimValue,
  credentialKinds,
  defaultTokenCookie,
  type GateRules,
} from '../../core/gate/gate.ts';
import { findLoginProblem, isPosternLoginPage } from '../../core/gate/login.ts';
import { type OriginRules, parseOriginRules } from '../../core/gate/origin.ts';
import { parsePublicRoute } from '../../core/gate/public-route.ts';
import type { SourceName } from '../../core/model/source-name.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { type NetworkSet, parseNetworks } from '../../lib/network.ts';
import { asMap, asText, asTexts } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { buildBridge } from '../sign-on/bridge.ts';
import type { RawGateRules } from './gate-schema.ts';
import { buildHeaders } from './header-rules.ts';

/** What the builder takes beside the settings. */
export interface RuleDependencies {
  /** Every gate that looks for cookies looks for this one first. */
  readonly sessionCookie: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: ReportFault;
}

/** Builds the rules of one gate. Faults go to `report`. */
export function buildRules(
  raw: RawGateRules,
  { sessionCookie, env, report }: RuleDependencies,
): GateRules {
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
    publicRoutes: readAll(raw.public, 'public', report, parsePublicRoute),
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

/** Where people sign in with sessions, a cookie that a sibling host may set makes nobody somebody else. */
function plainCookies({ cookies, login }: RawGateRules): string[] {
  const names = asTexts(cookies) ?? [];
  return isPosternLoginPage(asText(login))
    ? names.filter((name) => name !== defaultTokenCookie)
    : names;
}

/** With a bridge, it comes last, unless `sources` says where. */
function readSources(
  { sources: raw, bridge }: RawGateRules,
  report: ReportFault,
): readonly SourceName[] {
  const sources = (asTexts(raw) ?? []) as SourceName[];
  const names = sources.includes('bridge') ? sources : [...sources, 'bridge' as const];
  if (bridge !== undefined) return names;
  if (names === sources) report('sources', 'bridge needs a sign-on service in `bridge`');
  return sources;
}
export function readAll<T extends object>(
  raw: unknown,
  setting: string,
  report: ReportFault,
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
  return { same: false, opaque: false, exact: [], wildcards: [] };
}

/** Longest time that nginx may let in somebody whose token was revoked, in milliseconds. */
const longestCache = 5 * 60_000;
function readCache(raw: unknown, report: ReportFault): number {
  const milliseconds = parseDuration(typeof raw === 'string' ? raw : '0s') ?? longestCache + 1;
  if (milliseconds > longestCache) {
    report(
      'cache',
      `${formatDuration(longestCache)} is the most: a revocation is not felt until then`,
    );
  }
  return milliseconds;
}
