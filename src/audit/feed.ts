import type { AuditFilter, AuditPart, AuditStore } from '../store/port.ts';

/** Lets readers follow the audit log as it grows, whichever process adds to it. */
export interface AuditFeed {
  /** Entries behind this number, oldest first. Rejects with StoreUnavailable. */
  after(seq: number, filter: AuditFilter): Promise<AuditPart>;
  /** The number of the newest entry, 0 where there is none. Rejects with StoreUnavailable. */
  newest(): Promise<number>;
  /**
   * Resolves with true when there are entries behind this number, with false when there are none in
   * time or the signal came.
   */
  grown(seq: number, options: { timeoutMs: number; signal: AbortSignal }): Promise<boolean>;
}

/** Entries that are read in one go. */
const batchSize = 100;
/** Milliseconds between two looks for what other processes have added, while somebody waits. */
const pollMs = 250;

/** Builds it. It looks at the store only while somebody waits. */
export function createAuditFeed(store: AuditStore): AuditFeed {
  const waiting = new Set<{ readonly seq: number; readonly wake: (isGrown: boolean) => void }>();
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;

  const newest = async () => (await store.head())?.seq ?? 0;

  async function look(): Promise<void> {
    // Where the store cannot answer, it is asked again at the next look.
    const last = await newest().catch(() => 0);
    for (const { seq, wake } of waiting) if (last > seq) wake(true);
  }

  function begin(): void {
    timer ??= setInterval(look, pollMs);
    unsubscribe ??= store.onAppended(() => void look());
  }

  function end(): void {
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    unsubscribe?.();
    unsubscribe = undefined;
  }

  return {
    after: (seq, filter) => store.after(seq, filter, batchSize),
    newest,

    grown(seq, { timeoutMs, signal }) {
      if (signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const give = () => waiter.wake(false);
        const patience = setTimeout(give, timeoutMs).unref();
        signal.addEventListener('abort', give);
        const waiter = {
          seq,
          wake(isGrown: boolean) {
            clearTimeout(patience);
            signal.removeEventListener('abort', give);
            waiting.delete(waiter);
            end();
            resolve(isGrown);
          },
        };
        waiting.add(waiter);
        begin();
        // What came between the reader's last look and now.
        void look();
      });
    },
  };
}
