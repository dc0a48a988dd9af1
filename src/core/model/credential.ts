import type { SourceName } from './source-name.ts';

/** What a handshake presents, not yet verified. The value is secret: never log it. */
export interface Credential {
  readonly source: SourceName;
  readonly value: string;
  /** Who the client says it is (the user of Basic): the token has to be this subject's. */
  readonly claimedSubject?: string | undefined;
}
