import { LRUCache } from 'lru-cache';
import type { BridgeIdentity } from '../core/decision/sign-on.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, isDenial } from '../core/model/verdict.ts';
import { digest } from './digest.ts';

/** Cache of positive answers from a sign-on service. */
export interface AnswerCache {
  /**
   * The cached identity for these key parts, or the result of a new request. Only identities are
   * cached; denials and the service's `Set-Cookie` lines are not. Concurrent calls with the same key, so
   * with the same credentials, share one request and all of its outcome. Undefined when a
   * request is needed and `mayRequest` returns false.
   */
  find(
    keyParts: readonly string[],
    now: number,
    request: () => Promise<BridgeIdentity | Deny>,
    mayRequest: () => boolean,
  ): Promise<BridgeIdentity | Deny | undefined>;
  /**
   * Drops all answers; returns how many of them were in force. Answers of requests in flight are not
   * cached any more, and later calls do not share them.
   */
  clear(now: number): number;
}

const maxEntries = 10_000;

/**
 * Creates a cache with a time to live of `ttl` milliseconds. The key parts are everything that the
 * service receives, so that no input to its decision is left out. They hold credentials: only their
 * hash is kept.
 */
export function createAnswerCache(ttl: number): AnswerCache {
  const answers = new LRUCache<string, { identity: Identity; until: number }>({ max: maxEntries });
  const pending = new Map<string, Promise<BridgeIdentity | Deny>>();
  // Also checks the lower bound: after the clock is set back an entry must not live longer.
  const isInForce = (until: number, now: number) => now < until && now >= until - ttl;

  return {
    async find(keyParts, now, request, mayRequest) {
      const key = digest(keyParts);
      const answer = answers.get(key);
      if (answer && isInForce(answer.until, now)) return answer.identity;
      const shared = pending.get(key);
      if (shared !== undefined) return shared;
      if (!mayRequest()) return undefined;
      const requested = request()
        .then((found) => {
          // Not if the cache was cleared meanwhile: the service may have answered before that.
          const isCurrent = pending.get(key) === requested;
          if (isCurrent && !isDenial(found)) {
            const { setCookies: _, ...identity } = found;
            answers.set(key, { identity, until: now + ttl });
          }
          return found;
        })
        .finally(() => {
          if (pending.get(key) === requested) pending.delete(key);
        });
      pending.set(key, requested);
      return requested;
    },
    clear(now) {
      const inForce = [...answers.values()].filter(({ until }) => isInForce(until, now));
      answers.clear();
      pending.clear();
      return inForce.length;
    },
  };
}
