import type { AuditAnchor, AuditEntry, AuditRecord } from '../../core/model/audit.ts';

/** Which entries of the audit log are meant; a filter without fields means all of them. */
export interface AuditFilter {
  readonly event?: string;
  readonly actor?: string;
  readonly tokenId?: string;
  readonly subject?: string;
  /** Entries that name this gate, alone or among others. */
  readonly gate?: string;
  /** Unix milliseconds; `since` is included, `until` is not. */
  readonly since?: number;
  readonly until?: number;
}

/** The order of a list. */
export type AuditOrder = 'newest' | 'oldest';

/** A page of the audit log. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  readonly nextCursor: string | undefined;
}

/** Matching entries after a number, and the number up to which the log was scanned for them. */
export interface AuditScan {
  readonly records: readonly AuditRecord[];
  readonly scannedTo: number;
}

/** The audit log at one moment. */
export interface AuditSnapshot {
  /** The last entry that retention has deleted, or marked for deletion, according to the log itself. */
  readonly deletedUpTo: AuditAnchor | undefined;
  /** Oldest first. Can be iterated once; rejects with StoreUnavailable. */
  readonly records: AsyncIterable<AuditRecord>;
}

/**
 * The audit log: an append-only hash chain. Changes of other stores bring their entries along; see
 * TokenStore, whose rules hold here too.
 */
export interface AuditStore {
  /** Appends entries that belong to no change of the store, all or none. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** An unknown cursor yields the entries that follow its place in the order. */
  list(
    filter: AuditFilter,
    page: { limit: number; cursor?: string; order: AuditOrder },
  ): Promise<AuditPage>;
  /** Scans the entries after this number, oldest first, for at most `limit` that match. */
  after(seq: number, filter: AuditFilter, limit: number): Promise<AuditScan>;
  /** The newest entry; undefined while the log is empty. */
  head(): Promise<AuditAnchor | undefined>;
  /**
   * Calls `listener` when there may be entries after number `after`, until the returned function is called.
   * Any process on any machine may have added them. It is a hint: it may come late, twice, or without need.
   * A listener looks with `head` or `after`, which count.
   */
  subscribe(listener: (after: number) => void): () => void;
  /** Reads the whole log as it is at one moment. Other reads and writes go on meanwhile. */
  read<T>(work: (snapshot: AuditSnapshot) => Promise<T>): Promise<T>;
  /**
   * Marks the oldest entries for deletion, at most `limit`: those before the first that is not older than
   * `before`. The entry is appended with their count and the last of them; not at all for a count of 0.
   */
  markForDeletion(range: { before: number; limit: number }, entry: AuditEntry): Promise<number>;
  /** Deletes at most `limit` marked entries, and counts them. */
  deleteMarked(limit: number): Promise<number>;
}
