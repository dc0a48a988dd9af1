import type { AuditAnchor, AuditEntry, AuditRecord } from '../../core/model/audit.ts';
import type {
  AuditFilter,
  AuditOrder,
  AuditPage,
  AuditScan,
  AuditSnapshot,
  AuditStore,
} from '../port/audit.ts';
import { type AuditRow, columns, toHex, toRecord } from './audit-row.ts';
import type { AuditSubscriptions } from './audit-subscriptions.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { SqliteConnection } from './connection.ts';
import type { SnapshotReader } from './snapshot-reader.ts';

/** Entries that are scanned at once where no index covers the filter. Decisions are made in between. */
const scanBatch = 5_000;

/** Entries of a snapshot that are read at once, a few milliseconds. */
const readBatch = 1_000;

const firstCursor = { newest: Number.MAX_SAFE_INTEGER, oldest: 0 } as const;

/** The last mark of retention: the entry up to which older ones are deleted, or to be deleted. */
const lastDeletionMark = `SELECT details FROM audit WHERE event = 'retention' ORDER BY seq DESC LIMIT 1`;

/** The audit log in SQLite. */
export class SqliteAudit implements AuditStore {
  readonly #db: SqliteConnection;
  readonly #writer: AuditWriter;
  readonly #subscriptions: AuditSubscriptions;

  constructor(db: SqliteConnection, writer: AuditWriter, subscriptions: AuditSubscriptions) {
    this.#db = db;
    this.#writer = writer;
    this.#subscriptions = subscriptions;
  }

  async append(entries: readonly AuditEntry[]): Promise<void> {
    await this.#writer.write(
      () => {},
      () => entries,
    );
  }

  async head(): Promise<AuditAnchor | undefined> {
    return this.#writer.last();
  }

  async list(
    filter: AuditFilter,
    { limit, cursor, order }: { limit: number; cursor?: string; order: AuditOrder },
  ): Promise<AuditPage> {
    const records: AuditRecord[] = [];
    // One more than asked for tells whether there is another page.
    const wanted = limit + 1;
    let place = cursor === undefined ? firstCursor[order] : Number(cursor);
    while (records.length < wanted) {
      const next = this.#next(place, order);
      if (next === undefined) break;
      place = order === 'newest' ? next - scanBatch + 1 : next + scanBatch - 1;
      const [from, to] = order === 'newest' ? [place, next] : [next, place];
      records.push(...this.#select(filter, { from, to, limit: wanted - records.length, order }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const page = records.slice(0, limit);
    const isMore = records.length > limit;
    return { records: page, nextCursor: isMore ? String(page.at(-1)?.seq) : undefined };
  }

  async after(place: number, filter: AuditFilter, limit: number): Promise<AuditScan> {
    const [next, head] = [this.#next(place, 'oldest'), this.#writer.last()];
    if (next === undefined || head === undefined) return { records: [], scannedTo: place };
    const to = next + scanBatch - 1;
    const records = this.#select(filter, { from: next, to, limit, order: 'oldest' });
    const last = records.at(-1)?.seq ?? 0;
    // Entries that are appended from now on have not been scanned.
    const scannedTo = records.length === limit ? last : Math.max(last, Math.min(to, head.seq));
    return { records, scannedTo };
  }

  subscribe(listener: (after: number) => void): () => void {
    return this.#subscriptions.subscribe(listener);
  }

  read<T>(work: (snapshot: AuditSnapshot) => Promise<T>): Promise<T> {
    return this.#db.readSnapshot((reader) =>
      work({
        deletedUpTo: parseDeletionMark(reader.get(lastDeletionMark)),
        records: readRecords(reader),
      }),
    );
  }

  async markForDeletion(
    range: { before: number; limit: number },
    entry: AuditEntry,
  ): Promise<number> {
    const mark = await this.#writer.write(
      () => this.#findDeletable(range),
      (found) => (found.count > 0 ? [{ ...entry, ...found }] : []),
    );
    return mark.count;
  }

  async deleteMarked(limit: number): Promise<number> {
    const sql = `DELETE FROM audit WHERE seq IN (
        SELECT seq FROM audit WHERE seq <= @to ORDER BY seq LIMIT @limit
      )`;
    // Entries that a power cut brings back are deleted again.
    return this.#db.write(() => {
      const to = parseDeletionMark(this.#db.get(lastDeletionMark))?.seq ?? 0;
      return this.#db.run(sql, { to, limit }).changes;
    }, 'relaxed');
  }

  /** How many of the oldest entries are before a moment, and the last of them. */
  #findDeletable({ before, limit }: { before: number; limit: number }): {
    readonly count: number;
    readonly details?: { readonly deleted_to: number; readonly hash: string };
  } {
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
    if (newest === undefined || first === undefined) return { count: 0 };
    return {
      count: newest.seq - first.seq + 1,
      details: { deleted_to: newest.seq, hash: toHex(newest.hash) },
    };
  }

  /** Entries of a range, both ends included, in an order. */
  #select(
    filter: AuditFilter,
    { from, to, limit, order }: { from: number; to: number; limit: number; order: AuditOrder },
  ): AuditRecord[] {
    const conditions = Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => filterConditions[name as keyof AuditFilter]);
    const sql = `SELECT ${columns} FROM audit
      WHERE ${[...conditions, 'seq >= @from', 'seq <= @to'].join(' AND ')}
      ORDER BY seq ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT @limit`;
    return this.#db.all<AuditRow>(sql, { ...filter, from, to, limit }).map(toRecord);
  }

  /** The number that follows a place in the order. */
  #next(place: number, order: AuditOrder): number | undefined {
    const sql =
      order === 'newest'
        ? 'SELECT seq FROM audit WHERE seq < @place ORDER BY seq DESC LIMIT 1'
        : 'SELECT seq FROM audit WHERE seq > @place ORDER BY seq LIMIT 1';
    return this.#db.get<{ seq: number }>(sql, { place })?.seq;
  }
}

/** The condition on a row for each field of a filter. */
const filterConditions: Readonly<Record<keyof AuditFilter, string>> = {
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

async function* readRecords(reader: SnapshotReader): AsyncGenerator<AuditRecord> {
  const sql = `SELECT ${columns} FROM audit WHERE seq > @after ORDER BY seq LIMIT @limit`;
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = reader.all<AuditRow>(sql, { after, limit: readBatch });
    yield* rows.map(toRecord);
    const last = rows.at(-1);
    if (last === undefined || rows.length < readBatch) return;
    after = last.seq;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Tolerates any content: the file may have been changed by other means than Postern. */
function parseDeletionMark(row: { details: string | null } | undefined): AuditAnchor | undefined {
  try {
    const { deleted_to: seq, hash } = JSON.parse(row?.details ?? '') as Record<string, unknown>;
    return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : undefined;
  } catch {
    return undefined;
  }
}
