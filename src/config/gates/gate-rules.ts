import {
  type ClaimValue,
  credentialKinds,
  defaultTokenCookie,
  type GateRules,
} from '../../core/gate/gate.ts';
import { findLoginProblem, isPosternLoginPage } from '../../core/gate/login.ts';
import { type OriginRules, parseOriginRules } from '../../core/gate/origin.ts';
import { parsePublicRoute } from '../../core/gate/public-route.ts';
import { parseSubprotocolForm } from '../../core/gate/subprotocol-form.ts';
import type { ChallengeScheme } from '../../core/model/denial-response.ts';
import type { SourceName } from '../../core/model/source-name.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { type NetworkSet, parseNetworks } from '../../lib/network.ts';
import { asMap, asText, asTexts } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { buildBridge } from '../sign-on/bridge.ts';
import type { RawGateRules } from './gate-schema.ts';
import { buildHeaders } from './header-rules.ts';

/** What the builder needs beside the settings. */
export interface RuleDependencies {
  /** Name of the session cookie, which every gate with the source `cookie` searches first. */
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
  const cookieNames = [...new Set([sessionCookie, ...tokenCookies(raw)])];
  return {
    sources: readSources(raw, report),
    cookieNames,
    cookiesWithoutOrigin: readCookiesWithoutOrigin(raw, cookieNames, report),
    queryNames: asTexts(raw.query) ?? [],
    subprotocolForms: parseEach(raw.subprotocols, 'subprotocols', report, parseSubprotocolForm),
    challenge: readChallenge(raw, report),
    origins: readOrigins(asTexts(raw.origins) ?? [], (message) => report('origins', message)),
    networks: {
      trust: network('trust'),
      trustAs: networks.trust_as ?? 'trusted-network',
      allow: network('allow'),
      deny: network('deny'),
    },
    publicRoutes: parseEach(raw.public, 'public', report, parsePublicRoute),
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

/**
 * Names of token cookies. Without the default one where people sign in at Postern's own page: a sibling
 * host can set it, and would sign them in as somebody else.
 */
function tokenCookies({ cookies, login }: RawGateRules): string[] {
  const names = asTexts(cookies) ?? [];
  return isPosternLoginPage(asText(login))
    ? names.filter((name) => name !== defaultTokenCookie)
    : names;
}

/** Adds the source `bridge` at the end, unless `sources` names it. */
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
function readCookiesWithoutOrigin(
  raw: RawGateRules,
  cookieNames: readonly string[],
  report: ReportFault,
): readonly string[] {
  const names = asTexts(raw.cookies_without_origin) ?? [];
  const unknown = names.find((name) => !cookieNames.includes(name));
  if (unknown !== undefined) {
    report('cookies_without_origin', `"${unknown}" is not among the names in \`cookies\``);
  }
  return names.filter((name) => cookieNames.includes(name));
}

/** Without `basic` where the gate would not take the password that browsers then ask for. */
function readChallenge(
  { challenge, sources }: RawGateRules,
  report: ReportFault,
): readonly ChallengeScheme[] {
  const schemes = (asTexts(challenge) ?? []) as ChallengeScheme[];
  if (asTexts(sources)?.includes('basic') !== false) return schemes;
  if (schemes.includes('basic')) report('challenge', 'basic has to be in `sources`, too');
  return ['bearer'];
}

/** Parses each word of a list. Reports invalid ones and leaves them out. */
export function parseEach<T extends object>(
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
  report(`"${set.invalid}" is not an address, a CIDR network, "loopback" or "private"`);
  return undefined;
}
function readOrigins(words: readonly string[], report: (message: string) => void): OriginRules {
  const rules = parseOriginRules(words);
  if (!('invalid' in rules)) return rules;
  report(
    `"${rules.invalid}" is not an origin; write "same", "null", https://host[:port] or https://*.domain, without a path`,
  );
  return { same: false, opaque: false, exact: [], wildcards: [] };
}

/** Limit on `cache`, in milliseconds: the longest delay of a revocation. */
const maxCacheTtl = 5 * 60_000;
function readCache(raw: unknown, report: ReportFault): number {
  const milliseconds = parseDuration(typeof raw === 'string' ? raw : '0s') ?? maxCacheTtl + 1;
  if (milliseconds > maxCacheTtl) {
    report(
      'cache',
      `the maximum is ${formatDuration(maxCacheTtl)}: revocation is delayed by this long`,
    );
  }
  return milliseconds;
}
