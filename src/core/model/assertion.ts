/** A signed statement for a backend about who is there (RFC 7519). */
export interface Assertion {
  readonly jwt: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}
