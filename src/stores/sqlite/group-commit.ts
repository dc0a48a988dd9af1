import type { Database as Handle, Statement } from 'better-sqlite3';

/** How many writes share a transaction at most. It takes a few milliseconds, in which nobody decides. */
const largestGroup = 256;
/** Milliseconds between two attempts to get the write lock while another process has it. */
const retryMs = 2;

/** A write, and who waits for it. */
interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets writes that arrive together share one transaction, and so one fsync: that is nearly all that a
 * write costs. The event loop is the clock: what arrived in one turn is committed at its end, and what
 * arrives meanwhile makes up the next group. So a lone write waits for nobody, and nobody is told of
 * a write before it is on the disk.
 */
export class GroupCommit {
  readonly #db: Handle;
  readonly #patienceMs: number;
  readonly #afterCommit: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  #isScheduled = false;
  /** Since when another process has the lock, by a clock that only goes forward. */
  #lockedSince: number | undefined;

  /** `patienceMs` is how long a write waits for another process's lock. */
  constructor(db: Handle, patienceMs: number, afterCommit: () => void) {
    this.#db = db;
    this.#patienceMs = patienceMs;
    this.#afterCommit = afterCommit;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  /**
   * Runs work in the next transaction; resolves with what it returned once that is on the disk. Work
   * that throws takes nothing back but one statement of its own, the failed one, and none of others.
   */
  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as Waiting['resolve'], reject });
      this.#schedule();
    });
  }

  /** Commits all that waits, now. Blocks. */
  drain(): void {
    while (this.#waiting.length > 0) this.#commitGroup('wait');
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const isLocked = this.#lockedSince !== undefined;
    const run = () => {
      this.#isScheduled = false;
      if (this.#waiting.length > 0) this.#commitGroup('retry');
      if (this.#waiting.length > 0) this.#schedule();
    };
    if (isLocked) setTimeout(run, retryMs);
    else setImmediate(run);
  }

  #commitGroup(whenLocked: 'wait' | 'retry'): void {
    if (!this.#takeLock(whenLocked)) return;
    const group = this.#waiting.splice(0, largestGroup);
    const outcomes: (() => void)[] = [];
    try {
      for (const { work, resolve, reject } of group)
        outcomes.push(this.#try(work, resolve, reject));
      this.#commit.run();
    } catch (error) {
      this.#giveUp();
      for (const { reject } of group) reject(error);
      return;
    }
    for (const tell of outcomes) tell();
    this.#afterCommit();
  }

  /** Begins a transaction; false while another process has one, or when nothing can be written. */
  #takeLock(whenLocked: 'wait' | 'retry'): boolean {
    try {
      this.#beginWithin(whenLocked === 'wait' ? this.#patienceMs : 0);
      this.#lockedSince = undefined;
      return true;
    } catch (error) {
      this.#lockedSince ??= performance.now();
      const waited = performance.now() - this.#lockedSince;
      const isWorthWaiting = isBusy(error) && whenLocked === 'retry' && waited < this.#patienceMs;
      if (isWorthWaiting) return false;
      this.#lockedSince = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return false;
    }
  }

  /** SQLite's own waiting would stop the event loop, and with it every decision that needs no lock. */
  #beginWithin(milliseconds: number): void {
    if (milliseconds === this.#patienceMs) {
      this.#begin.run();
      return;
    }
    this.#db.pragma(`busy_timeout = ${milliseconds}`);
    try {
      this.#begin.run();
    } finally {
      this.#db.pragma(`busy_timeout = ${this.#patienceMs}`);
    }
  }

  #try(work: Waiting['work'], resolve: Waiting['resolve'], reject: Waiting['reject']): () => void {
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      // A full or broken disk ends the whole transaction: then nobody has written anything.
      if (!this.#db.inTransaction) throw error;
      return () => reject(error);
    }
  }

  #giveUp(): void {
    if (!this.#db.inTransaction) return;
    try {
      this.#rollback.run();
    } catch {
      // What failed before says more; SQLite rolls back when the file is opened next.
    }
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
}
