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
import { type DatabaseFacts, inspectDatabase, isDamage } from './inspect.ts';
import { databaseName } from './store-lock.ts';

/** Milliseconds to wait for another process's lock. */
const patienceMs = 5_000;
/** Pages (of 4 KB) that are copied in one go. */
const pagesAStep = 1_000;

/**
 * Copies the store of a directory into one file, while others use it. All that was acknowledged
 * before this began is in the copy, and whatever came after is not. The copy is checked before it
 * gets its name, and needs no file beside it. Throws Refused and OperatorError; then there is no copy.
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
    if (facts.faults[0] !== undefined) throw isFaulty(source, facts.faults[0]);
    place(partial, target, overwrite);
    return facts;
  } catch (error) {
    if (error instanceof Refused || error instanceof OperatorError) throw error;
    if (isDamage(error)) throw isFaulty(source, (error as Error).message);
    throw new OperatorError(
      `cannot write the backup ${target}: ${(error as Error).message}. Check the free disk space and that this user may write to its directory.`,
    );
  } finally {
    for (const suffix of ['', '-journal']) rmSync(`${partial}${suffix}`, { force: true });
  }
}

/**
 * Copies a database into a file of its own, mode 0600, that is on the disk when this resolves, and
 * looks at all of it. Throws what SQLite and the system throw.
 */
export async function copyDatabase(source: string, copy: string): Promise<DatabaseFacts> {
  closeSync(openSync(copy, 'wx', 0o600));
  chmodSync(copy, 0o600);
  const db = openSource(source);
  try {
    // What is read from here on does not change: else each write of a service would begin it anew.
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    await db.backup(copy, { progress: () => pagesAStep });
  } finally {
    db.close();
  }
  const copied = openDatabase(copy);
  try {
    // In one file, which can be read where nothing can be written.
    copied.pragma('journal_mode = delete');
    return inspectDatabase(copied);
  } finally {
    copied.close();
    sync(copy);
  }
}

/** Makes sure that a file, or the names in a directory, are on the disk. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Not read-only: after a crash the write-ahead log has to be put right before it can be read. */
function openSource(path: string): Handle {
  try {
    return openDatabase(path, { fileMustExist: true, timeout: patienceMs });
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
  if (existsSync(target) && !overwrite) throw isThere(target);
}

/** Not by a link, which many a file system that backups go to does not have. */
function place(partial: string, target: string, overwrite: boolean): void {
  if (!overwrite) reserve(target);
  renameSync(partial, target);
  sync(dirname(target));
}

/** Takes the name, unless somebody did meanwhile. */
function reserve(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw isThere(target);
    throw error;
  }
}

function isFaulty(source: string, fault: string): Refused {
  return new Refused(
    `${source} cannot be backed up: ${fault}. For details run: postern store check`,
  );
}

function isThere(target: string): Refused {
  return new Refused(`${target} exists. Choose another file, or add --force to replace it.`);
}
