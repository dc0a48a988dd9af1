/** The leaky bucket of a throttled network. All times are Unix milliseconds. */
export interface StoredThrottle {
  /** Gate and network, encoded by the throttle. */
  readonly name: string;
  /** Failures that had not drained at that moment. */
  readonly level: number;
  readonly at: number;
  /** When the bucket was exhausted. */
  readonly since: number;
  /** All failures so far. */
  readonly failures: number;
  /** Factor on the usual budget. */
  readonly scale: number;
}

/**
 * Throttled networks, so that a restart does not forget them. Writes are relaxed: a power cut may lose the
 * last of them. The other rules of TokenStore hold.
 */
export interface ThrottleStore {
  list(): Promise<readonly StoredThrottle[]>;
  /** Adds or replaces buckets, and keeps the latest `maxEntries`. */
  save(buckets: readonly StoredThrottle[], maxEntries: number): Promise<void>;
  delete(names: readonly string[]): Promise<void>;
  /** Deletes the buckets from before a moment. */
  prune(before: number): Promise<void>;
}
