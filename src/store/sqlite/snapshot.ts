import type { Database as Handle, Statement } from 'better-sqlite3';

/**
 * A transaction around look-ups that come together: each of its own would take SQLite's locks anew
 * and ask anew whether another process has written.
 */
export class Snapshot {
  readonly #db: Handle;
  readonly #begin: Statement;
  readonly #commit: Statement;
  #isOpen = false;
  #version: number | undefined;

  constructor(db: Handle) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN');
    this.#commit = db.prepare('COMMIT');
  }

  /** Whether a transaction, if there is one, is this one's. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Called before each look-up: the first one begins the transaction. */
  begin(): void {
    if (this.#isOpen && !this.#db.inTransaction) this.#begin.run();
  }

  /** The version of the database, which stays the same for as long as this is open. */
  version(read: () => number): number {
    if (!this.#isOpen) return read();
    this.#version ??= read();
    return this.#version;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#version = undefined;
    // Nothing was written, so nothing can fail but reading, and that was told to whoever read.
    if (this.#db.inTransaction) this.#commit.run();
  }
}
