import { LRUCache } from 'lru-cache';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, isDenial } from '../core/model/verdict.ts';
import { digest } from './digest.ts';

/** Remembers for a moment whom a service let through. */
export interface AnswerCache {
  /**
   * What the service said to this question a moment ago, or says now. Only an identity is
   * remembered. Whoever asks the same while it is asked shares the answer. Undefined where it would
   * have to be asked and `mayAsk` says no.
   */
  find(
    question: readonly string[],
    now: number,
    ask: () => Promise<Identity | Deny>,
    mayAsk: () => boolean,
  ): Promise<Identity | Deny | undefined>;
  clear(): void;
}

/** Most answers that are remembered. */
const capacity = 10_000;

/**
 * Builds one that remembers for `ttl` milliseconds. The question is everything that the service is
 * told, so that nothing it may judge by is left out, and is kept as a hash: it holds credentials.
 */
export function createAnswerCache(ttl: number): AnswerCache {
  const answers = new LRUCache<string, { identity: Identity; until: number }>({ max: capacity });
  const pending = new Map<string, Promise<Identity | Deny>>();

  return {
    async find(question, now, ask, mayAsk) {
      const key = digest(question);
      const answer = answers.get(key);
      // A clock that was set back must not make an answer last.
      if (answer && now < answer.until && now >= answer.until - ttl) return answer.identity;
      const shared = pending.get(key);
      if (shared !== undefined) return shared;
      if (!mayAsk()) return undefined;
      const asked = ask()
        .then((found) => {
          if (!isDenial(found)) answers.set(key, { identity: found, until: now + ttl });
          return found;
        })
        .finally(() => pending.delete(key));
      pending.set(key, asked);
      return asked;
    },
    clear: () => answers.clear(),
  };
}
