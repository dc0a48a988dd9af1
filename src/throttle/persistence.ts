import type { StoredThrottle, ThrottleStore } from '../store/port/throttles.ts';

/** Write-behind persistence of throttled networks, so that a restart does not forget them. */
export interface ThrottlePersistence {
  /** The stored buckets that may still matter. Never rejects. */
  load(now: number): Promise<readonly StoredThrottle[]>;
  /** Queues a bucket to be written soon. Never throws. */
  save(bucket: StoredThrottle): void;
  /** Forgets the buckets whose names match. Never rejects. */
  forget(matches: (name: string) => boolean): Promise<void>;
  /** Writes what is pending. */
  close(): Promise<void>;
}

/** Milliseconds from the first queued bucket to the write. */
const delayMs = 3_000;

/** Buckets that may be pending, and that are kept in the store. */
const maxEntries = 5_000;

/**
 * Builds it. `lifetimeMs` is how long after its moment a bucket may matter, in milliseconds; undefined while
 * persistence is off. What was written before it was turned off stays.
 */
export function createThrottlePersistence(dependencies: {
  readonly store: ThrottleStore;
  readonly lifetimeMs: () => number | undefined;
  readonly failed: (what: string, error: unknown) => void;
  readonly clock: () => number;
}): ThrottlePersistence {
  const { store, lifetimeMs, failed, clock } = dependencies;
  const pending = new Map<string, StoredThrottle>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    timer = undefined;
    const buckets = [...pending.values()];
    pending.clear();
    const lifetime = lifetimeMs();
    try {
      await store.save(buckets, maxEntries);
      if (lifetime !== undefined) await store.prune(clock() - lifetime);
    } catch (error) {
      failed('throttled networks were not saved', error);
    }
  }

  return {
    async load(now) {
      const lifetime = lifetimeMs();
      if (lifetime === undefined) return [];
      try {
        const buckets = await store.list();
        return buckets.filter(({ at }) => at >= now - lifetime && at <= now);
      } catch (error) {
        failed('throttled networks could not be read', error);
        return [];
      }
    },
    save(bucket) {
      if (lifetimeMs() === undefined) return;
      if (pending.size >= maxEntries && !pending.has(bucket.name)) return;
      pending.set(bucket.name, bucket);
      timer ??= setTimeout(() => {
        writing = write();
      }, delayMs).unref();
    },
    async forget(matches) {
      for (const name of [...pending.keys()]) if (matches(name)) pending.delete(name);
      // A write in progress may contain matching buckets.
      await writing;
      try {
        const stored = await store.list();
        await store.delete(stored.map(({ name }) => name).filter(matches));
      } catch (error) {
        failed('throttled networks could not be cleared', error);
      }
    },
    async close() {
      clearTimeout(timer);
      await writing;
      if (pending.size > 0) await write();
    },
  };
}
