import type { Database as Handle } from 'better-sqlite3';
import { openDatabase } from './database.ts';
import { toStoreUnavailable } from './errors.ts';
import { lockTimeoutMs } from './locks.ts';

/**
 * A read transaction on a connection of its own, for reads that take long: all of them show the database
 * at one moment, and the store's own connection stays free. The write-ahead log cannot begin anew meanwhile.
 */
export class SnapshotReader {
  readonly #db: Handle;

  /** Throws what SQLite throws. */
  constructor(path: string) {
    this.#db = openDatabase(path, { readonly: true, fileMustExist: true, timeout: lockTimeoutMs });
    this.#db.exec('BEGIN');
    // The moment is that of the first read.
    this.#db.prepare('SELECT count(*) FROM sqlite_schema').get();
  }

  /** The first row. Throws StoreUnavailable. */
  get<Row>(sql: string): Row | undefined {
    return this.all<Row>(sql)[0];
  }

  /** All rows. Throws StoreUnavailable. */
  all<Row>(sql: string, values: Readonly<Record<string, unknown>> = {}): Row[] {
    try {
      return this.#db.prepare<[object], Row>(sql).all(values);
    } catch (error) {
      throw toStoreUnavailable(this.#db, error);
    }
  }

  close(): void {
    this.#db.close();
  }
}
