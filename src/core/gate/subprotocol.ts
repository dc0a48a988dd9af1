import { isHttpToken } from '../../lib/http-token.ts';
import { memoizeLast } from '../../lib/memo.ts';

/** Prefix of a subprotocol with a secret that is an HTTP token itself, as Postern's tokens and JWTs are. */
const plainPrefix = 'postern.bearer.';

/** Prefix of a subprotocol with any other secret, in base64url (RFC 4648, section 5). */
const encodedPrefix = 'postern.bearer64.';

/**
 * Offered beside the token by clients without an application subprotocol, and selected in the answer.
 * Browsers fail a handshake whose offered subprotocols are all refused, and the one with the token must
 * not be echoed.
 */
export const markerSubprotocol = 'postern';

/** The parsed subprotocols that a client offered. */
export interface SubprotocolOffer {
  /** Those that carry a token, with their prefix. Secret. */
  readonly tokens: readonly string[];
  /** Those of the application. */
  readonly application: readonly string[];
  /** Whether the marker was among them. */
  readonly hasMarker: boolean;
}

/**
 * Parses `Sec-WebSocket-Protocol` (RFC 6455, section 11.3.4): tokens separated by commas, at least one,
 * without duplicates. Undefined for anything else. Takes linear time.
 */
export const parseSubprotocolOffer: (header: string) => SubprotocolOffer | undefined =
  memoizeLast(readOffer);

function readOffer(header: string): SubprotocolOffer | undefined {
  const tokens: string[] = [];
  const application: string[] = [];
  let hasMarker = false;
  const parts = header.split(',');
  for (const part of parts) {
    const name = part.trim();
    if (!isHttpToken(name)) return undefined;
    if (name.startsWith(plainPrefix) || name.startsWith(encodedPrefix)) tokens.push(name);
    else if (name === markerSubprotocol) hasMarker = true;
    else application.push(name);
  }
  const distinct = new Set(tokens).size + new Set(application).size + (hasMarker ? 1 : 0);
  return distinct === parts.length ? { tokens, application, hasMarker } : undefined;
}

/** The secret inside a subprotocol that carries one; undefined when its encoding is broken. */
export function decodeTokenSubprotocol(subprotocol: string): string | undefined {
  if (subprotocol.startsWith(plainPrefix)) return subprotocol.slice(plainPrefix.length);
  const encoded = subprotocol.slice(encodedPrefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Node's decoder skips invalid characters: valid input is what encodes back to itself.
  return bytes.toString('base64url') === encoded ? bytes.toString('utf8') : undefined;
}
