import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { Refused } from '../../lib/refused.ts';
import { openDatabase } from './database.ts';
import { isBusy } from './errors.ts';

/** The database, in data_dir. */
export const databaseName = 'postern.db';

/** An empty file beside it, locked by every process that has the store open. */
const lockName = 'postern.lock';

/** Milliseconds to wait for a restore, which holds the lock while it copies the backup. */
const restoreTimeoutMs = 5_000;

/** Keeps the files of a store from being replaced, until it is released or the process ends. */
export interface StoreLock {
  release(): void;
}

/**
 * Takes the shared lock of a store in use. The database's own locks are not enough: a damaged file cannot be
 * locked, and a restore replaces the file that they belong to. It is SQLite's lock on an empty database, so
 * the system releases it when the process dies. Throws OperatorError during a restore.
 */
export function acquireSharedLock(dataDir: string): StoreLock {
  const lock = openLock(dataDir, restoreTimeoutMs);
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

/** Takes the exclusive lock. Throws Refused when another process uses the store. */
export function acquireExclusiveLock(dataDir: string): StoreLock {
  const lock = openLock(dataDir, 0);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw storeInUse(dataDir);
  }
  return { release: () => void lock.close() };
}

/** The error for a store that another process uses. */
export function storeInUse(dataDir: string): Refused {
  return new Refused(
    `the token store in ${dataDir} is in use. Stop the service (systemctl stop postern) and every other program that has it open, then run this again. Nothing was changed.`,
  );
}

/** Gives a file the owner of its directory: the service must be able to use files that root created. */
export function chownToDirectoryOwner(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  chownSync(path, uid, gid);
}

function openLock(dataDir: string, timeout: number): Handle {
  const path = join(dataDir, lockName);
  // Opened by SQLite only: a process that closes any descriptor of a file loses its locks on it.
  const lock = openDatabase(path, { timeout });
  if (statSync(path).uid === process.getuid?.()) {
    chmodSync(path, 0o600);
    chownToDirectoryOwner(path, dataDir);
  }
  return lock;
}
