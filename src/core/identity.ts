/** What an issuer wants backends to know about a subject: JSON values by name. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who a credential turned out to be. */
export interface Identity {
  /** Public id of the token, safe to log and to send to a backend. */
  readonly tokenId: string;
  readonly subject: string;
  readonly claims: Claims;
  /** Names of the gates the token is bound to; empty when it is good at every gate. */
  readonly gates: readonly string[];
  /** Unix time in milliseconds, or undefined when the token does not expire. */
  readonly expiresAt: number | undefined;
  /** Whether each admission uses the token up, so that it has to be redeemed. */
  readonly limitedUses: boolean;
}
