import { LRUCache } from 'lru-cache';
import type { Issuer } from '../core/model/issuer.ts';
import type { JwtIdentity } from '../core/model/jwt-identity.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import type { VerificationKeys } from './issuer-keys.ts';
import type { RefreshingCache } from './refreshing-cache.ts';

/** An issuer and its verification keys. */
export interface TrustedIssuer {
  readonly issuer: Issuer;
  readonly keys: RefreshingCache<VerificationKeys>;
}

/** The identity in a JWT whose signature was verified, and its issuer. */
export interface VerifiedJwt {
  readonly identity: JwtIdentity;
  readonly trust: TrustedIssuer;
}

/** Cached JWTs at most, and their characters. */
const cacheLimits = { count: 10_000, characters: 16_777_216 } as const;

/**
 * LRU cache of verified JWTs: verifying an EdDSA or RSA signature takes longer than the rest of a decision.
 * Expiry, revocation and use are not cached but checked each time; new keys of the issuer invalidate it.
 */
export function createVerifiedJwtCache() {
  interface Verified extends VerifiedJwt {
    readonly generation: number;
    /** Valid at this moment, so by its `nbf` at any later one. */
    readonly since: number;
  }
  const known = new LRUCache<string, Verified>({
    max: cacheLimits.count,
    maxSize: cacheLimits.characters,
    sizeCalculation: (_, jwt) => jwt.length,
  });
  return {
    keep: (jwt: string, verified: Verified) => void known.set(jwt, verified),
    find(jwt: string, now: number): MaybePromise<VerifiedJwt | undefined> {
      const found = known.get(jwt);
      if (found === undefined || now < found.since) return undefined;
      // Reading the keys renews them when they are due, however often the same JWT comes.
      return mapMaybePromise(found.trust.keys.current(now), (keys) => {
        const isCurrent = found.generation === found.trust.keys.generation();
        return keys !== undefined && isCurrent ? found : undefined;
      });
    },
  };
}
