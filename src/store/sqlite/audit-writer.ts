import { hash } from 'node:crypto';
import {
  type AuditAnchor,
  type AuditEntry,
  encodeRecord,
  genesisHash,
  toStoredFields,
} from '../../core/model/audit.ts';
import { insertion, toHex, toValues } from './audit-row.ts';
import type { SqliteConnection } from './connection.ts';

/**
 * Writes to the audit log. Every change of the store goes through it: a change and its entries are one
 * write, so both take effect or neither. Entries form a hash chain in the order of the commits.
 */
export class AuditWriter {
  readonly #db: SqliteConnection;
  readonly #appended: () => void;

  /** `appended` is called within each transaction that has appended. */
  constructor(db: SqliteConnection, appended: () => void) {
    this.#db = db;
    this.#appended = appended;
  }

  /** Makes a change and appends the entries that its outcome asks for; none where nothing was changed. */
  write<T>(change: () => T, entriesOf: (outcome: T) => readonly AuditEntry[]): Promise<T> {
    return this.#db.write(() => this.#changeAndAppend(change, entriesOf));
  }

  /** Makes a change of one row and appends its entry; false, without an entry, when no row was changed. */
  async writeRow(change: () => { changes: number }, entry: AuditEntry): Promise<boolean> {
    const { changes } = await this.write(change, (row) => (row.changes > 0 ? [entry] : []));
    return changes > 0;
  }

  /** The newest entry. */
  last(): AuditAnchor | undefined {
    const sql = 'SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1';
    const row = this.#db.get<{ seq: number; hash: Buffer }>(sql);
    return row && { seq: row.seq, hash: toHex(row.hash) };
  }

  #changeAndAppend<T>(change: () => T, entriesOf: (outcome: T) => readonly AuditEntry[]): T {
    const outcome = change();
    for (const entry of entriesOf(outcome)) this.#append(entry);
    return outcome;
  }

  #append(entry: AuditEntry): void {
    const last = this.last();
    const fields = toStoredFields(entry);
    const record = { ...fields, seq: (last?.seq ?? 0) + 1, previous: last?.hash ?? genesisHash };
    const values = toValues({ ...record, hash: hash('sha256', encodeRecord(record)) });
    this.#db.run(insertion, values);
    this.#appended();
  }
}
