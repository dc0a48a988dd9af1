import type { AuditAnchor, AuditEntry, AuditRecord } from '../../core/model/audit.ts';

/** Which entries of the audit log are meant; a filter with no field means all of them. */
export interface AuditFilter {
  readonly event?: string;
  readonly actor?: string;
  readonly tokenId?: string;
  readonly subject?: string;
  /** Entries that name this gate, alone or among others. */
  readonly gate?: string;
  /** Unix milliseconds; `until` itself is left out. */
  readonly since?: number;
  readonly until?: number;
}

/** Which end of a list comes first. */
export type AuditOrder = 'newest' | 'oldest';

/** A part of the audit log. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  readonly nextCursor: string | undefined;
}

/** The entries behind a place, and up to which number there are no others. */
export interface AuditScan {
  readonly records: readonly AuditRecord[];
  readonly scannedTo: number;
}

/** The audit log as it is at one moment. */
export interface AuditSnapshot {
  /** The last entry that was deleted for its age, or is to be, as the log itself says. */
  readonly deletedUpTo: AuditAnchor | undefined;
  /** Oldest first. They can be gone through once. */
  readonly records: Iterable<AuditRecord>;
}

/**
 * The audit log: a chain of entries that grows at its end. Changes bring their entries along; see
 * TokenStore. The rules are those of TokenStore.
 */
export interface AuditStore {
  /** Adds entries that belong to no change of the store, all or none. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** An unknown cursor yields what lies behind where it would be. */
  list(
    filter: AuditFilter,
    page: { limit: number; cursor?: string; order: AuditOrder },
  ): Promise<AuditPage>;
  /** At most `limit` entries behind this number, oldest first; perhaps none although there are. */
  after(seq: number, filter: AuditFilter, limit: number): Promise<AuditScan>;
  /** The newest entry; undefined where there is none yet. */
  head(): Promise<AuditAnchor | undefined>;
  /** Calls back whenever this process has added entries, until the returned function is called. */
  onAppended(listener: () => void): () => void;
  /** Reads all of it, for as long as the work takes. Blocks; throws StoreUnavailable. */
  read<T>(work: (reading: AuditSnapshot) => T): T;
  /**
   * Announces that the oldest entries are deleted, at most `limit`: those before the first that is
   * not older than `before`. The entry gets their count and which was the last; 0 adds none.
   */
  markForDeletion(what: { before: number; limit: number }, entry: AuditEntry): Promise<number>;
  /** Deletes at most `limit` of the entries that were announced, and counts them. */
  deleteMarked(limit: number): Promise<number>;
}
