import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';
import { Refused } from '../../lib/refused.ts';
import { createId } from '../../lib/secret.ts';
import { copyDatabase, syncToDisk } from './backup.ts';
import { compareStores, type RevertedChanges } from './compare.ts';
import { openDatabase } from './database.ts';
import { isBusy } from './errors.ts';
import { type DatabaseFacts, inspectDatabase, isCorruption, openForReading } from './inspect.ts';
import { checkOwner } from './migrate.ts';
import {
  acquireExclusiveLock,
  chownToDirectoryOwner,
  databaseName,
  storeInUse,
} from './store-lock.ts';

/** The result of a restore. */
export interface RestoreResult {
  readonly facts: DatabaseFacts;
  /** Path of the previous store, which is kept; undefined when there was none. */
  readonly previousStore: string | undefined;
  /** The changes that it reverts; undefined when the previous store cannot be read. */
  readonly reverted: RevertedChanges | undefined;
}

/**
 * Replaces the store by a backup. The previous store is kept beside it, and a crash at any moment leaves one
 * of the two in place, intact. `now` is Unix time in milliseconds. Rejects with Refused when the store is in
 * use or the backup is faulty, and with OperatorError; nothing has changed then.
 */
export async function restoreStore(
  dataDir: string,
  file: string,
  now: number,
): Promise<RestoreResult> {
  checkBackup(dataDir, file);
  const target = join(dataDir, databaseName);
  const fresh = join(dataDir, `.${databaseName}.${createId('')}`);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const reservation = acquireExclusiveLock(dataDir);
    try {
      const isWhole = existsSync(target) && consolidateCurrent(dataDir, target);
      const facts = await copyDatabase(file, fresh);
      if (facts.faults[0] !== undefined) throw invalidBackup(file, facts.faults[0]);
      chownToDirectoryOwner(fresh, dataDir);
      const undone = isWhole ? compareStores(target, fresh, now) : undefined;
      return { facts, previousStore: swapDatabases(target, fresh, now), reverted: undone };
    } finally {
      for (const suffix of ['', '-journal']) rmSync(`${fresh}${suffix}`, { force: true });
      reservation.release();
    }
  } catch (error) {
    if (error instanceof Refused || error instanceof OperatorError) throw error;
    throw new OperatorError(
      `cannot restore into ${dataDir}: ${(error as Error).message}. Check the free disk space and that this user may write there.`,
    );
  }
}

/** Checked first, so that a faulty backup is reported while the service still runs. */
function checkBackup(dataDir: string, file: string): void {
  const store = statSync(join(dataDir, databaseName), { throwIfNoEntry: false });
  const backup = statSync(file, { throwIfNoEntry: false });
  if (backup === undefined) throw new OperatorError(`there is no backup at ${file}.`);
  if (store !== undefined && store.ino === backup.ino && store.dev === backup.dev) {
    throw new Refused(`${file} is the store itself. Choose a backup.`);
  }
  const { db, close } = openForReading(file);
  try {
    const { faults } = inspectDatabase(db);
    if (faults[0] !== undefined) throw invalidBackup(file, faults[0]);
  } finally {
    close();
  }
}

function invalidBackup(file: string, fault: string): Refused {
  const advice = fault.includes('newer Postern')
    ? 'Restore it with that version.'
    : 'Take another backup.';
  return new Refused(`${file} cannot be restored: ${fault}. ${advice} Nothing was changed.`);
}

/**
 * Merges the write-ahead log of the previous store into its file. That takes all locks, so it also detects
 * programs other than Postern that use the database. False when the store is too damaged; it is kept as it
 * is then.
 */
function consolidateCurrent(dataDir: string, target: string): boolean {
  const db = openDatabase(target, { timeout: 0 });
  try {
    checkOwner(db, target);
    db.pragma('journal_mode = delete');
    return inspectDatabase(db).faults.length === 0;
  } catch (error) {
    if (isBusy(error)) throw storeInUse(dataDir);
    if (isCorruption(error)) return false;
    throw error;
  } finally {
    db.close();
  }
}

/** Renames the new store in one step, and never beside a write-ahead log of the old one. */
function swapDatabases(target: string, fresh: string, now: number): string | undefined {
  const moment = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const kept = `${target}.before-restore-${moment}`;
  const isThere = existsSync(target);
  if (isThere) linkSync(target, kept);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(`${target}${suffix}`)) renameSync(`${target}${suffix}`, `${kept}${suffix}`);
  }
  renameSync(fresh, target);
  syncToDisk(join(target, '..'));
  return isThere ? kept : undefined;
}
