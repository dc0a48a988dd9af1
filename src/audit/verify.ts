import { hash } from 'node:crypto';
import {
  type AuditAnchor,
  type AuditRecord,
  encodeRecord,
  genesisHash,
} from '../core/model/audit.ts';
import type { AuditReading } from '../store/port.ts';

/** What can be wrong with the chain. The codes are API. */
export const auditFaults = {
  altered: 'The entry is not what was written: something in it, or its number, was changed.',
  missing: 'Entries before this one are gone.',
  broken_link:
    'The entry does not follow from the one before: one of the two was put in the place of another.',
  beginning_missing:
    'Entries before the first one are gone, and the log does not say that they were deleted for their age.',
  retention_mismatch:
    'What the log says of the entries that were deleted for their age does not fit to those that are left.',
  end_missing:
    'The log ends before this entry, which was its end once: entries at the end are gone.',
  anchor_differs:
    'The entry has another hash than it had: the log was written anew from here or before.',
  anchor_deleted:
    'The entry was deleted for its age, so it proves nothing any more: use a newer one.',
} as const;

/** What can be wrong with the chain. */
export type AuditFault = keyof typeof auditFaults;

/** What walking the whole chain came to. */
export interface AuditVerification {
  /** Entries that were walked. */
  readonly entries: number;
  /** Number of the first one; undefined where there is none. */
  readonly first: number | undefined;
  /** The last one, to be kept elsewhere and expected the next time. */
  readonly head: AuditAnchor | undefined;
  /** The first thing that is wrong, and the number of the entry it was seen at. */
  readonly fault: { readonly seq: number; readonly code: AuditFault } | undefined;
}

/**
 * Walks the chain from its first entry to its last. `anchors` are entries as they were once. It keeps
 * nothing of an entry but its hash, however many there are.
 */
export function verifyAudit(
  { deleted, records }: AuditReading,
  anchors: readonly AuditAnchor[] = [],
): AuditVerification {
  const expected = new Map(anchors.map((anchor) => [anchor.seq, anchor.hash]));
  let entries = 0;
  let first: number | undefined;
  let last: AuditAnchor | undefined;
  const found = (seq: number, code: AuditFault) => {
    return { entries, first, head: last, fault: { seq, code } };
  };
  for (const record of records) {
    const { seq } = record;
    const code =
      last === undefined ? checkBeginning(record, deleted) : checkLink(record, last, deleted);
    if (code !== undefined) return found(seq, code);
    const before = last === undefined ? { seq: seq - 1, hash: record.previous } : undefined;
    // The first one that is left proves the one before it.
    for (const known of [...(before ? [before] : []), record]) {
      const anchor = expected.get(known.seq);
      if (anchor !== undefined && anchor !== known.hash) return found(known.seq, 'anchor_differs');
      expected.delete(known.seq);
    }
    entries++;
    first ??= seq;
    last = { seq, hash: record.hash };
  }
  const [rest] = [...expected.keys()].sort((a, b) => a - b);
  if (rest === undefined) return { entries, first, head: last, fault: undefined };
  const isDeleted = first !== undefined && rest < first;
  return found(rest, isDeleted ? 'anchor_deleted' : 'end_missing');
}

function checkBeginning(
  record: AuditRecord,
  deleted: AuditAnchor | undefined,
): AuditFault | undefined {
  const { seq, previous } = record;
  if (isAltered(record)) return 'altered';
  if (seq === 1) return previous === genesisHash ? undefined : 'broken_link';
  if (deleted === undefined || deleted.seq < seq - 1) return 'beginning_missing';
  const isFitting = deleted.seq >= seq || previous === deleted.hash;
  return isFitting ? checkDeleted(record, deleted) : 'retention_mismatch';
}

function checkLink(
  record: AuditRecord,
  last: AuditAnchor,
  deleted: AuditAnchor | undefined,
): AuditFault | undefined {
  if (isAltered(record)) return 'altered';
  if (record.seq !== last.seq + 1) return 'missing';
  if (record.previous !== last.hash) return 'broken_link';
  return checkDeleted(record, deleted);
}

/** Deleting takes a while: what is still there of it has to be what was announced. */
function checkDeleted(
  { seq, hash }: AuditRecord,
  deleted: AuditAnchor | undefined,
): AuditFault | undefined {
  return deleted?.seq === seq && deleted.hash !== hash ? 'retention_mismatch' : undefined;
}

function isAltered(record: AuditRecord): boolean {
  return hash('sha256', encodeRecord(record)) !== record.hash;
}
