import { statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type DatabaseFacts, inspectDatabase, openForReading } from './inspect.ts';
import { databaseName } from './store-lock.ts';

/** A problem that an operator has to solve. The codes are API. */
export interface StoreProblem {
  readonly code: 'damaged' | 'open_to_others' | 'long_log' | 'little_room';
  readonly message: string;
}

/** The result of a check. Sizes are bytes. */
export interface StoreReport extends Omit<DatabaseFacts, 'faults'> {
  readonly path: string;
  readonly size: number;
  /** Size of the write-ahead log, 0 where there is none. */
  readonly logSize: number;
  /** Free pages: the database file could shrink by that. */
  readonly unused: number;
  /** Free space of its file system. */
  readonly free: number;
  readonly problems: readonly StoreProblem[];
}

const mebibyte = 1_048_576;

/** A write-ahead log of this size: a long read keeps checkpoints from resetting it. */
const maxLogSize = 128 * mebibyte;

/** With less free space, writes may fail soon. */
const minFreeSpace = 32 * mebibyte;

/** Permission bits of group and others. */
const groupAndOthers = 0o077;

/**
 * Checks a store, or a copy of one, and changes nothing: integrity, permissions, write-ahead log, free
 * space. A directory stands for the store in it. Throws OperatorError when it is missing or unreadable.
 */
export function checkStore(place: string): StoreReport {
  const isDirectory = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = resolve(isDirectory ? join(place, databaseName) : place);
  const { db, close } = openForReading(path);
  try {
    const { faults, ...facts } = inspectDatabase(db);
    const pages = (name: string) => db.pragma(name, { simple: true }) as number;
    const logSize = sizeOf(`${path}-wal`);
    const { bavail, bsize } = statfsSync(dirname(path));
    const free = bavail * bsize;
    return {
      ...facts,
      path,
      size: sizeOf(path),
      logSize,
      unused: faults.length > 0 ? 0 : pages('freelist_count') * pages('page_size'),
      free,
      problems: [
        ...faults.map((message) => ({ code: 'damaged', message }) as const),
        ...permissionProblems(path, isDirectory),
        ...(logSize >= maxLogSize ? [longLogProblem(path, logSize)] : []),
        ...(free < minFreeSpace ? [freeSpaceProblem(path, free)] : []),
      ],
    };
  } finally {
    close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The directory is checked for a store only: others must not replace its files. */
function permissionProblems(path: string, isStore: boolean): StoreProblem[] {
  const key = join(dirname(path), 'postern.key');
  const places = [path, `${path}-wal`, `${path}-shm`, ...(isStore ? [dirname(path), key] : [])];
  return places.flatMap((place): StoreProblem[] => {
    const mode = statSync(place, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & groupAndOthers) === 0) return [];
    const wanted = place === dirname(path) ? '0700' : '0600';
    const is = (mode & 0o777).toString(8).padStart(4, '0');
    const message = `${place} has mode ${is}, so other users may access it. Run: chmod ${wanted} ${place}`;
    return [{ code: 'open_to_others', message }];
  });
}

function longLogProblem(path: string, size: number): StoreProblem {
  const message = `the write-ahead log ${path}-wal has ${formatMebibytes(size)}: a program keeps a read transaction open, so the log cannot be reset. Find it with: fuser ${path}`;
  return { code: 'long_log', message };
}

function freeSpaceProblem(path: string, free: number): StoreProblem {
  const message = `the file system of ${path} has ${formatMebibytes(free)} left. Writes fail when it is full; free disk space.`;
  return { code: 'little_room', message };
}

/** Formats bytes in MB. */
export function formatMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MB`;
}
