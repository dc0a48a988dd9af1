import type { Database as Handle, Statement } from 'better-sqlite3';
import type { StoreMeter } from '../port/store.ts';
import { Checkpointer } from './checkpoints.ts';
import { isBusy, toStoreUnavailable } from './errors.ts';
import { type Durability, GroupCommit } from './group-commit.ts';
import { lockTimeoutMs, withBusyTimeout } from './locks.ts';
import { ReadBatch } from './read-batch.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import type { StoreLock } from './store-lock.ts';

/** By name, or by position. */
type Values = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * A connection with prepared statements. Its methods throw StoreUnavailable, or reject with it, whatever
 * SQLite's reason is.
 */
export class SqliteConnection {
  readonly #db: Handle;
  readonly #statements = new Map<string, Statement<[Values]>>();
  readonly #reads: ReadBatch;
  readonly #writes: GroupCommit;
  readonly #checkpointer: Checkpointer;
  readonly #dataVersion: Statement;
  readonly #snapshots = new Set<SnapshotReader>();
  readonly #lock: StoreLock;
  readonly #meter: StoreMeter;

  /** `lock` keeps the files from being replaced; it is released when the connection is closed. */
  constructor(
    db: Handle,
    { lock, meter }: { readonly lock: StoreLock; readonly meter: StoreMeter },
  ) {
    this.#db = db;
    this.#lock = lock;
    this.#meter = meter;
    this.#checkpointer = new Checkpointer(db);
    this.#reads = new ReadBatch(db);
    this.#writes = new GroupCommit(db, (writes, milliseconds) => {
      meter.committed(writes, milliseconds);
      this.#checkpointer.committed();
    });
    this.#dataVersion = db.prepare('PRAGMA data_version').pluck();
  }

  /** The database file. */
  get path(): string {
    return this.#db.name;
  }

  /** The first row. */
  get<Row>(sql: string, values: Values = {}): Row | undefined {
    return this.#read(() => this.#prepare(sql).get(values)) as Row | undefined;
  }

  /** All rows. */
  all<Row>(sql: string, values: Values = {}): Row[] {
    return this.#read(() => this.#prepare(sql).all(values)) as Row[];
  }

  /**
   * A number that changes when another connection has written. This connection's own writes do not change
   * it (https://sqlite.org/pragma.html#pragma_data_version).
   */
  version(): number {
    return this.#reads.version(() => this.#retryWhenBusy(() => this.#dataVersion.get() as number));
  }

  /**
   * Runs work that writes, in one transaction with other writes of this turn. All that the work writes takes
   * effect or nothing. Resolves with its result once that would survive a power cut; a `relaxed` write does
   * not wait for the disk, unless others in its transaction do.
   */
  async write<T>(work: () => T, durability: Durability = 'durable'): Promise<T> {
    const start = performance.now();
    try {
      const value = await this.#writes.add(work, durability);
      this.#meter.done('write', performance.now() - start);
      return value;
    } catch (error) {
      this.#meter.failed('write');
      throw toStoreUnavailable(this.#db, error);
    }
  }

  /** Runs a statement that writes, as part of `write`: the rows it changed, and the last it inserted. */
  run(sql: string, values: Values = {}): { changes: number; lastId: number | bigint } {
    try {
      const { changes, lastInsertRowid } = this.#prepare(sql).run(values);
      return { changes, lastId: lastInsertRowid };
    } catch (error) {
      throw toStoreUnavailable(this.#db, error);
    }
  }

  /** Reads the database as it is at one moment for as long as the work takes, beside everything else. */
  async readSnapshot<T>(work: (reader: SnapshotReader) => Promise<T>): Promise<T> {
    const reader = this.#openSnapshot();
    try {
      return await work(reader);
    } finally {
      this.#snapshots.delete(reader);
      reader.close();
    }
  }

  /** Commits pending writes, ends snapshots, and closes. */
  async close(): Promise<void> {
    this.#reads.end();
    if (this.#db.open) this.#writes.drain();
    const thread = this.#checkpointer.close();
    if (thread !== undefined) await thread;
    for (const reader of this.#snapshots) reader.close();
    this.#db.close();
    this.#lock.release();
  }

  #prepare(sql: string): Statement<[Values]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<[Values]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #openSnapshot(): SnapshotReader {
    try {
      // A statement on the store's own connection: a closed store opens nothing.
      this.#dataVersion.get();
      const reader = new SnapshotReader(this.path);
      this.#snapshots.add(reader);
      return reader;
    } catch (error) {
      throw toStoreUnavailable(this.#db, error);
    }
  }

  #read<T>(lookUp: () => T): T {
    const start = performance.now();
    try {
      const found = this.#retryWhenBusy(() => {
        this.#reads.begin();
        return lookUp();
      });
      this.#meter.done('read', performance.now() - start);
      return found;
    } catch (error) {
      this.#meter.failed('read');
      throw error;
    }
  }

  /** In WAL mode readers wait for nobody, except while another process recovers the log. */
  #retryWhenBusy<T>(lookUp: () => T): T {
    try {
      return lookUp();
    } catch (error) {
      const isPartOfWrite = this.#db.inTransaction && !this.#reads.isOpen;
      if (!isBusy(error) || isPartOfWrite) throw toStoreUnavailable(this.#db, error);
      return this.#retry(lookUp);
    }
  }

  #retry<T>(lookUp: () => T): T {
    try {
      return withBusyTimeout(this.#db, lockTimeoutMs, lookUp);
    } catch (error) {
      throw toStoreUnavailable(this.#db, error);
    }
  }
}
