/** What an issuer wants backends to know about a subject: JSON values by name. */
export type Claims = Readonly<Record<string, unknown>>;

/** Where a token may be used. An empty list sets no bound. */
export interface Restrictions {
  /** Names of gates. */
  readonly gates: readonly string[];
  /** Path prefixes, as nginx resolves paths. */
  readonly paths: readonly string[];
  /** Origins, in the words of a gate's `origins`. */
  readonly origins: readonly string[];
  /** Client addresses and networks. */
  readonly networks: readonly string[];
}

/** Good everywhere. */
export const noRestrictions: Restrictions = { gates: [], paths: [], origins: [], networks: [] };

/**
 * What somebody is known by: a token of ours, a JWT, the word of a sign-on service, or only the
 * network they are in; `public` for those who need not be known.
 */
export type IdentityKind = TokenKind | 'jwt' | 'bridge' | 'network' | 'public';

/** Who a credential turned out to be. */
export interface Identity {
  /** Public id of the token, safe to log and to send to a backend. Empty where there is no token. */
  readonly tokenId: string;
  readonly kind: IdentityKind;
  readonly subject: string;
  readonly claims: Claims;
  readonly bounds: Restrictions;
  /** Unix milliseconds, or undefined when the token does not expire. */
  readonly expiresAt: number | undefined;
  /** Admissions the token is good for, so that each has to be redeemed; undefined for any number. */
  readonly maxUses: number | undefined;
  /** Set when it is a JWT of another issuer. */
  readonly jwt?: JwtFacts;
  /** Set on a session that was opened with a JWT: whether that used the JWT up. */
  readonly jwtUsedUp?: boolean;
  /** Set on a ticket: the end of whatever is opened with it, in Unix milliseconds. */
  readonly opensUntil?: number;
}

/** What a JWT is known by. `iss` and `jti` together name it, in all of time. */
export interface JwtKey {
  readonly iss: string;
  /** Undefined when it has none, so that nobody can name it. */
  readonly jti: string | undefined;
  readonly subject: string;
  /** Unix milliseconds, undefined when it does not say. */
  readonly issuedAt: number | undefined;
}

/** The JWT that a session was opened with. */
export interface SessionJwt extends JwtKey {
  /** Whether opening the session used it up, for gates that take each JWT once. */
  readonly usedUp: boolean;
}

/** What a JWT can be revoked and used up by. */
export interface JwtFacts extends JwtKey {
  /** What the configuration calls the issuer. */
  readonly issuer: string;
  /** Whether a gate that takes each JWT once has taken it already. */
  readonly used: boolean;
}

/** Somebody without a token. */
export function bareIdentity(
  kind: 'bridge' | 'network' | 'public',
  subject: string,
  claims: Claims = {},
): Identity {
  return {
    tokenId: '',
    kind,
    subject,
    claims,
    bounds: noRestrictions,
    expiresAt: undefined,
    maxUses: undefined,
  };
}

/**
 * A token can be used again; a ticket lives seconds and is good for one handshake; a session is a
 * token in a cookie that Postern set.
 */
export type TokenKind = 'token' | 'ticket' | 'session';
