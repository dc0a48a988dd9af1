import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Database as Handle, Statement } from 'better-sqlite3';
import { threadFile } from './thread-file.ts';

/** A message to the thread. */
export type CheckpointTask = 'checkpoint' | 'close';

/** Pages in the write-ahead log, and how many of them are in the database file already. */
export interface WalState {
  readonly log: number;
  readonly checkpointed: number;
}

/** Pages (of 4 KB) in the log from which a checkpoint is due. */
const checkpointPages = 1_000;

/** Milliseconds from a commit to the check of the log's size. */
const delayMs = 50;

/** Pages from which a commit runs the checkpoint itself, because the thread does not keep up. */
const inlineCheckpointPages = 10_000;

/**
 * Runs checkpoints of the write-ahead log (https://sqlite.org/wal.html#ckpt) in a worker thread. A checkpoint
 * takes tens of milliseconds, which would block the event loop if SQLite ran it within a commit. The thread
 * starts with the first checkpoint, so a store with few writes does without it.
 */
export class Checkpointer {
  readonly #db: Handle;
  readonly #state: Statement;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** A checkpoint is running, or none can run. */
  #isBusy = false;

  constructor(db: Handle) {
    this.#db = db;
    this.#state = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    db.pragma(`wal_autocheckpoint = ${inlineCheckpointPages}`);
  }

  /** To be called after a commit: a checkpoint runs soon if one is due. */
  committed(): void {
    if (!this.#isBusy) this.#timer ??= setTimeout(() => this.#checkLogSize(), delayMs).unref();
  }

  #checkLogSize(): void {
    this.#timer = undefined;
    if (!this.#db.open || this.#isBusy) return;
    const { log, checkpointed } = this.#state.get() as WalState;
    if (log - checkpointed < checkpointPages) return;
    this.#isBusy = true;
    this.#thread ??= this.#start();
    this.#thread.postMessage('checkpoint' satisfies CheckpointTask);
  }

  /** Ends the thread, if there is one, so that the store's connection is the last one to close. */
  close(): Promise<void> | undefined {
    clearTimeout(this.#timer);
    this.#isBusy = true;
    const thread = this.#thread;
    if (thread === undefined) return undefined;
    this.#thread = undefined;
    const ended = once(thread, 'exit').then(
      () => {},
      // SQLite runs the remaining checkpoint when the database is closed or opened again.
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
    // Without the thread, commits run checkpoints. `isBusy` stays set, so the thread is not used again.
    thread.on('error', () => {
      this.#thread = undefined;
      if (this.#db.open) this.#db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    });
    thread.unref();
    return thread;
  }
}
