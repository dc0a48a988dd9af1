/** Claims about a subject, for backends: JSON values by name. */
export type Claims = Readonly<Record<string, unknown>>;

/** Where a token may be used. An empty list does not restrict. */
export interface Restrictions {
  /** Names of gates. */
  readonly gates: readonly string[];
  /** Path prefixes, as nginx resolves paths. */
  readonly paths: readonly string[];
  /** Origins, in the syntax of a gate's `origins`. */
  readonly origins: readonly string[];
  /** Client addresses and networks. */
  readonly networks: readonly string[];
}

/** Valid everywhere. */
export const noRestrictions: Restrictions = { gates: [], paths: [], origins: [], networks: [] };

/**
 * How an identity was established: by a token of Postern, a JWT, a sign-on service, or a trusted network;
 * `public` for anonymous access to a public route.
 */
export type IdentityKind = TokenKind | 'jwt' | 'bridge' | 'network' | 'public';

/** The identity that a credential was verified as. */
export interface Identity {
  /** Public id of the token, safe to log and to send to a backend. Empty where there is no token. */
  readonly tokenId: string;
  readonly kind: IdentityKind;
  readonly subject: string;
  readonly claims: Claims;
  readonly restrictions: Restrictions;
  /** Unix milliseconds, or undefined when the token does not expire. */
  readonly expiresAt: number | undefined;
  /** Number of admissions, each of which is redeemed; undefined for any number. */
  readonly maxUses: number | undefined;
  /** Set for a JWT of another issuer. */
  readonly jwt?: JwtFacts;
  /** Set on a session that was opened with a JWT: whether signing in used the JWT up. */
  readonly jwtUsedUp?: boolean;
  /** Set on a ticket: the latest expiry of a session opened with it, in Unix milliseconds. */
  readonly sessionExpiryLimit?: number;
}

/** Identifies a JWT. `iss` and `jti` together are unique (RFC 7519, section 4.1.7). */
export interface JwtReference {
  readonly iss: string;
  /** Undefined for a JWT without one, which cannot be revoked by itself. */
  readonly jti: string | undefined;
  readonly subject: string;
  /** `iat` in Unix milliseconds. */
  readonly issuedAt: number | undefined;
}

/** The JWT that a session was opened with. */
export interface SessionJwt extends JwtReference {
  /** Whether opening the session used it up, for gates with `jwt_single_use`. */
  readonly usedUp: boolean;
}

/** A verified JWT, as revocation and redemption need it. */
export interface JwtFacts extends JwtReference {
  /** Name of the issuer in the configuration. */
  readonly issuer: string;
  /** Whether a gate with `jwt_single_use` has used it up already. */
  readonly used: boolean;
}

/** An identity that no token stands for. */
export function identityWithoutToken(
  kind: 'bridge' | 'network' | 'public',
  subject: string,
  claims: Claims = {},
): Identity {
  return {
    tokenId: '',
    kind,
    subject,
    claims,
    restrictions: noRestrictions,
    expiresAt: undefined,
    maxUses: undefined,
  };
}

/**
 * A token is reusable. A ticket is single-use and lives seconds. A session is a token in a cookie that
 * Postern set.
 */
export type TokenKind = 'token' | 'ticket' | 'session';
