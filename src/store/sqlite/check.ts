import { statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type DatabaseFacts, inspectDatabase, openForReading } from './inspect.ts';
import { databaseName } from './store-lock.ts';

/** Something that needs somebody's attention. The codes are API. */
export interface StoreProblem {
  readonly code: 'damaged' | 'open_to_others' | 'long_log' | 'little_room';
  readonly message: string;
}

/** A store as it was found. Sizes are bytes. */
export interface StoreReport extends Omit<DatabaseFacts, 'faults'> {
  readonly path: string;
  readonly size: number;
  /** Of the write-ahead log, 0 where there is none. */
  readonly logSize: number;
  /** What the database file could shrink by. */
  readonly unused: number;
  /** Room left on its file system. */
  readonly free: number;
  readonly problems: readonly StoreProblem[];
}

const mebibyte = 1_048_576;
/** A log as long as this is copied by none of the checkpoints: somebody has been reading for long. */
const longLog = 128 * mebibyte;
/** With less room than this, writes may fail soon. */
const littleRoom = 32 * mebibyte;
/** Whatever others may do with a file. */
const others = 0o077;

/**
 * Looks at a store, or at a copy of one, from all sides, and changes nothing. A directory stands for
 * the store in it. Throws OperatorError when it is not there or cannot be read.
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
        ...openToOthers(path, isDirectory),
        ...(logSize >= longLog ? [tooLong(path, logSize)] : []),
        ...(free < littleRoom ? [tooFull(path, free)] : []),
      ],
    };
  } finally {
    close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The directory of a copy may be anybody's; that of a store holds what nobody else is to replace. */
function openToOthers(path: string, isStore: boolean): StoreProblem[] {
  const key = join(dirname(path), 'postern.key');
  const places = [path, `${path}-wal`, `${path}-shm`, ...(isStore ? [dirname(path), key] : [])];
  return places.flatMap((place): StoreProblem[] => {
    const mode = statSync(place, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & others) === 0) return [];
    const wanted = place === dirname(path) ? '0700' : '0600';
    const is = (mode & 0o777).toString(8).padStart(4, '0');
    const message = `${place} has mode ${is}, so other users may access it. Run: chmod ${wanted} ${place}`;
    return [{ code: 'open_to_others', message }];
  });
}

function tooLong(path: string, size: number): StoreProblem {
  const message = `the write-ahead log ${path}-wal has ${inMebibytes(size)}: a program keeps a read transaction open, so the log cannot be reset. Find it with: fuser ${path}`;
  return { code: 'long_log', message };
}

function tooFull(path: string, free: number): StoreProblem {
  const message = `the file system of ${path} has ${inMebibytes(free)} left. Writes fail when it is full; free disk space.`;
  return { code: 'little_room', message };
}

/** Bytes for people. */
export function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MB`;
}
