import type { Claims } from './identity.ts';

/** A token can be used again; a ticket lives seconds and is good for one handshake. */
export type TokenKind = 'token' | 'ticket';

/** Where a token is in its life. */
export type TokenState = 'active' | 'used' | 'expired' | 'revoked';

/** All states, in the order in which they are judged from the last. */
export const tokenStates = ['active', 'used', 'expired', 'revoked'] as const satisfies TokenState[];

/** What the store knows of a token; all times are Unix milliseconds. The secret is not among it. */
export interface Token {
  readonly id: string;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly label: string | undefined;
  readonly claims: Claims;
  /** Gates it is bound to; empty when it is good at every gate. */
  readonly gates: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** Admissions it is good for; undefined when they are not counted. */
  readonly maxUses: number | undefined;
  readonly uses: number;
}

/** The state of a token at a moment. Expiry is judged here and at every use, whatever was pruned. */
export function tokenState(token: Token, now: number): TokenState {
  if (token.revokedAt !== undefined) return 'revoked';
  if (token.expiresAt !== undefined && token.expiresAt <= now) return 'expired';
  if (token.maxUses !== undefined && token.uses >= token.maxUses) return 'used';
  return 'active';
}
