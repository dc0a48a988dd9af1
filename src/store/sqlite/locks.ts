import type { Database as Handle } from 'better-sqlite3';

/** Milliseconds to wait for another process's lock. Decisions wait for it too, so it is short. */
export const lockTimeoutMs = 1_000;

/** Runs work that waits up to so many milliseconds for another process's lock. Blocks. */
export function withBusyTimeout<T>(db: Handle, milliseconds: number, work: () => T): T {
  db.pragma(`busy_timeout = ${milliseconds}`);
  try {
    return work();
  } finally {
    db.pragma('busy_timeout = 0');
  }
}
