/** Largest JWKS in bytes: some hundred keys. */
export const maxJwksBytes = 262_144;

/** A JSON Web Key Set (RFC 7517, section 5), its keys not yet validated. */
export interface Jwks {
  readonly keys: readonly object[];
}

/** Parses a JWKS. Undefined for anything else, without an excerpt in an error: the text may be a secret. */
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
