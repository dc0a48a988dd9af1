import { LRUCache } from 'lru-cache';
import type { SqliteConnection } from './connection.ts';

/** Milliseconds from the first use that is noted until they are written. */
const delayMs = 3_000;
/** Milliseconds in which a further use of the same token is not noted. */
const precisionMs = 60_000;
/** Uses that wait at most. Those beyond are not noted: the token's next use will be. */
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
  #isWriting = false;

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
    if (this.#waiting.size === mostWaiting) void this.#write();
    else this.#timer ??= setTimeout(() => void this.#write(), delayMs).unref();
  }

  /** Hands all that waits over to be written, now that the store is about to be closed. */
  finish(): void {
    while (this.#waiting.size > 0) void this.#writeBatch();
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.size > 0) await this.#writeBatch();
    this.#isWriting = false;
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
