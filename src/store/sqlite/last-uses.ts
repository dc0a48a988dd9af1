import { LRUCache } from 'lru-cache';
import type { SqliteConnection } from './connection.ts';

/** Milliseconds from the first use that is noted until they are written. */
const delayMs = 3_000;
/** Milliseconds in which a further use of the same token is not noted. */
const precisionMs = 60_000;
/**
 * Uses that wait at most, and so that are written each time. Those beyond are not noted: the token's
 * next use will be. Writing all of them would cost as much as the decisions, where tokens come once each.
 */
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
    if (this.#waiting.size >= mostWaiting) return;
    this.#noted.set(id, now);
    this.#waiting.set(id, now);
    this.#writeLater();
  }

  /** Hands all that waits over to be written, now that the store is about to be closed. */
  finish(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0) void this.#writeBatch();
  }

  /** Writes as many as wait now. Those that come meanwhile wait for the next time. */
  async #write(): Promise<void> {
    for (let left = this.#waiting.size; left > 0; left -= batchSize) await this.#writeBatch();
    this.#timer = undefined;
    if (this.#waiting.size > 0) this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => void this.#write(), delayMs).unref();
  }

  /** Where they cannot be written they are lost: whoever waits for something else gets to hear of it. */
  async #writeBatch(): Promise<void> {
    const sql = `UPDATE token SET last_used_at = @at
       WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at)`;
    const batch = this.#takeBatch();
    const update = () => {
      for (const [id, at] of batch) this.#db.run(sql, { id, at });
    };
    await this.#db.writeBehind(update).catch(() => {});
  }

  #takeBatch(): ReadonlyMap<string, number> {
    const batch = new Map<string, number>();
    for (const [id, at] of this.#waiting) {
      batch.set(id, at);
      this.#waiting.delete(id);
      if (batch.size === batchSize) break;
    }
    return batch;
  }
}
