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
  clear(): void;
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

  return {
    async find(keyParts, now, request, mayRequest) {
      const key = digest(keyParts);
      const answer = answers.get(key);
      // Also checks the lower bound: after the clock is set back an entry must not live longer.
      if (answer && now < answer.until && now >= answer.until - ttl) return answer.identity;
      const shared = pending.get(key);
      if (shared !== undefined) return shared;
      if (!mayRequest()) return undefined;
      const requested = request()
        .then((found) => {
          if (!isDenial(found)) {
            const { setCookies: _, ...identity } = found;
            answers.set(key, { identity, until: now + ttl });
          }
          return found;
        })
        .finally(() => pending.delete(key));
      pending.set(key, requested);
      return requested;
    },
    clear: () => answers.clear(),
  };
}
