import { LRUCache } from 'lru-cache';

/** How many attempts may fail within how many milliseconds. */
export interface Budget {
  readonly failures: number;
  readonly window: number;
}

/**
 * Failed attempts of one network at one place. The level leaks evenly, all of a budget within a
 * window; it is over from when it reaches the budget until half of that has leaked.
 */
export interface Bucket {
  /** Failures that have not leaked yet, at most as many as the budget has. */
  level: number;
  /** When that was the level. Unix milliseconds. */
  at: number;
  /** Set while it is over: since when. */
  since: number | undefined;
  /** All that failed since it was over. */
  failures: number;
  /** How many times the usual budget it has. */
  readonly scale: number;
  /** When, while it is over, work may be done next. */
  nextExpensiveWork: number;
  /** When one of its denials was written down last, and how many were not since. */
  writtenAt: number | undefined;
  omitted: number;
}

/** Most counts that are kept of each sort: a few megabytes. */
const capacity = 20_000;

/** Part of a window after which counts that are no longer over are looked for. */
const sweepPart = 0.1;

/**
 * Counts by name (leaky buckets), in bounded memory. Of those with something left of their budget the
 * ones that failed last are kept: whoever lets so many networks fail that one is forgotten has that many
 * budgets anyway. One that is over stays until it has recovered: no stranger's failures push it out.
 * Where as many are over as are kept, another one gets there when there is room.
 */
export class LeakyBuckets {
  readonly #most: number;
  readonly #counts: LRUCache<string, Bucket>;
  readonly #over = new Map<string, Bucket>();
  #nextSweep = 0;

  constructor(most = capacity) {
    this.#most = most;
    this.#counts = new LRUCache({ max: most });
  }

  /** Whether any is over, or was a moment ago: costs nothing. */
  get isAnyExhausted(): boolean {
    return this.#over.size > 0;
  }

  /** How many are kept. */
  get size(): number {
    return this.#counts.size + this.#over.size;
  }

  /** The count of this name, if it is over. */
  findExhausted(name: string, budget: Budget, now: number): Bucket | undefined {
    this.#sweep(budget, now);
    const count = this.#over.get(name);
    return count !== undefined && this.#isOver(name, count, budget, now) ? count : undefined;
  }

  /** All that are over, by name. */
  *allExhausted(budget: Budget, now: number): Generator<[name: string, count: Bucket]> {
    for (const [name, count] of [...this.#over]) {
      if (this.#isOver(name, count, budget, now)) yield [name, count];
    }
  }

  /** Adds a failed attempt and returns the count, `crossed` when it was the last one that is free. */
  add(name: string, weight: number, scale: number, budget: Budget, now: number) {
    const over = this.findExhausted(name, budget, now);
    const count = over ?? this.#counts.get(name) ?? newBucket(scale, now);
    drain(count, budget, now);
    const wasOver = over !== undefined;
    const full = budget.failures * count.scale;
    count.level = Math.min(count.level + weight, full);
    count.failures += weight;
    const crossed = !wasOver && count.level >= full && this.#hasRoom(budget, now);
    if (crossed) this.#enter(name, count, budget, now);
    // Set again, so that what fails on and on is the last to be forgotten.
    else if (!wasOver) this.#counts.set(name, count);
    return { count, wasOver, crossed };
  }

  /** Puts a count in place that is known from elsewhere, unless there is one that is worse. */
  merge(
    name: string,
    known: Pick<Bucket, 'level' | 'at' | 'since' | 'failures' | 'scale'>,
    budget: Budget,
  ): void {
    const present = this.#over.get(name);
    if (present !== undefined ? present.at >= known.at : !this.#hasRoom(budget, known.at)) return;
    const count = { ...newBucket(known.scale, known.at), ...known };
    count.nextExpensiveWork = count.at + drainTime(count, budget);
    this.#counts.delete(name);
    this.#over.set(name, count);
  }

  /** Forgets the counts whose names are meant. */
  forget(isMeant: (name: string) => boolean): void {
    for (const counts of [this.#counts, this.#over]) {
      for (const name of [...counts.keys()]) if (isMeant(name)) counts.delete(name);
    }
  }

  #enter(name: string, count: Bucket, budget: Budget, now: number): void {
    count.since = now;
    count.nextExpensiveWork = now + drainTime(count, budget);
    count.writtenAt = undefined;
    count.omitted = 0;
    this.#counts.delete(name);
    this.#over.set(name, count);
  }

  #hasRoom(budget: Budget, now: number): boolean {
    if (this.#over.size < this.#most) return true;
    this.#sweep(budget, now);
    return this.#over.size < this.#most;
  }

  #isOver(name: string, count: Bucket, budget: Budget, now: number): boolean {
    drain(count, budget, now);
    if (count.level > halfOf(count, budget)) return true;
    this.#over.delete(name);
    count.since = undefined;
    count.failures = count.level;
    this.#counts.set(name, count);
    return false;
  }

  #sweep(budget: Budget, now: number): void {
    const pause = budget.window * sweepPart;
    // A clock that was set back must not put it off.
    if (now < this.#nextSweep && now > this.#nextSweep - 2 * pause) return;
    this.#nextSweep = now + pause;
    for (const [name, count] of this.#over) this.#isOver(name, count, budget, now);
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

/** When the count is over no longer, if nothing else fails. Unix milliseconds. */
export function exhaustedUntil(count: Bucket, budget: Budget): number {
  const perFailure = drainTime(count, budget);
  return count.at + Math.max(0, count.level - halfOf(count, budget)) * perFailure;
}

/** Milliseconds in which one failure leaks, and so those from one piece of work to the next. */
export function drainTime({ scale }: Bucket, { failures, window }: Budget): number {
  return window / (failures * scale);
}

function halfOf({ scale }: Bucket, { failures }: Budget): number {
  return (failures * scale) / 2;
}

function drain(count: Bucket, budget: Budget, now: number): void {
  // A clock that was set back leaks nothing, and fewer failures than before are enough after a reload.
  const elapsed = Math.max(0, now - count.at);
  const level = Math.min(count.level, budget.failures * count.scale);
  count.level = Math.max(0, level - elapsed / drainTime(count, budget));
  count.at = now;
}
