import type { MaybePromise } from '../lib/maybe-promise.ts';

/** Refreshing cache: a value that is loaded from elsewhere, kept, and renewed when it is too old. */
export interface RefreshingCache<T> {
  /**
   * The value, loaded first where there is none yet or it is older than `maxAge`. While loading fails, the
   * last value stays valid up to `maxStale`; after that, undefined.
   */
  current(now: number): MaybePromise<T | undefined>;
  /**
   * Loads the value again, for a caller that needs a newer one. `too_soon`: it was loaded within the minimum
   * interval; `failed`: this attempt or the last one failed.
   */
  refresh(now: number): Promise<'renewed' | 'too_soon' | 'failed'>;
  /** How often it was loaded. Conclusions from an earlier generation are no longer valid. */
  generation(): number;
}

/** When a value is renewed. All times are milliseconds. */
export interface RefreshPolicy {
  /** How long a value is fresh. */
  readonly maxAge: number;
  /** Minimum interval between two attempts, successful or not. */
  readonly minInterval: number;
  /** How long a value stays valid that cannot be renewed. */
  readonly maxStale: number;
  /** How long callers wait for an attempt, which goes on after that. */
  readonly timeout: number;
}

/**
 * Builds a cache. Errors of `load` go to `report`, once an attempt. Ages are measured by the `now` of the
 * callers; only `timeout` uses a timer.
 */
export function createRefreshingCache<T>(dependencies: {
  readonly load: () => Promise<T>;
  readonly policy: RefreshPolicy;
  readonly report: (error: unknown) => void;
}): RefreshingCache<T> {
  const { load, policy, report } = dependencies;
  let loaded: { readonly value: T; readonly at: number } | undefined;
  let lastAttempt: number | undefined;
  let hasFailed = false;
  let generation = 0;
  let pending: Promise<void> | undefined;

  async function attempt(now: number): Promise<void> {
    try {
      loaded = { value: await load(), at: now };
      generation++;
      hasFailed = false;
    } catch (error) {
      hasFailed = true;
      report(error);
    } finally {
      pending = undefined;
    }
  }

  async function renew(now: number) {
    if (pending === undefined) {
      // A clock that was set back must not delay the next attempt until it has caught up.
      const isTooSoon =
        lastAttempt !== undefined && Math.abs(now - lastAttempt) < policy.minInterval;
      if (isTooSoon) return hasFailed ? 'failed' : 'too_soon';
      lastAttempt = now;
      pending = attempt(now);
    }
    if (!(await isSettledWithin(pending, policy.timeout))) hasFailed = true;
    return hasFailed ? 'failed' : 'renewed';
  }

  return {
    refresh: renew,
    generation: () => generation,
    current(now) {
      const age = (moment: number) => Math.abs(now - moment);
      const usable = () =>
        loaded !== undefined && age(loaded.at) < policy.maxStale ? loaded.value : undefined;
      if (loaded !== undefined && age(loaded.at) < policy.maxAge) return usable();
      // With a usable value, callers do not wait for a source that failed the last time.
      const isWorthWaiting = usable() === undefined || !hasFailed;
      const renewal = renew(now);
      return isWorthWaiting ? renewal.then(usable) : usable();
    },
  };
}

/** Whether work, which never rejects, is done within the time. */
async function isSettledWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const outcome = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return outcome;
}
