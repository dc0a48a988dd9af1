import type { SourceName } from './source-name.ts';

/** Limit on credentials, in characters. JWTs with many groups have more than 8 KiB. */
export const maxCredentialLength = 16_384;

/** An unverified credential of a handshake. The value is secret: never log it. */
export interface Credential {
  readonly source: SourceName;
  readonly value: string;
  /** The user name of Basic: the token has to belong to this subject. */
  readonly claimedSubject?: string | undefined;
  /** The name of the cookie that it came in. */
  readonly cookieName?: string | undefined;
}
