import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Database as Handle, Statement } from 'better-sqlite3';
import { threadFile } from './thread-file.ts';

/** What the thread is told to do. */
export type CheckpointTask = 'checkpoint' | 'close';

/** Pages in the write-ahead log, and how many of them stand in the database file already. */
export interface WalState {
  readonly log: number;
  readonly checkpointed: number;
}

/** Pages (of 4 KB) in the log from which they are copied into the database file. */
const enoughPages = 1_000;
/** Milliseconds from a commit to the look at how much there is. */
const delayMs = 50;
/** Pages from which a commit copies them itself: the thread does not keep up. */
const tooManyPages = 10_000;

/**
 * Copies what was written from the write-ahead log to the database file
 * (https://sqlite.org/wal.html#ckpt), in a thread: it takes tens of milliseconds, in which the event
 * loop would stand still if SQLite did it within a commit. The thread starts when there is enough to
 * copy for the first time, so that whoever writes little does without it.
 */
export class Checkpoints {
  readonly #db: Handle;
  readonly #state: Statement;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The thread is at work, or there can be none. */
  #isBusy = false;

  constructor(db: Handle) {
    this.#db = db;
    this.#state = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    db.pragma(`wal_autocheckpoint = ${tooManyPages}`);
  }

  /** To be called after a commit: has the log copied soon, when it is long enough. */
  committed(): void {
    if (!this.#isBusy) this.#timer ??= setTimeout(() => this.#look(), delayMs).unref();
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#db.open || this.#isBusy) return;
    // SQLite looks at the log only between transactions, those of a snapshot too.
    if (this.#db.inTransaction) {
      this.committed();
      return;
    }
    const { log, checkpointed } = this.#state.get() as WalState;
    if (log - checkpointed < enoughPages) return;
    this.#isBusy = true;
    this.#thread ??= this.#start();
    this.#thread.postMessage('checkpoint' satisfies CheckpointTask);
  }

  /** Ends the thread, if there is one, so that whoever closes the database is its last user. */
  close(): Promise<void> | undefined {
    clearTimeout(this.#timer);
    this.#isBusy = true;
    const thread = this.#thread;
    if (thread === undefined) return undefined;
    this.#thread = undefined;
    const ended = once(thread, 'exit').then(
      () => {},
      // What it could not do any more is done when the database is closed, or opened again.
      () => {},
    );
    thread.ref();
    thread.postMessage('close' satisfies CheckpointTask);
    return ended;
  }

  #start(): Worker {
    const thread = new Worker(threadFile('checkpoint-thread'), {
      workerData: this.#db.name,
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
    });
    thread.on('message', () => {
      this.#isBusy = false;
    });
    // Without the thread it goes on as SQLite does by itself. `isBusy` stays, so nobody asks for it.
    thread.on('error', () => {
      this.#thread = undefined;
      if (this.#db.open) this.#db.pragma(`wal_autocheckpoint = ${enoughPages}`);
    });
    thread.unref();
    return thread;
  }
}
