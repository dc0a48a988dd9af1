import type { Database as Handle } from 'better-sqlite3';

/** Whether it failed because another process has the lock. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
}

/** Does work that waits so many milliseconds for another process's lock. Blocks. */
export function withPatience<T>(db: Handle, milliseconds: number, work: () => T): T {
  db.pragma(`busy_timeout = ${milliseconds}`);
  try {
    return work();
  } finally {
    db.pragma('busy_timeout = 0');
  }
}
