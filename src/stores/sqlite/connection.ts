import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database, { type Database as Handle, type Statement } from 'better-sqlite3';
import { OperatorError } from '../../core/operator-error.ts';
import { sqliteMigrations } from '../../resources.ts';
import { type StoreMeter, StoreUnavailable } from '../store.ts';
import { Checkpoints } from './checkpoints.ts';
import { GroupCommit } from './group-commit.ts';
import { isBusy, withPatience } from './locks.ts';
import { checkOwner, migrate } from './migrate.ts';
import { Snapshot } from './snapshot.ts';
import { databaseName, holdStore, type StoreHold } from './store-lock.ts';

/** How long to wait for another process's lock. A decision waits on it, so it is short. */
const patienceMs = 1_000;
/** How often opening is tried while another process is busy with the file, and how long between. */
const openAttempts = 100;
const openPauseMs = 50;

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
  readonly #hold: StoreHold;
  readonly #meter: StoreMeter;
  readonly #snapshot: Snapshot;

  /** `hold` keeps the files from being replaced, and is let go of at the end. */
  constructor(
    db: Handle,
    { hold, meter }: { readonly hold: StoreHold; readonly meter: StoreMeter },
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
   * What is read from now on until it is closed is read at one moment, that of the first look-up, and
   * costs less. It has to be closed in the same turn of the event loop.
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
    return this.#snapshot.version(() => this.#read(() => this.#version.get()) as number);
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

  /** Readers wait for nobody in WAL mode, but for a moment while another process puts the log right. */
  #read<T>(work: () => T): T {
    return this.#guard(() => {
      try {
        this.#snapshot.begin();
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

/**
 * Opens the database in a directory, which is made when missing (mode 0700, the database 0600), and
 * brings its schema up to date. Throws OperatorError when it cannot be used.
 */
export function openConnection(dataDir: string, meter: StoreMeter): SqliteConnection {
  const path = join(dataDir, databaseName);
  let hold: StoreHold | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    refuseStrangers(path);
    hold = holdStore(dataDir);
    // SQLite gives its -wal and -shm files the mode of the database file.
    closeSync(openSync(path, 'a', 0o600));
    return new SqliteConnection(openHandle(path), { hold, meter });
  } catch (error) {
    hold?.release();
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `cannot use the token store ${path}: ${(error as Error).message}. Check that data_dir (POSTERN_DATA_DIR) is a directory this user may write to and that the file is a SQLite database.`,
    );
  }
}

/** The directory of another program stays as it is: no file of ours is put into it. */
function refuseStrangers(path: string): void {
  if (!existsSync(path)) return;
  const db = new Database(path, { timeout: patienceMs });
  try {
    db.transaction(() => checkOwner(db, path)).deferred();
  } catch (error) {
    // Then it is in use, so it is ours, or is being replaced by one of ours.
    if (!isBusy(error)) throw error;
  } finally {
    db.close();
  }
}

/**
 * Opens and prepares the file. Processes that start together get in each other's way while one of
 * them makes the schema; SQLite does not wait for every lock that this takes, so it is tried again.
 */
function openHandle(path: string): Handle {
  for (let attempt = 1; ; attempt++) {
    const db = new Database(path, { timeout: patienceMs });
    try {
      // Before anything is written: a database of another program stays as it is.
      // One transaction, because another process may be making the schema right now.
      db.transaction(() => checkOwner(db, path)).deferred();
      configure(db, path);
      migrate(db, sqliteMigrations, path);
      // From here on nothing waits within SQLite, where it would stop the event loop.
      db.pragma('busy_timeout = 0');
      return db;
    } catch (error) {
      db.close();
      if (!isBusy(error) || attempt === openAttempts) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, openPauseMs);
    }
  }
}

/**
 * Durability is a promise here: a revocation that was answered must outlive a power cut. The
 * library is compiled with a weaker default, so each setting is made and then read back.
 */
function configure(db: Handle, path: string): void {
  const wanted = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1 };
  for (const [name, value] of Object.entries(wanted)) {
    db.pragma(`${name} = ${value}`);
    if (db.pragma(name, { simple: true }) !== value) {
      throw new OperatorError(
        `cannot set ${name}=${value} on ${path}: Postern needs a local file system where SQLite's WAL works.`,
      );
    }
  }
}
