import type { KeyObject } from 'node:crypto';

/** Signature algorithms that may be configured (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const jwtAlgorithms = [
  ...['HS256', 'HS384', 'HS512'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** Where an issuer's keys come from. Key objects do not show what they hold when printed. */
export type IssuerKeys =
  | { readonly kind: 'secret'; readonly key: KeyObject }
  | { readonly kind: 'public_key'; readonly key: KeyObject }
  | { readonly kind: 'jwks_url'; readonly url: string }
  | { readonly kind: 'jwks_file'; readonly path: string };

/** Somebody else who signs JWTs (RFC 7519) that count as credentials here. */
export interface Issuer {
  /** What the configuration calls it. */
  readonly name: string;
  /** The `iss` claim of its JWTs, to the letter. */
  readonly iss: string;
  readonly keys: IssuerKeys;
  /** The algorithms it may sign with; none of them ever goes with another kind of key. */
  readonly algorithms: readonly string[];
  /** Its JWTs have to name one of these in `aud`. */
  readonly audience: readonly string[];
  /** Milliseconds by which its clock may be wrong. */
  readonly leeway: number;
  /** Name of a claim, or a path of names joined by dots; so for the other two. */
  readonly subjectClaim: string;
  readonly groupsClaim: string;
  /** Names the gates that a JWT is good at; without it, that is every gate. */
  readonly gatesClaim: string | undefined;
}

/** A kind of key, as far as it matters for what can be signed with it. */
export type KeyKind =
  | 'a secret'
  | 'a JWKS'
  | `an ${'RSA' | 'EC P-256' | 'EC P-384' | 'EC P-521' | 'Ed25519'} key`;

interface Fitting {
  /** What people sign with when they have such a key: the default. */
  readonly usual: readonly string[];
  readonly all: readonly string[];
}

const secret = ['HS256', 'HS384', 'HS512'];

/**
 * Which algorithms go with which key. A public key must never be taken for a shared secret, which
 * everybody knows who can read it (RFC 8725, section 2.1): secrets and keys have none in common.
 */
export const fittingAlgorithms: Readonly<Record<KeyKind, Fitting>> = {
  'a secret': { usual: ['HS256'], all: secret },
  'a JWKS': {
    // The key decides which of them it is; these are what each type of key is used with.
    usual: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
    all: jwtAlgorithms.filter((name) => !secret.includes(name)),
  },
  'an RSA key': {
    usual: ['RS256'],
    all: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  },
  'an EC P-256 key': { usual: ['ES256'], all: ['ES256'] },
  'an EC P-384 key': { usual: ['ES384'], all: ['ES384'] },
  'an EC P-521 key': { usual: ['ES512'], all: ['ES512'] },
  // One algorithm with two names.
  'an Ed25519 key': { usual: ['EdDSA', 'Ed25519'], all: ['EdDSA', 'Ed25519'] },
};
