import type { Claims, Restrictions, SessionJwt, TokenKind } from './identity.ts';

/** The state of a token's life cycle. */
export type TokenState = 'active' | 'pending' | 'used' | 'expired' | 'revoked';

/** All states, in ascending precedence: see tokenState. */
export const tokenStates = [
  'active',
  'pending',
  'used',
  'expired',
  'revoked',
] as const satisfies TokenState[];

/** A stored token, without its secret. All times are Unix milliseconds. */
export interface Token {
  readonly id: string;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly label: string | undefined;
  readonly claims: Claims;
  readonly restrictions: Restrictions;
  readonly createdAt: number;
  /** Start of its validity; undefined for immediately. */
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** Number of admissions; undefined for any number, uncounted. */
  readonly maxUses: number | undefined;
  readonly uses: number;
  /** Imported with a secret of less than 128 bits of entropy. */
  readonly weak: boolean;
  /** Set on a session that was opened with a JWT. */
  readonly jwt?: SessionJwt;
  /**
   * On a session, the latest expiry after renewals. On a ticket, the latest expiry of a session opened with
   * it: the limit of the ticket's issuer. Undefined for no limit.
   */
  readonly renewableUntil?: number;
  /** Set on a token that was found by its secret from before a rotation: expiry of that secret. */
  readonly secretUntil?: number;
  /** Time of the last use, accurate to about a minute. */
  readonly lastUsedAt?: number;
}

/** The state of a token at a point in time. Validity never depends on pruning. */
export function tokenState(token: Token, now: number): TokenState {
  if (token.revokedAt !== undefined) return 'revoked';
  if (token.expiresAt !== undefined && token.expiresAt <= now) return 'expired';
  if (token.secretUntil !== undefined && token.secretUntil <= now) return 'expired';
  if (token.maxUses !== undefined && token.uses >= token.maxUses) return 'used';
  if (token.notBefore !== undefined && token.notBefore > now) return 'pending';
  return 'active';
}
