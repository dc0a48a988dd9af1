import type { AuditFilter, AuditScan, AuditStore } from '../store/port/audit.ts';

/** Follows the audit log as it grows, whichever process appends to it. */
export interface AuditFeed {
  /** Entries after this number, oldest first. Rejects with StoreUnavailable. */
  after(seq: number, filter: AuditFilter): Promise<AuditScan>;
  /** The number of the newest entry, 0 for an empty log. Rejects with StoreUnavailable. */
  newest(): Promise<number>;
  /**
   * Waits for entries after this number. Resolves with true when there are some, with false at the timeout
   * or when the signal is aborted.
   */
  waitForEntries(
    seq: number,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<boolean>;
}

/** Entries that are read at once. */
const batchSize = 100;

interface Waiter {
  readonly seq: number;
  readonly finish: (hasEntries: boolean) => void;
}

/** Builds the feed. It is subscribed to the store only while somebody waits. */
export function createAuditFeed(
  store: Pick<AuditStore, 'head' | 'after' | 'subscribe'>,
): AuditFeed {
  const waiters = new Set<Waiter>();
  let unsubscribe: (() => void) | undefined;

  const newest = async () => (await store.head())?.seq ?? 0;

  async function wakeWaiters(): Promise<void> {
    // A store that cannot answer wakes nobody; the waiters' timeout has them look again.
    const last = await newest().catch(() => 0);
    for (const { seq, finish } of waiters) if (last > seq) finish(true);
  }

  function addWaiter(waiter: Waiter): void {
    waiters.add(waiter);
    unsubscribe ??= store.subscribe(() => void wakeWaiters());
  }

  function removeWaiter(waiter: Waiter): void {
    waiters.delete(waiter);
    if (waiters.size > 0) return;
    unsubscribe?.();
    unsubscribe = undefined;
  }

  return {
    after: (seq, filter) => store.after(seq, filter, batchSize),
    newest,

    waitForEntries(seq, { timeoutMs, signal }) {
      if (signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const giveUp = () => waiter.finish(false);
        const timer = setTimeout(giveUp, timeoutMs).unref();
        signal.addEventListener('abort', giveUp);
        const waiter: Waiter = {
          seq,
          finish(hasEntries) {
            clearTimeout(timer);
            signal.removeEventListener('abort', giveUp);
            removeWaiter(waiter);
            resolve(hasEntries);
          },
        };
        addWaiter(waiter);
        // For entries that came between the reader's last look and the subscription.
        void wakeWaiters();
      });
    },
  };
}
