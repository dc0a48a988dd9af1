/** Milliseconds between two checks for entries of other processes. */
const pollMs = 250;

/**
 * Tells listeners when the audit log may have grown: right after a commit of this process, and by polling
 * for other processes, which SQLite does not announce. It polls only while there are listeners.
 */
export class AuditSubscriptions {
  readonly #readLast: () => number;
  readonly #listeners = new Set<(after: number) => void>();
  #known = 0;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** `readLast` reads the number of the newest entry, 0 for an empty log; it may throw. */
  constructor(readLast: () => number) {
    this.#readLast = readLast;
  }

  /** See AuditStore. */
  subscribe(listener: (after: number) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#updateKnown();
      this.#timer = setInterval(() => this.#check(), pollMs);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** To be called within a transaction that appends: listeners are told after its commit, once. */
  appended(): void {
    if (this.#isScheduled || this.#listeners.size === 0) return;
    this.#isScheduled = true;
    // A group is committed in one piece, so a microtask comes after the commit.
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#check();
    });
  }

  /** Stops polling. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const after = this.#known;
    if (!this.#updateKnown()) return;
    for (const listener of [...this.#listeners]) listener(after);
  }

  /** Reads the number of the newest entry; whether it has changed. */
  #updateKnown(): boolean {
    try {
      const before = this.#known;
      this.#known = this.#readLast();
      return this.#known !== before;
    } catch {
      // The store cannot answer now; the next check tries again.
      return false;
    }
  }
}
