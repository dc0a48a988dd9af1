import { LRUCache } from 'lru-cache';

/** How many attempts may fail within how many milliseconds. */
export interface Budget {
  readonly failures: number;
  readonly window: number;
}

/**
 * The failed attempts of a network at a gate. The level drains evenly, a whole budget within a window. The
 * bucket is exhausted from when the level reaches the budget until half of it has drained.
 */
export interface Bucket {
  /** Failures that have not drained yet, at most the budget. */
  level: number;
  /** When the level was computed. Unix milliseconds. */
  at: number;
  /** While it is exhausted: since when. */
  since: number | undefined;
  /** All failures since the level was last below the limit. */
  failures: number;
  /** Factor on the usual budget. */
  readonly scale: number;
  /** While it is exhausted: when expensive work is allowed next. */
  nextExpensiveWork: number;
  /** When one of its denials was recorded last, and how many were left out since. */
  writtenAt: number | undefined;
  omitted: number;
}

/** Buckets of each sort that are kept: a few megabytes. */
const capacity = 20_000;

/** Fraction of a window after which exhausted buckets are checked for recovery. */
const sweepFraction = 0.1;

/**
 * Leaky buckets by name, in bounded memory. Of those that are not exhausted, the ones with the latest
 * failures are kept: a client that makes enough networks fail to evict a bucket has that many budgets anyway.
 * An exhausted bucket stays until it has recovered, whatever fails elsewhere. While as many are exhausted as
 * fit, no other one becomes exhausted.
 */
export class LeakyBuckets {
  readonly #maxBuckets: number;
  readonly #partial: LRUCache<string, Bucket>;
  readonly #exhausted = new Map<string, Bucket>();
  #nextSweep = 0;

  constructor(maxBuckets = capacity) {
    this.#maxBuckets = maxBuckets;
    this.#partial = new LRUCache({ max: maxBuckets });
  }

  /** Whether any is exhausted, or was at the last sweep: a check without a look-up. */
  get isAnyExhausted(): boolean {
    return this.#exhausted.size > 0;
  }

  /** How many are kept. */
  get size(): number {
    return this.#partial.size + this.#exhausted.size;
  }

  /** The bucket of this name, if it is exhausted. */
  findExhausted(name: string, budget: Budget, now: number): Bucket | undefined {
    this.#sweep(budget, now);
    const bucket = this.#exhausted.get(name);
    return bucket !== undefined && this.#isExhausted(name, bucket, budget, now)
      ? bucket
      : undefined;
  }

  /** All exhausted buckets, by name. */
  *allExhausted(budget: Budget, now: number): Generator<[name: string, bucket: Bucket]> {
    for (const [name, bucket] of [...this.#exhausted]) {
      if (this.#isExhausted(name, bucket, budget, now)) yield [name, bucket];
    }
  }

  /** Adds a failed attempt and returns its bucket; `justExhausted` when this attempt used up the budget. */
  add(name: string, weight: number, scale: number, budget: Budget, now: number) {
    const exhausted = this.findExhausted(name, budget, now);
    const bucket = exhausted ?? this.#partial.get(name) ?? newBucket(scale, now);
    drain(bucket, budget, now);
    const wasExhausted = exhausted !== undefined;
    const full = budget.failures * bucket.scale;
    bucket.level = Math.min(bucket.level + weight, full);
    bucket.failures += weight;
    const justExhausted = !wasExhausted && bucket.level >= full && this.#hasRoom(budget, now);
    if (justExhausted) this.#exhaust(name, bucket, budget, now);
    // Set again, so that the bucket with the latest failure is the last to be evicted.
    else if (!wasExhausted) this.#partial.set(name, bucket);
    return { bucket, wasExhausted, justExhausted };
  }

  /** Takes over an exhausted bucket that another process or the store knows, unless this one is newer. */
  merge(
    name: string,
    known: Pick<Bucket, 'level' | 'at' | 'since' | 'failures' | 'scale'>,
    budget: Budget,
  ): void {
    const present = this.#exhausted.get(name);
    if (present !== undefined ? present.at >= known.at : !this.#hasRoom(budget, known.at)) return;
    const bucket = { ...newBucket(known.scale, known.at), ...known };
    bucket.nextExpensiveWork = bucket.at + drainTime(bucket, budget);
    this.#partial.delete(name);
    this.#exhausted.set(name, bucket);
  }

  /** Forgets the buckets whose names match. */
  forget(matches: (name: string) => boolean): void {
    for (const buckets of [this.#partial, this.#exhausted]) {
      for (const name of [...buckets.keys()]) if (matches(name)) buckets.delete(name);
    }
  }

  #exhaust(name: string, bucket: Bucket, budget: Budget, now: number): void {
    bucket.since = now;
    bucket.nextExpensiveWork = now + drainTime(bucket, budget);
    bucket.writtenAt = undefined;
    bucket.omitted = 0;
    this.#partial.delete(name);
    this.#exhausted.set(name, bucket);
  }

  #hasRoom(budget: Budget, now: number): boolean {
    if (this.#exhausted.size < this.#maxBuckets) return true;
    this.#sweep(budget, now);
    return this.#exhausted.size < this.#maxBuckets;
  }

  /** Drains an exhausted bucket; one that has recovered is moved back. */
  #isExhausted(name: string, bucket: Bucket, budget: Budget, now: number): boolean {
    drain(bucket, budget, now);
    if (bucket.level > recoveryLevel(bucket, budget)) return true;
    this.#exhausted.delete(name);
    bucket.since = undefined;
    bucket.failures = bucket.level;
    this.#partial.set(name, bucket);
    return false;
  }

  #sweep(budget: Budget, now: number): void {
    const interval = budget.window * sweepFraction;
    // A clock that was set back must not put the sweep off.
    if (now < this.#nextSweep && now > this.#nextSweep - 2 * interval) return;
    this.#nextSweep = now + interval;
    for (const [name, bucket] of this.#exhausted) this.#isExhausted(name, bucket, budget, now);
  }
}

function newBucket(scale: number, now: number): Bucket {
  return {
    level: 0,
    at: now,
    since: undefined,
    failures: 0,
    scale,
    nextExpensiveWork: now,
    writtenAt: undefined,
    omitted: 0,
  };
}

/** When the bucket recovers if nothing else fails. Unix milliseconds. */
export function exhaustedUntil(bucket: Bucket, budget: Budget): number {
  const surplus = Math.max(0, bucket.level - recoveryLevel(bucket, budget));
  return bucket.at + surplus * drainTime(bucket, budget);
}

/** Milliseconds in which one failure drains, and so between two pieces of expensive work. */
export function drainTime({ scale }: Bucket, { failures, window }: Budget): number {
  return window / (failures * scale);
}

function recoveryLevel({ scale }: Bucket, { failures }: Budget): number {
  return (failures * scale) / 2;
}

function drain(bucket: Bucket, budget: Budget, now: number): void {
  // A clock that was set back drains nothing; a reload may have made the budget smaller.
  const elapsed = Math.max(0, now - bucket.at);
  const level = Math.min(bucket.level, budget.failures * bucket.scale);
  bucket.level = Math.max(0, level - elapsed / drainTime(bucket, budget));
  bucket.at = now;
}
