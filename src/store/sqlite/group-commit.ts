import type { Database as Handle, Statement } from 'better-sqlite3';
import { isBusy } from './errors.ts';
import { lockTimeoutMs, withBusyTimeout } from './locks.ts';

/** Writes in one transaction. That many take a few milliseconds, in which no decision is made. */
const maxGroupSize = 256;
/** Milliseconds between two attempts to get the write lock while another process has it. */
const retryMs = 2;

/** Whether a write that has resolved survives a power cut. */
export type Durability = 'durable' | 'relaxed';

/** Called after each commit: how many writes it had, and how long the disk took. */
type Committed = (writes: number, milliseconds: number) => void;

/** A write in the queue, with the promise of its caller. */
interface QueuedWrite {
  readonly work: () => unknown;
  readonly durability: Durability;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: writes that arrive together share one transaction, and so one fsync, which is nearly all
 * that a write costs. The event loop is the clock: what arrived in one turn is committed at its end, and
 * what arrives meanwhile makes up the next group. So a lone write is not delayed, and no write resolves
 * before it is on the disk.
 */
export class GroupCommit {
  readonly #db: Handle;
  readonly #committed: Committed;
  readonly #queue: QueuedWrite[] = [];
  readonly #transaction: Record<'begin' | 'commit' | 'rollback', Statement>;
  readonly #savepoint: Record<'set' | 'release' | 'rollback', Statement>;
  #isScheduled = false;
  /** Since when another process has the lock, by a monotonic clock. */
  #lockedSince: number | undefined;

  constructor(db: Handle, committed: Committed) {
    this.#db = db;
    this.#committed = committed;
    this.#transaction = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
    };
    this.#savepoint = {
      set: db.prepare('SAVEPOINT one_write'),
      release: db.prepare('RELEASE one_write'),
      rollback: db.prepare('ROLLBACK TO one_write'),
    };
  }

  /**
   * Runs work in the next transaction, within a savepoint: where it throws, all that it wrote is taken
   * back and nothing of others. Resolves with its result once the transaction is committed.
   */
  add<T>(work: () => T, durability: Durability): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, durability, resolve: resolve as QueuedWrite['resolve'], reject });
      this.#schedule();
    });
  }

  /** Commits the whole queue now. Blocks. */
  drain(): void {
    while (this.#queue.length > 0) this.#commitGroup('wait');
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const run = () => this.#runScheduled();
    if (this.#lockedSince === undefined) setImmediate(run);
    else setTimeout(run, retryMs);
  }

  #runScheduled(): void {
    this.#isScheduled = false;
    if (this.#queue.length > 0) this.#commitGroup('retry');
    if (this.#queue.length > 0) this.#schedule();
  }

  #commitGroup(whenLocked: 'wait' | 'retry'): void {
    const isDurable = this.#queue.some(({ durability }) => durability === 'durable');
    if (isDurable || !this.#db.open) {
      this.#writeGroup(whenLocked);
      return;
    }
    // The setting can only change between transactions. The next durable commit syncs these writes too.
    this.#db.pragma('synchronous = normal');
    try {
      this.#writeGroup(whenLocked);
    } finally {
      this.#db.pragma('synchronous = full');
    }
  }

  #writeGroup(whenLocked: 'wait' | 'retry'): void {
    if (!this.#begin(whenLocked)) return;
    const group = this.#queue.splice(0, maxGroupSize);
    let start = 0;
    let settle: (() => void)[];
    try {
      settle = group.map((write) => this.#runInSavepoint(write));
      start = performance.now();
      this.#transaction.commit.run();
    } catch (error) {
      this.#rollBack();
      for (const { reject } of group) reject(error);
      return;
    }
    const milliseconds = performance.now() - start;
    for (const settleOne of settle) settleOne();
    this.#committed(group.length, milliseconds);
  }

  /** Begins a transaction; false while another process has one, or when nothing can be written. */
  #begin(whenLocked: 'wait' | 'retry'): boolean {
    const { begin } = this.#transaction;
    try {
      if (whenLocked === 'retry') begin.run();
      else withBusyTimeout(this.#db, lockTimeoutMs, () => begin.run());
      this.#lockedSince = undefined;
      return true;
    } catch (error) {
      this.#lockedSince ??= performance.now();
      const waited = performance.now() - this.#lockedSince;
      if (isBusy(error) && whenLocked === 'retry' && waited < lockTimeoutMs) return false;
      this.#lockedSince = undefined;
      for (const { reject } of this.#queue.splice(0)) reject(error);
      return false;
    }
  }

  /** Runs one write of the group; returns what settles its promise after the commit. */
  #runInSavepoint({ work, resolve, reject }: QueuedWrite): () => void {
    const { set, release, rollback } = this.#savepoint;
    set.run();
    try {
      const value = work();
      release.run();
      return () => resolve(value);
    } catch (error) {
      // A full or broken disk ends the whole transaction: nothing of the group is written then.
      if (!this.#db.inTransaction) throw error;
      rollback.run();
      release.run();
      return () => reject(error);
    }
  }

  #rollBack(): void {
    if (!this.#db.inTransaction) return;
    try {
      this.#transaction.rollback.run();
    } catch {
      // The first failure says more; SQLite rolls back when the file is opened next.
    }
  }
}
