import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { sqliteMigrations } from '../../lib/resources.ts';
import type { StoreMeter } from '../port/store.ts';
import { SqliteConnection } from './connection.ts';
import { openDatabase } from './database.ts';
import { isBusy } from './errors.ts';
import { lockTimeoutMs } from './locks.ts';
import { checkOwner, migrate } from './migrate.ts';
import { acquireSharedLock, databaseName, type StoreLock } from './store-lock.ts';

/** Attempts to open while another process is busy with the file, and the pause between them. */
const openAttempts = 100;
const openPauseMs = 50;

/**
 * Opens the database in a directory, which is made when missing (mode 0700, the database 0600), and
 * brings its schema up to date. Throws OperatorError when it cannot be used.
 */
export function openConnection(dataDir: string, meter: StoreMeter): SqliteConnection {
  const path = join(dataDir, databaseName);
  let lock: StoreLock | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    refuseForeignDatabase(path);
    lock = acquireSharedLock(dataDir);
    // SQLite gives its -wal and -shm files the mode of the database file.
    closeSync(openSync(path, 'a', 0o600));
    return new SqliteConnection(openHandle(path), { lock, meter });
  } catch (error) {
    lock?.release();
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `cannot use the token store ${path}: ${(error as Error).message}. Check that data_dir (POSTERN_DATA_DIR) is a directory this user may write to and that the file is a SQLite database.`,
    );
  }
}

/** Throws OperatorError for another program's database, before a file is created beside it. */
function refuseForeignDatabase(path: string): void {
  if (!existsSync(path)) return;
  const db = openDatabase(path, { timeout: lockTimeoutMs });
  try {
    db.transaction(() => checkOwner(db, path)).deferred();
  } catch (error) {
    // A busy database is in use by Postern, or a restore is replacing it.
    if (!isBusy(error)) throw error;
  } finally {
    db.close();
  }
}

/**
 * Opens and prepares the file. It retries: SQLite does not wait for all of the locks that processes
 * take from each other while one of them creates the schema.
 */
function openHandle(path: string): Handle {
  for (let attempt = 1; ; attempt++) {
    const db = openDatabase(path, { timeout: lockTimeoutMs });
    try {
      // Checked before anything is written, and in one transaction, because another process may be
      // creating the schema.
      db.transaction(() => checkOwner(db, path)).deferred();
      configure(db, path);
      migrate(db, sqliteMigrations, path);
      // From here on SQLite does not wait for locks, which would block the event loop.
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
 * Makes commits durable: an acknowledged revocation must survive a power cut. The library is compiled
 * with a weaker default, so each setting is written and then read back.
 */
function configure(db: Handle, path: string): void {
  const wanted = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, trusted_schema: 0 };
  for (const [name, value] of Object.entries(wanted)) {
    db.pragma(`${name} = ${value}`);
    if (db.pragma(name, { simple: true }) !== value) {
      throw new OperatorError(
        `cannot set ${name}=${value} on ${path}: Postern needs a local file system that supports SQLite's WAL.`,
      );
    }
  }
}
