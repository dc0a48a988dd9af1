import { type AuditRecord, genesisHash } from '../../core/model/audit.ts';

/** A row of the table `audit`. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly event: string;
  readonly actor: string;
  readonly token_id: string | null;
  readonly kind: string | null;
  readonly subject: string | null;
  readonly gate: string | null;
  readonly reason: string | null;
  readonly client: string | null;
  readonly request_id: string | null;
  readonly count: number | null;
  readonly details: string | null;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

/** The columns of an AuditRow. */
export const columns = `seq, at, event, actor, token_id, kind, subject, gate, reason, client, request_id,
  count, details, previous, hash`;

/** Inserts a record, with the values of toValues. Binding by position is faster than by name. */
export const insertion = `INSERT INTO audit (${columns})
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The values of a record in the order of the columns. */
export function toValues(record: AuditRecord): unknown[] {
  return [
    record.seq,
    record.at,
    record.event,
    record.actor,
    record.tokenId,
    record.kind,
    record.subject,
    record.gate,
    record.reason,
    record.client,
    record.requestId,
    record.count,
    record.details,
    toBytes(record.previous),
    toBytes(record.hash),
  ];
}

/** Converts a row to a record. */
export function toRecord(row: AuditRow): AuditRecord {
  return {
    seq: row.seq,
    at: row.at,
    event: row.event,
    actor: row.actor,
    tokenId: row.token_id,
    kind: row.kind,
    subject: row.subject,
    gate: row.gate,
    reason: row.reason,
    client: row.client,
    requestId: row.request_id,
    count: row.count,
    details: row.details,
    previous: toHex(row.previous),
    hash: toHex(row.hash),
  };
}

/** A hash as text. Tolerates any content: the file may have been changed by other means than Postern. */
export function toHex(bytes: unknown): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('hex') : String(bytes);
}

const zeros = Buffer.alloc(32);

function toBytes(hex: string): Buffer {
  return hex === genesisHash ? zeros : Buffer.from(hex, 'hex');
}
