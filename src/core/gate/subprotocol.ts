import { isHttpToken } from '../../lib/http-token.ts';
import { memoizeLast } from '../../lib/memo.ts';

/** Marks the subprotocol that carries a token which is an RFC 7230 token itself, as ours and JWTs are. */
const plainPrefix = 'postern.bearer.';
/** Marks the subprotocol that carries any other secret, in base64url (RFC 4648, section 5). */
const encodedPrefix = 'postern.bearer64.';

/**
 * What a client without a subprotocol of its own offers beside the token, and is told in return:
 * browsers fail a handshake that offered subprotocols and was given none of them, and the one with
 * the token must not come back.
 */
export const markerSubprotocol = 'postern';

/** The subprotocols that a client offered, taken apart. */
export interface Offer {
  /** Those that carry a token, prefix and all. Secret. */
  readonly tokens: readonly string[];
  /** Those that are the application's own. */
  readonly own: readonly string[];
  /** Whether the marker was among them. */
  readonly marker: boolean;
}

/**
 * Reads `Sec-WebSocket-Protocol` (RFC 6455, section 11.3.4): tokens separated by commas, at least
 * one, none twice. Undefined when it is anything else. Takes time linear in its length.
 */
export const parseOffer: (header: string) => Offer | undefined = memoizeLast(readOffer);

function readOffer(header: string): Offer | undefined {
  const tokens: string[] = [];
  const own: string[] = [];
  let marker = false;
  const parts = header.split(',');
  for (const part of parts) {
    const name = part.trim();
    if (!isHttpToken(name)) return undefined;
    if (name.startsWith(plainPrefix) || name.startsWith(encodedPrefix)) tokens.push(name);
    else if (name === markerSubprotocol) marker = true;
    else own.push(name);
  }
  const different = new Set(tokens).size + new Set(own).size + (marker ? 1 : 0);
  return different === parts.length ? { tokens, own, marker } : undefined;
}

/** The secret inside a subprotocol that carries one; undefined when its encoding is broken. */
export function decodeTokenSubprotocol(subprotocol: string): string | undefined {
  if (subprotocol.startsWith(plainPrefix)) return subprotocol.slice(plainPrefix.length);
  const encoded = subprotocol.slice(encodedPrefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Node skips what is not base64url: only what encodes back to itself was well-formed.
  return bytes.toString('base64url') === encoded ? bytes.toString('utf8') : undefined;
}
