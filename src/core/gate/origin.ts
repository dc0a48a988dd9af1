import { memoize } from '../../lib/memo.ts';
import { type Handshake, parseHost } from './handshake.ts';

/** Which origins (RFC 6454) a gate admits. */
export interface OriginRules {
  /** The origin's host equals the host of the request. */
  readonly same: boolean;
  /** The opaque origin `null`: sandboxed frames, `file:`, some redirects. */
  readonly opaque: boolean;
  /** Serialised origins, lower case: `https://app.example.com`, `http://localhost:5173`. */
  readonly exact: readonly string[];
  /** Every host strictly below a domain. */
  readonly wildcards: readonly OriginPattern[];
}

/** `https://*.example.com`, parsed. The suffix starts with its dot. */
export interface OriginPattern {
  readonly scheme: string;
  readonly suffix: string;
  readonly port: string;
}

/** Only pages of the same host: the default. */
export const sameOrigin: OriginRules = { same: true, opaque: false, exact: [], wildcards: [] };

/**
 * Parses the words of a configuration: `same`, `null`, an origin, or an origin whose host starts with
 * `*.`. Returns the first invalid word as `{ invalid }`.
 */
export function parseOriginRules(
  words: readonly string[],
): OriginRules | { readonly invalid: string } {
  const exact: string[] = [];
  const wildcards: OriginPattern[] = [];
  for (const word of words) {
    if (word === 'same' || word === 'null') continue;
    const wildcard = /^([a-z][a-z0-9+.-]*:\/\/)\*\.(.+)$/i.exec(word);
    const origin = parseOrigin(wildcard ? `${wildcard[1]}${wildcard[2]}` : word);
    if (origin === undefined) return { invalid: word };
    if (wildcard)
      wildcards.push({ scheme: origin.scheme, suffix: `.${origin.host}`, port: origin.port });
    else exact.push(serialize(origin));
  }
  return { same: words.includes('same'), opaque: words.includes('null'), exact, wildcards };
}

/**
 * True when the gate lists origins. Then every credential needs an allowed one; otherwise only ambient
 * credentials (cookies) do.
 */
export function hasExplicitOrigins(rules: OriginRules): boolean {
  return rules.opaque || rules.exact.length > 0 || rules.wildcards.length > 0;
}

/** True when the handshake has an `Origin` and the rules allow it. */
export function isOriginAllowed(handshake: Handshake, rules: OriginRules): boolean {
  if (handshake.origin === undefined) return false;
  if (handshake.origin === 'null') return rules.opaque;
  const origin = parseOrigin(handshake.origin);
  if (origin === undefined) return false;
  return (
    (rules.same && isSameSite(origin, handshake)) ||
    rules.exact.includes(serialize(origin)) ||
    rules.wildcards.some(
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
 * Ports are not compared: cookies ignore them too, and behind a port mapping nginx does not know the
 * browser's port. Over TLS the scheme counts, so that an attacker on the network, who can forge a plain
 * http page, cannot use the session.
 */
function isSameSite(origin: Origin, handshake: Handshake): boolean {
  return (
    origin.host === handshake.host &&
    (origin.scheme === 'https' || (origin.scheme === 'http' && handshake.scheme !== 'https'))
  );
}

/** Parses a serialized origin (RFC 6454, section 6.2) and nothing else: no path, no user, no list. */
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
