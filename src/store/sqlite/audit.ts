import { hash } from 'node:crypto';
import {
  type AuditAnchor,
  type AuditEntry,
  type AuditRecord,
  encodeRecord,
  genesisHash,
  toStoredFields,
} from '../../core/model/audit.ts';
import type {
  AuditFilter,
  AuditOrder,
  AuditPage,
  AuditPart,
  AuditReading,
  AuditStore,
} from '../port.ts';
import { type AuditRow, columns, insertion, toHex, toRecord, toValues } from './audit-row.ts';
import type { SqliteConnection } from './connection.ts';

/** Entries that are looked at in one go where no index knows which are wanted. */
const stretch = 5_000;

const startOf = { newest: Number.MAX_SAFE_INTEGER, oldest: 0 } as const;

const lastAnchor = 'SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1';

/** The last entry that says up to which one older ones are deleted. */
const lastRetention = `SELECT details FROM audit WHERE event = 'retention' ORDER BY seq DESC LIMIT 1`;

/** The audit log in SQLite. */
export class SqliteAudit implements AuditStore {
  readonly #db: SqliteConnection;
  readonly #listeners = new Set<() => void>();
  #isTelling = false;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  async append(entries: readonly AuditEntry[]): Promise<void> {
    const add = () => {
      for (const entry of entries) this.add(entry);
    };
    await this.#db.write(() => this.#db.together(add));
  }

  async head(): Promise<AuditAnchor | undefined> {
    return this.#last();
  }

  async list(
    filter: AuditFilter,
    { limit, cursor, order }: { limit: number; cursor?: string; order: AuditOrder },
  ): Promise<AuditPage> {
    const records: AuditRecord[] = [];
    // One more than asked for tells whether there is another page.
    const wanted = limit + 1;
    let place = cursor === undefined ? startOf[order] : Number(cursor);
    while (records.length < wanted) {
      const next = this.#next(place, order);
      if (next === undefined) break;
      place = order === 'newest' ? next - stretch + 1 : next + stretch - 1;
      const [from, to] = order === 'newest' ? [place, next] : [next, place];
      records.push(...this.#select(filter, { from, to, limit: wanted - records.length, order }));
      // The next stretch begins beside this one; decisions are made between the two.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const page = records.slice(0, limit);
    const isMore = records.length > limit;
    return { records: page, nextCursor: isMore ? String(page.at(-1)?.seq) : undefined };
  }

  async after(place: number, filter: AuditFilter, limit: number): Promise<AuditPart> {
    const [next, head] = [this.#next(place, 'oldest'), this.#last()];
    if (next === undefined || head === undefined) return { records: [], upTo: place };
    const to = next + stretch - 1;
    const records = this.#select(filter, { from: next, to, limit, order: 'oldest' });
    const last = records.at(-1)?.seq ?? 0;
    // What is added from now on has not been looked at.
    const upTo = records.length === limit ? last : Math.max(last, Math.min(to, head.seq));
    return { records, upTo };
  }

  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async announceRetention(
    { before, limit }: { before: number; limit: number },
    entry: AuditEntry,
  ): Promise<number> {
    const announce = () => {
      const kept = this.#db.get<{ seq: number }>(
        `SELECT seq FROM (SELECT seq, at FROM audit ORDER BY seq LIMIT @limit)
           WHERE at >= @before ORDER BY seq LIMIT 1`,
        { before, limit },
      );
      const newest = this.#db.get<AuditRow>(
        `SELECT ${columns} FROM (SELECT * FROM audit ORDER BY seq LIMIT @limit)
           WHERE seq < @end ORDER BY seq DESC LIMIT 1`,
        { limit, end: kept?.seq ?? Number.MAX_SAFE_INTEGER },
      );
      const first = this.#db.get<{ seq: number }>('SELECT seq FROM audit ORDER BY seq LIMIT 1');
      if (newest === undefined || first === undefined) return 0;
      const count = newest.seq - first.seq + 1;
      const details = { deleted_to: newest.seq, hash: toHex(newest.hash) };
      this.add({ ...entry, count, details });
      return count;
    };
    return this.#db.write(() => this.#db.together(announce));
  }

  async deleteAnnounced(limit: number): Promise<number> {
    const sql = `DELETE FROM audit WHERE seq IN (
        SELECT seq FROM audit WHERE seq <= @to ORDER BY seq LIMIT @limit
      )`;
    // What a power cut brings back is deleted again.
    return this.#db.writeBehind(() => {
      const to = this.#deleted()?.seq ?? 0;
      return this.#db.run(sql, { to, limit }).changes;
    });
  }

  read<T>(work: (reading: AuditReading) => T): T {
    return this.#db.snapshot(() => work({ deleted: this.#deleted(), records: this.#walk() }));
  }

  /** Adds an entry, as part of `write`. */
  add(entry: AuditEntry): void {
    const last = this.#last();
    const fields = toStoredFields(entry);
    const record = { ...fields, seq: (last?.seq ?? 0) + 1, previous: last?.hash ?? genesisHash };
    const values = toValues({ ...record, hash: hash('sha256', encodeRecord(record)) });
    this.#db.run(insertion, values);
    this.#tellSoon();
  }

  /**
   * Makes a change as part of `write`, with its entry in the same transaction: both take effect or
   * neither. `entryOf` says what to write of the outcome; nothing, where nothing was changed.
   */
  recording<T>(change: () => T, entryOf: (outcome: T) => AuditEntry | undefined): T {
    return this.#db.together(() => {
      const outcome = change();
      const entry = entryOf(outcome);
      if (entry !== undefined) this.add(entry);
      return outcome;
    });
  }

  *#walk(): Iterable<AuditRecord> {
    const rows = this.#db.iterate<AuditRow>(`SELECT ${columns} FROM audit ORDER BY seq`);
    for (const row of rows) yield toRecord(row);
  }

  /** The same for a change of one row; whether there was one to change. */
  changing(entry: AuditEntry, change: () => { changes: number }): boolean {
    const { changes } = this.recording(change, ({ changes }) => (changes > 0 ? entry : undefined));
    return changes > 0;
  }

  #last(): AuditAnchor | undefined {
    const row = this.#db.get<{ seq: number; hash: Buffer }>(lastAnchor);
    return row && { seq: row.seq, hash: toHex(row.hash) };
  }

  /** Entries from one place to another, both included, newest or oldest first. */
  #select(
    filter: AuditFilter,
    { from, to, limit, order }: { from: number; to: number; limit: number; order: AuditOrder },
  ): AuditRecord[] {
    const conditions = Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => condition[name as keyof AuditFilter]);
    const sql = `SELECT ${columns} FROM audit
      WHERE ${[...conditions, 'seq >= @from', 'seq <= @to'].join(' AND ')}
      ORDER BY seq ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT @limit`;
    return this.#db.all<AuditRow>(sql, { ...filter, from, to, limit }).map(toRecord);
  }

  /** The number next to a place in the list. */
  #next(place: number, order: AuditOrder): number | undefined {
    const sql =
      order === 'newest'
        ? 'SELECT seq FROM audit WHERE seq < @place ORDER BY seq DESC LIMIT 1'
        : 'SELECT seq FROM audit WHERE seq > @place ORDER BY seq LIMIT 1';
    return this.#db.get<{ seq: number }>(sql, { place })?.seq;
  }

  /** Up to which entry older ones are deleted, or are to be. */
  #deleted(): AuditAnchor | undefined {
    const row = this.#db.get<{ details: string | null }>(lastRetention);
    return row && readDeleted(row.details);
  }

  /** Once a transaction, and after it: the commit comes before anything else has its turn. */
  #tellSoon(): void {
    if (this.#isTelling || this.#listeners.size === 0) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** What each part of a filter asks of a row. */
const condition: Readonly<Record<keyof AuditFilter, string>> = {
  event: 'event = @event',
  actor: 'actor = @actor',
  tokenId: 'token_id = @tokenId',
  subject: 'subject = @subject',
  // A token may be bound to several gates.
  gate: `(gate = @gate OR CASE WHEN json_valid(details) AND json_type(details, '$.gates') = 'array'
    THEN EXISTS (SELECT 1 FROM json_each(details, '$.gates') WHERE value = @gate) END)`,
  since: 'at >= @since',
  until: 'at < @until',
};

/** Whoever wrote to the file past Postern may have put anything there. */
function readDeleted(details: string | null): AuditAnchor | undefined {
  try {
    const { deleted_to: seq, hash } = JSON.parse(details ?? '') as Record<string, unknown>;
    return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : undefined;
  } catch {
    return undefined;
  }
}
