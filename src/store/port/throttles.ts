/** Failed attempts that were too many. All times are Unix milliseconds. */
export interface StoredThrottle {
  /** Gate and network, in one word of the throttle's own. */
  readonly name: string;
  /** How many failures counted still at that moment. */
  readonly level: number;
  readonly at: number;
  /** Since when they are too many. */
  readonly since: number;
  /** All of them so far. */
  readonly failures: number;
  /** How many times the usual number is free for it. */
  readonly scale: number;
}

/**
 * Where a restart finds again who made too many attempts. It is written behind, and a power cut may
 * take back the last of it. The other rules are those of TokenStore.
 */
export interface ThrottleStore {
  list(): Promise<readonly StoredThrottle[]>;
  /** Adds or replaces, and keeps no more than `most`: the latest. */
  save(counts: readonly StoredThrottle[], most: number): Promise<void>;
  delete(names: readonly string[]): Promise<void>;
  /** Deletes those of before a moment. */
  prune(before: number): Promise<void>;
}
