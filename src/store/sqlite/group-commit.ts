import type { Database as Handle, Statement } from 'better-sqlite3';
import { isBusy, withPatience } from './locks.ts';

/** How many writes share a transaction at most. It takes a few milliseconds, in which nobody decides. */
const largestGroup = 256;
/** Milliseconds between two attempts to get the write lock while another process has it. */
const retryMs = 2;

/** Whether whoever is told of a write may rely on it after a power cut. */
type Promptness = 'durable' | 'behind';

/** What else there is to do at a transaction. */
interface AroundCommits {
  before(): void;
  /** So many writes shared it, and the disk took so long. */
  after(writes: number, milliseconds: number): void;
}

/** A write, and who waits for it. */
interface Waiting {
  readonly work: () => unknown;
  readonly promptness: Promptness;
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
  readonly #around: AroundCommits;
  readonly #waiting: Waiting[] = [];
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  #isScheduled = false;
  /** Since when another process has the lock, by a clock that only goes forward. */
  #lockedSince: number | undefined;

  /**
   * `patienceMs` is how long a write waits for another process's lock; `around` is called before
   * each transaction and after each that was committed.
   */
  constructor(db: Handle, patienceMs: number, around: AroundCommits) {
    this.#db = db;
    this.#patienceMs = patienceMs;
    this.#around = around;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  /**
   * Runs work in the next transaction; resolves with what it returned once that is on the disk. Work
   * that throws takes nothing back but one statement of its own, the failed one, and none of others.
   */
  add<T>(work: () => T, promptness: Promptness = 'durable'): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, promptness, resolve: resolve as Waiting['resolve'], reject });
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
    this.#around.before();
    const isDurable = this.#waiting.some(({ promptness }) => promptness === 'durable');
    if (isDurable || !this.#db.open) {
      this.#writeGroup(whenLocked);
      return;
    }
    // It can be changed between transactions only. The next durable commit writes these through too.
    this.#db.pragma('synchronous = normal');
    try {
      this.#writeGroup(whenLocked);
    } finally {
      this.#db.pragma('synchronous = full');
    }
  }

  #writeGroup(whenLocked: 'wait' | 'retry'): void {
    if (!this.#takeLock(whenLocked)) return;
    const group = this.#waiting.splice(0, largestGroup);
    const outcomes: (() => void)[] = [];
    let start = 0;
    try {
      for (const { work, resolve, reject } of group)
        outcomes.push(this.#try(work, resolve, reject));
      start = performance.now();
      this.#commit.run();
    } catch (error) {
      this.#giveUp();
      for (const { reject } of group) reject(error);
      return;
    }
    const milliseconds = performance.now() - start;
    for (const tell of outcomes) tell();
    this.#around.after(group.length, milliseconds);
  }

  /** Begins a transaction; false while another process has one, or when nothing can be written. */
  #takeLock(whenLocked: 'wait' | 'retry'): boolean {
    try {
      if (whenLocked === 'retry') this.#begin.run();
      else withPatience(this.#db, this.#patienceMs, () => this.#begin.run());
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
