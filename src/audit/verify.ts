import { hash } from 'node:crypto';
import {
  type AuditAnchor,
  type AuditRecord,
  encodeRecord,
  genesisHash,
} from '../core/model/audit.ts';
import type { AuditSnapshot } from '../store/port/audit.ts';

/** What can be wrong with the chain. The codes are API. */
export const auditFaults = {
  altered: 'The entry was changed: its content or its number.',
  missing: 'Entries before this one are missing.',
  broken_link: 'The entry does not match the previous one: one of the two was replaced.',
  beginning_missing:
    'Entries before the first one are missing, and no entry says that they were deleted for their age.',
  retention_mismatch: 'The entry about a deletion for age does not match the remaining entries.',
  end_missing:
    'The log ends before this entry, which was once its last one: entries at the end are missing.',
  anchor_differs:
    'The entry has another hash than before: the log was rewritten from here or earlier.',
  anchor_deleted: 'The entry was deleted for its age, so it proves nothing: use a newer anchor.',
} as const;

/** What can be wrong with the chain. */
export type AuditFault = keyof typeof auditFaults;

/** The result of verifying the whole chain. */
export interface AuditVerification {
  /** Entries that were verified. */
  readonly entries: number;
  /** Number of the first one; undefined for an empty log. */
  readonly first: number | undefined;
  /** The last valid one: an anchor, to be kept elsewhere and expected the next time. */
  readonly head: AuditAnchor | undefined;
  /** The first fault, and the number of the entry where it shows. */
  readonly fault: { readonly seq: number; readonly code: AuditFault } | undefined;
}

/**
 * Verifies the hash chain from its first entry to its last. `anchors` are entries as they were once. It
 * keeps nothing of an entry but its hash, however many there are. Rejects with StoreUnavailable.
 */
export async function verifyAudit(
  { deletedUpTo, records }: AuditSnapshot,
  anchors: readonly AuditAnchor[] = [],
): Promise<AuditVerification> {
  const expected = new Map(anchors.map((anchor) => [anchor.seq, anchor.hash]));
  let entries = 0;
  let first: number | undefined;
  let last: AuditAnchor | undefined;
  const faultAt = (seq: number, code: AuditFault) => {
    return { entries, first, head: last, fault: { seq, code } };
  };
  for await (const record of records) {
    const { seq } = record;
    const code =
      last === undefined ? checkFirst(record, deletedUpTo) : checkLink(record, last, deletedUpTo);
    if (code !== undefined) return faultAt(seq, code);
    // The first entry that is left proves the deleted one before it, too.
    const before = last === undefined ? [{ seq: seq - 1, hash: record.previous }] : [];
    for (const known of [...before, record]) {
      const anchor = expected.get(known.seq);
      if (anchor !== undefined && anchor !== known.hash) {
        return faultAt(known.seq, 'anchor_differs');
      }
      expected.delete(known.seq);
    }
    entries++;
    first ??= seq;
    last = { seq, hash: record.hash };
  }
  const [unseen] = [...expected.keys()].sort((a, b) => a - b);
  if (unseen === undefined) return { entries, first, head: last, fault: undefined };
  const isDeleted = first !== undefined && unseen < first;
  return faultAt(unseen, isDeleted ? 'anchor_deleted' : 'end_missing');
}

function checkFirst(record: AuditRecord, deleted: AuditAnchor | undefined): AuditFault | undefined {
  const { seq, previous } = record;
  if (isAltered(record)) return 'altered';
  if (seq === 1) return previous === genesisHash ? undefined : 'broken_link';
  if (deleted === undefined || deleted.seq < seq - 1) return 'beginning_missing';
  const isFitting = deleted.seq >= seq || previous === deleted.hash;
  return isFitting ? checkDeletionMark(record, deleted) : 'retention_mismatch';
}

function checkLink(
  record: AuditRecord,
  last: AuditAnchor,
  deleted: AuditAnchor | undefined,
): AuditFault | undefined {
  if (isAltered(record)) return 'altered';
  if (record.seq !== last.seq + 1) return 'missing';
  if (record.previous !== last.hash) return 'broken_link';
  return checkDeletionMark(record, deleted);
}

/** Deletion takes a while: a marked entry that is still there has to be the one that was marked. */
function checkDeletionMark(
  { seq, hash }: AuditRecord,
  deleted: AuditAnchor | undefined,
): AuditFault | undefined {
  return deleted?.seq === seq && deleted.hash !== hash ? 'retention_mismatch' : undefined;
}

function isAltered(record: AuditRecord): boolean {
  return hash('sha256', encodeRecord(record)) !== record.hash;
}
