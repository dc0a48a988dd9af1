/** Bytes that a JWKS may have: some hundred keys. */
export const jwksLimit = 262_144;

/** A JSON Web Key Set (RFC 7517, section 5). Of its keys nothing is known yet. */
export interface Jwks {
  readonly keys: readonly object[];
}

/** Reads a JWKS; undefined for anything else, without a hint at what it was: it may be a secret. */
export function parseJwks(text: string): Jwks | undefined {
  try {
    const value = JSON.parse(text) as Partial<Jwks> | null;
    const keys = value?.keys;
    const isList =
      Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
    return isList ? { keys } : undefined;
  } catch {
    return undefined;
  }
}
