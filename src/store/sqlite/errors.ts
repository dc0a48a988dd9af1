import type { Database as Handle } from 'better-sqlite3';
import { StoreUnavailable } from '../../core/model/errors.ts';

/** Whether it failed because another process has the lock. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
}

/** The error that the port promises, with SQLite's as its cause. */
export function toStoreUnavailable(db: Handle, error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const message = db.open ? (error as Error).message : 'the store is closed';
  return new StoreUnavailable(`token store: ${message}`, { cause: error });
}
