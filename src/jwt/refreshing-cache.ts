import type { MaybePromise } from '../lib/maybe-promise.ts';

/** Something that is loaded from elsewhere, kept, and loaded anew now and then. */
export interface RefreshingCache<T> {
  /**
   * The value, loaded first where there is none yet or it is older than `maxAge`. While it cannot be
   * loaded, the last one there was counts, up to `maxStale`; after that, undefined.
   */
  current(now: number): MaybePromise<T | undefined>;
  /**
   * Loads the value again, for whom the present one is not enough. `too_soon` says that it was
   * loaded just now, `failed` that it cannot be had, or could not just now.
   */
  refresh(now: number): Promise<'renewed' | 'too_soon' | 'failed'>;
  /** How often it was loaded: what was concluded from an earlier value counts no longer. */
  generation(): number;
}

/** How a value is renewed. All times are milliseconds. */
export interface RefreshPolicy {
  /** How long a value counts without a look at where it comes from. */
  readonly maxAge: number;
  /** Least time between two attempts, whether they succeed or not and however many ask for them. */
  readonly minInterval: number;
  /** How long a value counts that cannot be renewed. */
  readonly maxStale: number;
  /** How long somebody waits for an attempt; it goes on without them. */
  readonly timeout: number;
}

/**
 * Builds one. Whatever `load` rejects with goes to `report`, once an attempt. It keeps no time of its
 * own but for `patience`: what age is, `now` tells.
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
      // A clock that was set back must not put the next attempt off until it has caught up.
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
      // With a value at hand nobody waits for a source that is known to be in trouble.
      const isWorthWaiting = usable() === undefined || !hasFailed;
      const renewal = renew(now);
      return isWorthWaiting ? renewal.then(usable) : usable();
    },
  };
}

/** Whether work that never rejects is done before the time is over. */
async function isSettledWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const outcome = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return outcome;
}
