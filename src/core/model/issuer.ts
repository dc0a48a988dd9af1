import type { KeyObject } from 'node:crypto';

/** Signature algorithms that may be configured (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const jwtAlgorithms = [
  ...['HS256', 'HS384', 'HS512'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** Source of an issuer's keys. A KeyObject does not reveal the key when it is printed. */
export type IssuerKeys =
  | { readonly kind: 'secret'; readonly key: KeyObject }
  | { readonly kind: 'public_key'; readonly key: KeyObject }
  | { readonly kind: 'jwks_url'; readonly url: string }
  | { readonly kind: 'jwks_file'; readonly path: string };

/** A foreign issuer whose JWTs (RFC 7519) are accepted as credentials. */
export interface Issuer {
  /** Name in the configuration. */
  readonly name: string;
  /** The exact `iss` claim of its JWTs. */
  readonly iss: string;
  readonly keys: IssuerKeys;
  /** Allowed algorithms, all of which fit the kind of its keys. */
  readonly algorithms: readonly string[];
  /** `aud` has to contain one of these. */
  readonly audience: readonly string[];
  /** Allowed clock skew in milliseconds. */
  readonly leeway: number;
  /** Name of a claim, or a path of names joined by dots, as are the next two. */
  readonly subjectClaim: string;
  readonly groupsClaim: string;
  /** Claim with the gates that a JWT is valid at; undefined for every gate. */
  readonly gatesClaim: string | undefined;
}

/** A kind of key, as far as the algorithms depend on it. */
export type KeyKind =
  | 'a secret'
  | 'a JWKS'
  | `an ${'RSA' | 'EC P-256' | 'EC P-384' | 'EC P-521' | 'Ed25519'} key`;

interface KeyAlgorithms {
  /** Allowed where the configuration names none: those in common use. */
  readonly defaults: readonly string[];
  readonly allowed: readonly string[];
}

const hmacAlgorithms = ['HS256', 'HS384', 'HS512'];

/**
 * The algorithms of each kind of key. Secrets and public keys share none: otherwise an attacker could sign
 * with a public key as an HMAC secret (RFC 8725, section 2.1).
 */
export const algorithmsByKey: Readonly<Record<KeyKind, KeyAlgorithms>> = {
  'a secret': { defaults: ['HS256'], allowed: hmacAlgorithms },
  'a JWKS': {
    // The keys of a JWKS may be of any type: the usual algorithms of each.
    defaults: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
    allowed: jwtAlgorithms.filter((name) => !hmacAlgorithms.includes(name)),
  },
  'an RSA key': {
    defaults: ['RS256'],
    allowed: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  },
  'an EC P-256 key': { defaults: ['ES256'], allowed: ['ES256'] },
  'an EC P-384 key': { defaults: ['ES384'], allowed: ['ES384'] },
  'an EC P-521 key': { defaults: ['ES512'], allowed: ['ES512'] },
  // Two names of one algorithm (RFC 9864).
  'an Ed25519 key': { defaults: ['EdDSA', 'Ed25519'], allowed: ['EdDSA', 'Ed25519'] },
};
