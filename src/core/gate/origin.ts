import { memoize } from '../../lib/memo.ts';
import { type Handshake, parseHost } from './handshake.ts';

/** Which origins (RFC 6454) a gate admits. */
export interface OriginRules {
  /** The origin's host is the host of the request. */
  readonly same: boolean;
  /** The opaque origin `null`: sandboxed frames, `file:`, some redirects. */
  readonly opaque: boolean;
  /** Serialised origins, lower case: `https://app.example.com`, `http://localhost:5173`. */
  readonly exact: readonly string[];
  /** Every host strictly below a domain. */
  readonly below: readonly OriginPattern[];
}

/** `https://*.example.com`, taken apart. The suffix starts with its dot. */
export interface OriginPattern {
  readonly scheme: string;
  readonly suffix: string;
  readonly port: string;
}

/** Only pages from the same host: what a gate starts with. */
export const sameOrigin: OriginRules = { same: true, opaque: false, exact: [], below: [] };

/**
 * Builds the rules from a configuration's words: `same`, `null`, an origin, or an origin whose host
 * starts with `*.`. Returns the first word it cannot read as `{ invalid }`.
 */
export function parseOriginRules(
  words: readonly string[],
): OriginRules | { readonly invalid: string } {
  const exact: string[] = [];
  const below: OriginPattern[] = [];
  for (const word of words) {
    if (word === 'same' || word === 'null') continue;
    const wildcard = /^([a-z][a-z0-9+.-]*:\/\/)\*\.(.+)$/i.exec(word);
    const origin = parseOrigin(wildcard ? `${wildcard[1]}${wildcard[2]}` : word);
    if (origin === undefined) return { invalid: word };
    if (wildcard)
      below.push({ scheme: origin.scheme, suffix: `.${origin.host}`, port: origin.port });
    else exact.push(serialize(origin));
  }
  return { same: words.includes('same'), opaque: words.includes('null'), exact, below };
}

/**
 * True when the gate names origins of its own accord. Then every credential needs an allowed one;
 * otherwise only ambient credentials (cookies) do.
 */
export function listsOrigins(rules: OriginRules): boolean {
  return rules.opaque || rules.exact.length > 0 || rules.below.length > 0;
}

/** True when the handshake's `Origin` is present and the rules admit it. */
export function isOriginAllowed(handshake: Handshake, rules: OriginRules): boolean {
  if (handshake.origin === undefined) return false;
  if (handshake.origin === 'null') return rules.opaque;
  const origin = parseOrigin(handshake.origin);
  if (origin === undefined) return false;
  return (
    (rules.same && isSameSite(origin, handshake)) ||
    rules.exact.includes(serialize(origin)) ||
    rules.below.some(
      (pattern) =>
        pattern.scheme === origin.scheme &&
        pattern.port === origin.port &&
        origin.host.endsWith(pattern.suffix),
    )
  );
}

interface Origin {
  readonly scheme: string;
  readonly host: string;
  /** With its colon, empty for the scheme's default port. */
  readonly port: string;
}

/**
 * Ports are left out: cookies do not tell them apart either, and behind a port mapping nginx does
 * not know the one the browser used. The scheme counts when the request came over TLS, so that
 * whoever can forge a plain http page cannot ride on the session.
 */
function isSameSite(origin: Origin, handshake: Handshake): boolean {
  return (
    origin.host === handshake.host &&
    (origin.scheme === 'https' || (origin.scheme === 'http' && handshake.scheme !== 'https'))
  );
}

/** The serialised form of an origin and nothing else: no path, no user, no list. */
const parseOrigin = memoize((value: string): Origin | undefined => {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]/]*\]|[^/:?#@\s[\]]+)(:\d{1,5})?$/i.exec(value);
  if (match === null) return undefined;
  const scheme = (match[1] as string).toLowerCase();
  const host = parseHost(match[2] as string);
  if (host === undefined) return undefined;
  const port = match[3] ?? '';
  const isDefault =
    (scheme === 'http' && port === ':80') || (scheme === 'https' && port === ':443');
  return { scheme, host, port: isDefault ? '' : port };
});

function serialize(origin: Origin): string {
  return `${origin.scheme}://${origin.host}${origin.port}`;
}
