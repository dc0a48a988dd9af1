import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';
import { Refused } from '../../lib/refused.ts';
import { createId } from '../../lib/secret.ts';
import { copyDatabase, sync } from './backup.ts';
import { compareStores, type Undone } from './compare.ts';
import { openDatabase } from './database.ts';
import { type DatabaseFacts, inspectDatabase, isDamage, openForReading } from './inspect.ts';
import { isBusy } from './locks.ts';
import { checkOwner } from './migrate.ts';
import { databaseName, giveToOwner, inUse, reserveStore } from './store-lock.ts';

/** What a restore did. */
export interface Restored {
  readonly facts: DatabaseFacts;
  /** Where the store from before is; undefined when there was none. */
  readonly kept: string | undefined;
  /** What happened since the backup and did not happen now; undefined when nobody can say. */
  readonly undone: Undone | undefined;
}

/**
 * Puts a backup in the place of the store. What is there is kept beside it, and a crash at any moment
 * leaves the one or the other in place, whole. `now` is Unix time in milliseconds. Throws Refused when
 * the store is in use or the file is no good, and OperatorError; then nothing has changed.
 */
export async function restoreStore(dataDir: string, file: string, now: number): Promise<Restored> {
  checkBackup(dataDir, file);
  const target = join(dataDir, databaseName);
  const fresh = join(dataDir, `.${databaseName}.${createId('')}`);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const reservation = reserveStore(dataDir);
    try {
      const isWhole = existsSync(target) && takeApart(dataDir, target);
      const facts = await copyDatabase(file, fresh);
      if (facts.faults[0] !== undefined) throw isBad(file, facts.faults[0]);
      giveToOwner(fresh, dataDir);
      const undone = isWhole ? compareStores(target, fresh, now) : undefined;
      return { facts, kept: exchange(target, fresh, now), undone };
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

/** Before anything is touched: whoever has a bad backup should hear of it while the service runs. */
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
    if (faults[0] !== undefined) throw isBad(file, faults[0]);
  } finally {
    close();
  }
}

function isBad(file: string, fault: string): Refused {
  const advice = fault.includes('newer Postern')
    ? 'Restore it with that version.'
    : 'Take another backup.';
  return new Refused(`${file} cannot be restored: ${fault}. ${advice} Nothing was changed.`);
}

/**
 * Brings the store from before into one file. That takes all of its locks, so it also finds who
 * opened the database by other means than Postern. False when it is too damaged for that; then it is
 * kept as it is.
 */
function takeApart(dataDir: string, target: string): boolean {
  const db = openDatabase(target, { timeout: 0 });
  try {
    checkOwner(db, target);
    db.pragma('journal_mode = delete');
    return inspectDatabase(db).faults.length === 0;
  } catch (error) {
    if (isBusy(error)) throw inUse(dataDir);
    if (isDamage(error)) return false;
    throw error;
  } finally {
    db.close();
  }
}

/** The new one gets its name in one step, and never beside a write-ahead log of the old one. */
function exchange(target: string, fresh: string, now: number): string | undefined {
  const moment = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const kept = `${target}.before-restore-${moment}`;
  const isThere = existsSync(target);
  if (isThere) linkSync(target, kept);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(`${target}${suffix}`)) renameSync(`${target}${suffix}`, `${kept}${suffix}`);
  }
  renameSync(fresh, target);
  sync(join(target, '..'));
  return isThere ? kept : undefined;
}
