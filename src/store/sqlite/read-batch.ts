import type { Database as Handle, Statement } from 'better-sqlite3';

/**
 * Batches the look-ups of one turn of the event loop in one read transaction: a transaction for each of
 * them would take SQLite's locks anew and check anew whether another process has written.
 *
 * The batch begins with its first look-up and ends in a microtask. Nothing can arrive from outside in
 * between, so every look-up was asked for before the moment that it shows; and a write, which has a turn of
 * its own, never meets an open batch.
 */
export class ReadBatch {
  readonly #db: Handle;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #end = () => this.end();
  #isOpen = false;
  #version: number | undefined;

  constructor(db: Handle) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN');
    this.#commit = db.prepare('COMMIT');
  }

  /** Whether the present transaction, if any, belongs to the batch. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** To be called before each look-up: the first one begins the transaction. Part of a write otherwise. */
  begin(): void {
    if (this.#db.inTransaction) return;
    this.#open();
    this.#begin.run();
  }

  /** The version of the database, read once a batch. It needs no transaction. */
  version(read: () => number): number {
    this.#open();
    this.#version ??= read();
    return this.#version;
  }

  /** Ends the batch, if there is one. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#version = undefined;
    // Nothing was written, so the commit cannot fail.
    if (this.#db.inTransaction) this.#commit.run();
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    queueMicrotask(this.#end);
  }
}
