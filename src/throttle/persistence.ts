import type { StoredThrottle, ThrottleStore } from '../store/port.ts';

/** Writes down who is throttled, so that a restart need not forget. */
export interface ThrottlePersistence {
  /** What was written down and may count still. Never rejects. */
  load(now: number): Promise<readonly StoredThrottle[]>;
  /** Has it written soon. Costs next to nothing and never fails. */
  note(count: StoredThrottle): void;
  /** Forgets the ones whose names are meant. Never rejects. */
  forget(isMeant: (name: string) => boolean): Promise<void>;
  /** Writes what is to be written still. */
  close(): Promise<void>;
}

/** Milliseconds from the first that is noted until it is written. */
const delayMs = 3_000;

/** Most that wait to be written, and most that are kept. The store has better things to do. */
const most = 5_000;

/**
 * Builds one. `longest` is for how many milliseconds after it was noted a count may matter; undefined
 * while nothing is to be written down. What was written before such a time is left alone.
 */
export function createThrottlePersistence(dependencies: {
  readonly store: ThrottleStore;
  readonly longest: () => number | undefined;
  readonly failed: (what: string, error: unknown) => void;
  readonly clock: () => number;
}): ThrottlePersistence {
  const { store, longest, failed, clock } = dependencies;
  const waiting = new Map<string, StoredThrottle>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    timer = undefined;
    const counts = [...waiting.values()];
    waiting.clear();
    const life = longest();
    try {
      await store.save(counts, most);
      if (life !== undefined) await store.prune(clock() - life);
    } catch (error) {
      failed('throttled networks were not saved', error);
    }
  }

  return {
    async load(now) {
      const life = longest();
      if (life === undefined) return [];
      try {
        const counts = await store.list();
        return counts.filter(({ at }) => at >= now - life && at <= now);
      } catch (error) {
        failed('throttled networks could not be read', error);
        return [];
      }
    },
    note(count) {
      if (longest() === undefined) return;
      if (waiting.size >= most && !waiting.has(count.name)) return;
      waiting.set(count.name, count);
      timer ??= setTimeout(() => {
        writing = write();
      }, delayMs).unref();
    },
    async forget(isMeant) {
      for (const name of [...waiting.keys()]) if (isMeant(name)) waiting.delete(name);
      // What is being written may be among it.
      await writing;
      try {
        const stored = await store.list();
        await store.delete(stored.map(({ name }) => name).filter(isMeant));
      } catch (error) {
        failed('throttled networks could not be cleared', error);
      }
    },
    async close() {
      clearTimeout(timer);
      await writing;
      if (waiting.size > 0) await write();
    },
  };
}
