import { LRUCache } from 'lru-cache';
import type { SqliteConnection } from './connection.ts';

/** Milliseconds from the first use that is noted until they are written. */
const delayMs = 3_000;
/** Milliseconds in which a further use of the same token is not noted. */
const precisionMs = 60_000;
/** Uses that wait at most; with more they are written at once. */
const mostWaiting = 5_000;
/** Uses a transaction, so that it takes about a millisecond. */
const batchSize = 100;

/**
 * When tokens were used last, written behind: a decision does not wait for it, and a crash loses the
 * last few seconds of it.
 */
export class LastUses {
  readonly #db: SqliteConnection;
  readonly #noted = new LRUCache<string, number>({ max: 2 * mostWaiting });
  readonly #waiting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  /** Takes note of a use. Costs next to nothing and never fails. */
  note(id: string, now: number): void {
    const last = this.#noted.get(id);
    // The distance, because a clock can be set back.
    if (last !== undefined && Math.abs(now - last) < precisionMs) return;
    this.#noted.set(id, now);
    this.#waiting.set(id, now);
    if (this.#waiting.size >= mostWaiting) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  /** Tells that a use stands in the database already. */
  wrote(id: string, now: number): void {
    this.#noted.set(id, now);
  }

  /** Writes all that waits. Never rejects: where nothing can be written, these are not what matters. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, batchSize);
      for (const [id] of batch) this.#waiting.delete(id);
      await this.#db.write(() => this.#write(batch)).catch(() => {});
    }
  }

  #write(batch: readonly (readonly [id: string, at: number])[]): void {
    const sql = `UPDATE token SET last_used_at = @at
       WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at)`;
    for (const [id, at] of batch) this.#db.run(sql, { id, at });
  }
}
