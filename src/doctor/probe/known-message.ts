import type { FindingCode } from './catalog.ts';

/** Words with which a client, or nginx, tells of a handshake that failed. */
export interface KnownMessage {
  /** Who says so. */
  readonly by: string;
  /** How it goes, with `302` for any status: for people, and to compare unknown texts with. */
  readonly example: string;
  /** Recognises it; a group `status` is the HTTP status of the answer. */
  readonly pattern: RegExp;
  /** What it is, where the words themselves say; otherwise the status decides. */
  readonly code?: FindingCode;
  /** What is worth knowing about these very words. */
  readonly note?: string;
}

/** A status, as clients print it: the source of a pattern. */
export const status = '(?<status>[1-5]\\d\\d)\\b';
