import { type Deny, deny } from './verdict.ts';

/** A JSON object that somebody else wrote. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JWT as it presents itself. In an object of its own: claims may look like anything, a denial too. */
export interface UnverifiedJwt {
  readonly claims: JsonObject;
}

/**
 * Reads a JWT (RFC 7519) in JWS compact serialization (RFC 7515, section 3.1) and verifies nothing:
 * good for choosing whose keys to verify it with, and for nothing else. Undefined for what is no
 * JOSE object at all. A denial for one that cannot be anybody's JWT.
 *
 * Each part has to be base64url to the letter. A decoder that skips what it does not know, or drops
 * the bits left over at the end, would let one JWT be spelled in several ways.
 */
export function readUnverifiedJwt(value: string): UnverifiedJwt | Deny | undefined {
  const parts = value.split('.');
  if (parts.length !== 3 && parts.length !== 5) return undefined;
  const [header = '', payload = '', signature = ''] = parts;
  if (typeof decodeObject(header)?.alg !== 'string') return undefined;
  // Five parts are a JWE (RFC 7516, section 3.1): encrypted, so nobody says who vouches for it.
  if (parts.length === 5) return deny('malformed_credential', 'a JWE');
  if (decodePart(signature) === undefined) return deny('malformed_credential', 'encoding');
  const claims = decodeObject(payload);
  return claims === undefined ? deny('malformed_credential', 'claims') : { claims };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function decodeObject(part: string): JsonObject | undefined {
  const bytes = decodePart(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(bytes));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function decodePart(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}
