import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { sqliteMigrations } from '../../lib/resources.ts';
import type { StoreMeter } from '../port.ts';
import { patienceMs, SqliteConnection } from './connection.ts';
import { openDatabase } from './database.ts';
import { isBusy } from './locks.ts';
import { checkOwner, migrate } from './migrate.ts';
import { databaseName, lockStore, type StoreLock } from './store-lock.ts';

/** How often opening is tried while another process is busy with the file, and how long between. */
const openAttempts = 100;
const openPauseMs = 50;

/**
 * Opens the database in a directory, which is made when missing (mode 0700, the database 0600), and
 * brings its schema up to date. Throws OperatorError when it cannot be used.
 */
export function openConnection(dataDir: string, meter: StoreMeter): SqliteConnection {
  const path = join(dataDir, databaseName);
  let hold: StoreLock | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    refuseStrangers(path);
    hold = lockStore(dataDir);
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
  const db = openDatabase(path, { timeout: patienceMs });
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
    const db = openDatabase(path, { timeout: patienceMs });
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
