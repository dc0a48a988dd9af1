import type { TokenKind } from './token.ts';

/** What an issuer wants backends to know about a subject: JSON values by name. */
export type Claims = Readonly<Record<string, unknown>>;

/** Where a token may be used. An empty list sets no bound. */
export interface Bounds {
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
export const unbounded: Bounds = { gates: [], paths: [], origins: [], networks: [] };

/** Who a credential turned out to be. */
export interface Identity {
  /** Public id of the token, safe to log and to send to a backend. */
  readonly tokenId: string;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly claims: Claims;
  readonly bounds: Bounds;
  /** Unix milliseconds, or undefined when the token does not expire. */
  readonly expiresAt: number | undefined;
  /** Whether each admission uses the token up, so that it has to be redeemed. */
  readonly limitedUses: boolean;
}
