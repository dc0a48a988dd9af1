import { LRUCache } from 'lru-cache';
import type { SqliteConnection } from './connection.ts';

/** Milliseconds from the first recorded use to the write. */
const delayMs = 3_000;

/** Milliseconds in which a further use of the same token is not recorded. */
const precisionMs = 60_000;

/**
 * Pending uses at most. Further uses are dropped; the token's next use is recorded instead. Where every token
 * comes once, writing all uses would take as long as the decisions.
 */
const maxPending = 5_000;

/** Uses in one write, which takes about a millisecond. */
const batchSize = 100;

/**
 * Write-behind buffer for the last uses of tokens: decisions do not wait for these writes, and a crash
 * loses the last few seconds of them.
 */
export class LastUses {
  readonly #db: SqliteConnection;
  readonly #recorded = new LRUCache<string, number>({ max: 2 * maxPending });
  readonly #pending = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  /** Records a use. Never throws. */
  record(id: string, now: number): void {
    const last = this.#recorded.get(id);
    // Absolute, because a clock can be set back.
    if (last !== undefined && Math.abs(now - last) < precisionMs) return;
    if (this.#pending.size >= maxPending) return;
    this.#recorded.set(id, now);
    this.#pending.set(id, now);
    this.#writeLater();
  }

  /** Queues all pending writes, before the store is closed. */
  flush(): void {
    clearTimeout(this.#timer);
    while (this.#pending.size > 0) void this.#writeBatch();
  }

  /** Writes what is pending now; later uses are written the next time. */
  async #write(): Promise<void> {
    for (let left = this.#pending.size; left > 0; left -= batchSize) await this.#writeBatch();
    this.#timer = undefined;
    if (this.#pending.size > 0) this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => void this.#write(), delayMs).unref();
  }

  /** Uses that cannot be written are dropped: other writes report that the store is unavailable. */
  async #writeBatch(): Promise<void> {
    const sql = `UPDATE token SET last_used_at = @at
       WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at)`;
    const batch = this.#takeBatch();
    const update = () => {
      for (const [id, at] of batch) this.#db.run(sql, { id, at });
    };
    await this.#db.write(update, 'relaxed').catch(() => {});
  }

  #takeBatch(): ReadonlyMap<string, number> {
    const batch = new Map<string, number>();
    for (const [id, at] of this.#pending) {
      batch.set(id, at);
      this.#pending.delete(id);
      if (batch.size === batchSize) break;
    }
    return batch;
  }
}
