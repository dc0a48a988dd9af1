import type { Claims, Restrictions, SessionJwt, TokenKind } from './identity.ts';

/** Where a token is in its life. */
export type TokenState = 'active' | 'pending' | 'used' | 'expired' | 'revoked';

/** All states, in the order in which they are judged from the last. */
export const tokenStates = [
  'active',
  'pending',
  'used',
  'expired',
  'revoked',
] as const satisfies TokenState[];

/** What the store knows of a token; all times are Unix milliseconds. The secret is not among it. */
export interface Token {
  readonly id: string;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly label: string | undefined;
  readonly claims: Claims;
  readonly bounds: Restrictions;
  readonly createdAt: number;
  /** When it starts to be good; undefined for at once. */
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** Admissions it is good for; undefined when they are not counted. */
  readonly maxUses: number | undefined;
  readonly uses: number;
  /** Imported with a secret that can be guessed in less than 2^128 attempts. */
  readonly weak: boolean;
  /** Set on a session that was opened with a JWT: which one. */
  readonly jwt?: SessionJwt;
  /**
   * How long using a session can keep it alive; on a ticket, how long what is opened with it may live: its
   * issuer gives no longer life, whatever steps lie between. Undefined for no such bound.
   */
  readonly renewableUntil?: number;
  /** Set on a token found by its secret from before a rotation: how long that one is good. */
  readonly secretUntil?: number;
  /** Set on a token that was used: about when that was last, to a minute or so. */
  readonly lastUsedAt?: number;
}

/** The state of a token at a moment. Expiry is judged here and at every use, whatever was pruned. */
export function tokenState(token: Token, now: number): TokenState {
  if (token.revokedAt !== undefined) return 'revoked';
  if (token.expiresAt !== undefined && token.expiresAt <= now) return 'expired';
  if (token.secretUntil !== undefined && token.secretUntil <= now) return 'expired';
  if (token.maxUses !== undefined && token.uses >= token.maxUses) return 'used';
  if (token.notBefore !== undefined && token.notBefore > now) return 'pending';
  return 'active';
}
