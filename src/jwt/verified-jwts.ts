import { LRUCache } from 'lru-cache';
import type { Issuer } from '../core/model/issuer.ts';
import type { JwtIdentity } from '../core/model/jwt-identity.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import type { Keys } from './issuer-keys.ts';
import type { RefreshingCache } from './refreshing-cache.ts';

/** An issuer, and what its signatures are checked with. */
export interface Trust {
  readonly issuer: Issuer;
  readonly keys: RefreshingCache<Keys>;
}

/** Who a JWT stands for, by the word of whom. */
export interface Signatory {
  readonly identity: JwtIdentity;
  readonly trust: Trust;
}

/** Most JWTs that are remembered, and most characters of all of them. */
const remembered = { count: 10_000, characters: 16_777_216 } as const;

/**
 * Remembers JWTs whose signature and claims were good: checking an EdDSA or RSA signature takes longer
 * than all the rest of a decision. What time changes (expiry, revocation, use) is asked each time, and
 * other keys of the issuer make it forget.
 */
export function rememberVerified() {
  interface Verified extends Signatory {
    readonly generation: number;
    /** Good at this moment, so by its `nbf` at any later one. */
    readonly since: number;
  }
  const known = new LRUCache<string, Verified>({
    max: remembered.count,
    maxSize: remembered.characters,
    sizeCalculation: (_, jwt) => jwt.length,
  });
  return {
    keep: (jwt: string, verified: Verified) => void known.set(jwt, verified),
    find(jwt: string, now: number): MaybePromise<Signatory | undefined> {
      const found = known.get(jwt);
      if (found === undefined || now < found.since) return undefined;
      // Asked for, so that keys are renewed when they are due, however often the same JWT comes.
      return mapMaybePromise(found.trust.keys.current(now), (keys) => {
        const isCurrent = found.generation === found.trust.keys.generation();
        return keys !== undefined && isCurrent ? found : undefined;
      });
    },
  };
}
