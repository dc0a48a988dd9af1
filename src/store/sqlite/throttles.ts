import type { StoredThrottle, ThrottleStore } from '../port/throttles.ts';
import type { SqliteConnection } from './connection.ts';

/** Rows in one write, which takes about a millisecond. */
const batchSize = 100;

/** Throttled networks in SQLite. */
export class SqliteThrottles implements ThrottleStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  async list(): Promise<readonly StoredThrottle[]> {
    const sql = 'SELECT name, level, at, since, failures, scale FROM throttle ORDER BY at';
    return this.#db.all<StoredThrottle>(sql);
  }

  async save(buckets: readonly StoredThrottle[], maxEntries: number): Promise<void> {
    const sql = `INSERT INTO throttle (name, level, at, since, failures, scale)
       VALUES (@name, @level, @at, @since, @failures, @scale)
       ON CONFLICT (name) DO UPDATE SET level = excluded.level, at = excluded.at,
         since = excluded.since, failures = excluded.failures, scale = excluded.scale
       WHERE excluded.at >= throttle.at`;
    await this.#inBatches(buckets, (bucket) => this.#db.run(sql, { ...bucket }));
    const surplus = `DELETE FROM throttle WHERE name IN (
         SELECT name FROM throttle ORDER BY at DESC LIMIT -1 OFFSET @maxEntries
       )`;
    await this.#db.write(() => this.#db.run(surplus, { maxEntries }), 'relaxed');
  }

  async delete(names: readonly string[]): Promise<void> {
    const sql = 'DELETE FROM throttle WHERE name = @name';
    await this.#inBatches(names, (name) => this.#db.run(sql, { name }));
  }

  async prune(before: number): Promise<void> {
    const sql = 'DELETE FROM throttle WHERE at < @before';
    await this.#db.write(() => this.#db.run(sql, { before }), 'relaxed');
  }

  async #inBatches<T>(all: readonly T[], write: (one: T) => unknown): Promise<void> {
    for (let start = 0; start < all.length; start += batchSize) {
      const batch = all.slice(start, start + batchSize);
      await this.#db.write(() => batch.forEach(write), 'relaxed');
    }
  }
}
