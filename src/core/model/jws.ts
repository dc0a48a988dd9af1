import { type Deny, deny } from './verdict.ts';

/** An untrusted JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The unverified claims of a JWT. Wrapped, because untrusted claims could look like a Deny. */
export interface UnverifiedJwt {
  readonly claims: JsonObject;
}

/**
 * Decodes a JWT (RFC 7519) in JWS compact serialization (RFC 7515, section 3.1) without verification: only
 * for choosing the issuer whose keys verify it. Undefined for a value that is no JOSE object. A denial for
 * one that cannot be a valid JWT of any issuer.
 *
 * Each part has to be canonical base64url. A lenient decoder skips unknown characters and drops
 * trailing bits, which would give one JWT several spellings.
 */
export function readUnverifiedJwt(value: string): UnverifiedJwt | Deny | undefined {
  const parts = value.split('.');
  if (parts.length !== 3 && parts.length !== 5) return undefined;
  const [header = '', payload = '', signature = ''] = parts;
  if (typeof decodeObject(header)?.alg !== 'string') return undefined;
  // Five parts are a JWE (RFC 7516, section 3.1): encrypted, so it names no issuer.
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
