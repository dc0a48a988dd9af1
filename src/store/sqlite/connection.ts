import type { Database as Handle, Statement } from 'better-sqlite3';
import { StoreUnavailable } from '../../core/model/errors.ts';
import type { StoreMeter } from '../port.ts';
import { Checkpoints } from './checkpoints.ts';
import { GroupCommit } from './group-commit.ts';
import { isBusy, withPatience } from './locks.ts';
import { Snapshot } from './snapshot.ts';
import type { StoreLock } from './store-lock.ts';

/** How long to wait for another process's lock. A decision waits on it, so it is short. */
export const patienceMs = 1_000;

/** By name, or by place. */
type Values = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * A connection with prepared statements. Its methods throw StoreUnavailable, or reject with it,
 * whatever SQLite's reason is.
 */
export class SqliteConnection {
  readonly #db: Handle;
  readonly #statements = new Map<string, Statement<[Values]>>();
  readonly #writes: GroupCommit;
  readonly #checkpoints: Checkpoints;
  readonly #version: Statement;
  readonly #savepoint: Record<'set' | 'release' | 'undo', Statement>;
  readonly #hold: StoreLock;
  readonly #meter: StoreMeter;
  readonly #snapshot: Snapshot;

  /** `hold` keeps the files from being replaced, and is let go of at the end. */
  constructor(
    db: Handle,
    { hold, meter }: { readonly hold: StoreLock; readonly meter: StoreMeter },
  ) {
    this.#db = db;
    this.#hold = hold;
    this.#meter = meter;
    this.#checkpoints = new Checkpoints(db);
    this.#snapshot = new Snapshot(db);
    this.#writes = new GroupCommit(db, patienceMs, {
      before: () => this.#snapshot.close(),
      after: (writes, milliseconds) => {
        meter.committed(writes, milliseconds);
        this.#checkpoints.committed();
      },
    });
    this.#version = db.prepare('PRAGMA data_version').pluck();
    this.#savepoint = {
      set: db.prepare('SAVEPOINT together'),
      release: db.prepare('RELEASE together'),
      undo: db.prepare('ROLLBACK TO together'),
    };
  }

  /** The file. */
  get path(): string {
    return this.#db.name;
  }

  /**
   * What is read from now on until it is closed costs less, and is read at one moment: that of the first
   * look-up. It has to be closed in the same turn of the event loop.
   */
  openSnapshot(): () => void {
    this.#snapshot.open();
    return () => this.#snapshot.close();
  }

  /** The first row. */
  get<Row>(sql: string, values: Values = {}): Row | undefined {
    return this.#lookUp(() => this.#prepare(sql).get(values)) as Row | undefined;
  }

  /** All rows. */
  all<Row>(sql: string, values: Values = {}): Row[] {
    return this.#lookUp(() => this.#prepare(sql).all(values)) as Row[];
  }

  /**
   * Another number than before when another connection has written since; this one's own writes do
   * not show in it (https://sqlite.org/pragma.html#pragma_data_version).
   */
  version(): number {
    // Outside of the snapshot's transaction: where all tokens are in memory there need not be one.
    return this.#snapshot.version(() => this.#patiently(() => this.#version.get()) as number);
  }

  /**
   * Does work that writes, in one transaction with whatever else is written at this time. Resolves
   * with what it returned when that would survive a power cut.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#measured(this.#writes.add(work));
  }

  /**
   * The same for what may be lost in a power cut. It waits for no disk, unless others in its
   * transaction do.
   */
  writeBehind<T>(work: () => T): Promise<T> {
    return this.#measured(this.#writes.add(work, 'behind'));
  }

  /** Runs a statement that writes, as part of `write`; how many rows it changed, and the last one it inserted. */
  run(sql: string, values: Values = {}): { changes: number; lastId: number | bigint } {
    const { changes, lastInsertRowid } = this.#guard(() => this.#prepare(sql).run(values));
    return { changes, lastId: lastInsertRowid };
  }

  /** Runs several statements, as part of `write`, all of which take effect or none. */
  together<T>(work: () => T): T {
    return this.#guard(() => {
      const { set, release, undo } = this.#savepoint;
      set.run();
      try {
        const value = work();
        release.run();
        return value;
      } catch (error) {
        // A full or broken disk ends the whole transaction, and there is nothing to go back to.
        if (this.#db.inTransaction) {
          undo.run();
          release.run();
        }
        throw error;
      }
    });
  }

  /** Reads with several statements what the database was at one moment. */
  snapshot<T>(work: () => T): T {
    return this.#read(() => this.#db.transaction(work).deferred());
  }

  /** All rows one by one, as part of `snapshot`, however many they are. */
  iterate<Row>(sql: string, values: Values = {}): Iterable<Row> {
    return this.#prepare(sql).iterate(values) as Iterable<Row>;
  }

  /** Finishes what was to be written, and closes. */
  async close(): Promise<void> {
    this.#snapshot.close();
    if (this.#db.open) this.#writes.drain();
    const thread = this.#checkpoints.close();
    if (thread !== undefined) await thread;
    this.#db.close();
    this.#hold.release();
  }

  #prepare(sql: string): Statement<[Values]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<[Values]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #measured<T>(written: Promise<T>): Promise<T> {
    const start = performance.now();
    return written.then(
      (value) => {
        this.#meter.done('write', performance.now() - start);
        return value;
      },
      (error: unknown) => {
        this.#meter.failed('write');
        throw this.#unavailable(error);
      },
    );
  }

  /** Reads as part of the snapshot, where there is one. */
  #read<T>(work: () => T): T {
    return this.#patiently(() => {
      this.#snapshot.begin();
      return work();
    });
  }

  /** Readers wait for nobody in WAL mode, but for a moment while another process puts the log right. */
  #patiently<T>(work: () => T): T {
    return this.#guard(() => {
      try {
        return work();
      } catch (error) {
        const isWriting = this.#db.inTransaction && !this.#snapshot.isOpen;
        if (!isBusy(error) || isWriting) throw error;
        return withPatience(this.#db, patienceMs, work);
      }
    });
  }

  #lookUp<T>(work: () => T): T {
    const start = performance.now();
    try {
      const found = this.#read(work);
      this.#meter.done('read', performance.now() - start);
      return found;
    } catch (error) {
      this.#meter.failed('read');
      throw error;
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #unavailable(error: unknown): StoreUnavailable {
    if (error instanceof StoreUnavailable) return error;
    const message = this.#db.open ? (error as Error).message : 'the store is closed';
    return new StoreUnavailable(`token store: ${message}`, { cause: error });
  }
}
