import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { Refused } from '../../lib/refused.ts';
import { openDatabase } from './database.ts';
import { isBusy } from './locks.ts';

/** The database, in data_dir. */
export const databaseName = 'postern.db';

/** An empty file beside it that everybody who has the store open keeps a lock on. */
const lockName = 'postern.lock';

/** Milliseconds to wait for a restore to end: it copies the backup within. */
const patienceMs = 5_000;

/** Keeps the files of a store from being replaced, until it is released or the process ends. */
export interface StoreLock {
  release(): void;
}

/**
 * Takes part in using the store. The database's own locks would not do: they cannot be had on a file
 * that is damaged, and they belong to a file that a restore puts another in the place of. The lock
 * is SQLite's on an empty database, so the system lets go of it when the process dies. Throws
 * OperatorError while a restore is under way.
 */
export function lockStore(dataDir: string): StoreLock {
  const lock = openLock(dataDir, patienceMs);
  try {
    lock.exec('BEGIN');
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new OperatorError(
      `cannot use the token store in ${dataDir}: postern restore is running there. Start again when it has finished.`,
    );
  }
  return { release: () => void lock.close() };
}

/** Has the store for itself. Throws Refused when anybody uses it. */
export function reserveStore(dataDir: string): StoreLock {
  const lock = openLock(dataDir, 0);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw inUse(dataDir);
  }
  return { release: () => void lock.close() };
}

/** The store is open elsewhere. */
export function inUse(dataDir: string): Refused {
  return new Refused(
    `the token store in ${dataDir} is in use. Stop the service (systemctl stop postern) and every other program that has it open, then run this again. Nothing was changed.`,
  );
}

/** Gives a file the owner of the directory that it is in: what root makes has to be the service's. */
export function giveToOwner(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  chownSync(path, uid, gid);
}

function openLock(dataDir: string, timeout: number): Handle {
  const path = join(dataDir, lockName);
  // By no other way than SQLite's: a process that opens and closes a file loses its locks on it.
  const lock = openDatabase(path, { timeout });
  if (statSync(path).uid === process.getuid?.()) {
    chmodSync(path, 0o600);
    giveToOwner(path, dataDir);
  }
  return lock;
}
