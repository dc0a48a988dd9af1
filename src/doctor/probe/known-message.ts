import type { FindingCode } from './catalog.ts';

/** A known error message: words with which a client, a server or nginx tells of a failed handshake. */
export interface KnownMessage {
  /** Who says so. */
  readonly by: string;
  /** How it goes, with `302` for any status: for people, and to compare unknown texts with. */
  readonly example: string;
  /** Recognises it; a group `status` is the HTTP status of the answer. */
  readonly pattern: RegExp;
  /** What it is, where the text holds no status of the answer; a status decides otherwise. */
  readonly code?: FindingCode;
  /** True where a status in the text is not that of the answer to the client. */
  readonly ignoresStatus?: true;
  /** True for a client that follows redirects: what it tells of may be the login page. */
  readonly followsRedirects?: true;
  /** What is worth knowing about these very words. */
  readonly note?: string;
}

/** A status, as clients print it: the source of a pattern. */
export const status = '(?<status>[1-5]\\d\\d)\\b';

/** What to do where a client keeps the status to itself. */
export const askProbe = '"postern doctor probe wss://…" shows the answer.';
