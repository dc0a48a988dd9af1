import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { Refused } from '../../lib/refused.ts';
import { createId } from '../../lib/secret.ts';
import { openDatabase } from './database.ts';
import { type DatabaseFacts, inspectDatabase, isCorruption } from './inspect.ts';
import { databaseName } from './store-lock.ts';

/** Milliseconds to wait for another process's lock. */
const lockTimeoutMs = 5_000;

/** Pages (of 4 KB) that are copied in one step. */
const pagesPerStep = 1_000;

/**
 * Online backup: copies the store of a directory into one file, while services use it. The copy contains
 * every write that was acknowledged before the backup began, and no later one. It is checked before it gets
 * its name, and needs no file beside it. Rejects with Refused or OperatorError, without a copy then.
 */
export async function backUpStore(
  dataDir: string,
  target: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<DatabaseFacts> {
  const source = join(dataDir, databaseName);
  checkTarget(source, target, overwrite);
  const partial = join(dirname(target), `.${basename(target)}.${createId('')}`);
  try {
    const facts = await copyDatabase(source, partial);
    if (facts.faults[0] !== undefined) throw sourceIsDamaged(source, facts.faults[0]);
    moveIntoPlace(partial, target, overwrite);
    return facts;
  } catch (error) {
    if (error instanceof Refused || error instanceof OperatorError) throw error;
    if (isCorruption(error)) throw sourceIsDamaged(source, (error as Error).message);
    throw new OperatorError(
      `cannot write the backup ${target}: ${(error as Error).message}. Check the free disk space and that this user may write to its directory.`,
    );
  } finally {
    for (const suffix of ['', '-journal']) rmSync(`${partial}${suffix}`, { force: true });
  }
}

/**
 * Copies a database into a new file with mode 0600, which is synced to the disk, and inspects the copy.
 * Rejects with errors of SQLite and of the system.
 */
export async function copyDatabase(source: string, copy: string): Promise<DatabaseFacts> {
  closeSync(openSync(copy, 'wx', 0o600));
  chmodSync(copy, 0o600);
  const db = openSource(source);
  try {
    // A read transaction: otherwise each write of a service would restart the backup.
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    await db.backup(copy, { progress: () => pagesPerStep });
  } finally {
    db.close();
  }
  const copied = openDatabase(copy);
  try {
    // Without a write-ahead log, the one file can be read where nothing can be written.
    copied.pragma('journal_mode = delete');
    return inspectDatabase(copied);
  } finally {
    copied.close();
    syncToDisk(copy);
  }
}

/** Syncs a file, or the names in a directory, to the disk. */
export function syncToDisk(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Not read-only: after a crash, SQLite recovers the write-ahead log before it can read. */
function openSource(path: string): Handle {
  try {
    return openDatabase(path, { fileMustExist: true, timeout: lockTimeoutMs });
  } catch (error) {
    throw new OperatorError(`cannot open ${path}: ${(error as Error).message}.`);
  }
}

function checkTarget(source: string, target: string, overwrite: boolean): void {
  if (!existsSync(source)) {
    throw new OperatorError(
      `there is no token store at ${source}. Check data_dir (POSTERN_DATA_DIR).`,
    );
  }
  if (!existsSync(dirname(target))) {
    throw new Refused(`${dirname(target)} does not exist. Create it first.`);
  }
  const place = join(realpathSync(dirname(target)), basename(target));
  const store = realpathSync(source);
  if (['', '-wal', '-shm', '-journal'].some((suffix) => place === `${store}${suffix}`)) {
    throw new Refused(`${target} is the store itself. Choose another file.`);
  }
  if (existsSync(target) && !overwrite) throw targetExists(target);
}

/** Renames rather than links: many file systems for backups have no hard links. */
function moveIntoPlace(partial: string, target: string, overwrite: boolean): void {
  if (!overwrite) reserveName(target);
  renameSync(partial, target);
  syncToDisk(dirname(target));
}

/** Creates the target exclusively, so that no other program's file is replaced. */
function reserveName(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw targetExists(target);
    throw error;
  }
}

function sourceIsDamaged(source: string, fault: string): Refused {
  return new Refused(
    `${source} cannot be backed up: ${fault}. For details run: postern store check`,
  );
}

function targetExists(target: string): Refused {
  return new Refused(`${target} exists. Choose another file, or add --force to replace it.`);
}
