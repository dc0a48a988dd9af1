import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type KeyObject,
} from 'jose';
import type { Issuer, IssuerKeys } from '../core/model/issuer.ts';
import { fetchJwks } from './jwks-fetch.ts';
import { createJwksFile } from './jwks-file.ts';
import { fetchTimeout, filePolicy, urlPolicy } from './jwks-policy.ts';
import { createRefreshingCache, type RefreshingCache } from './refreshing-cache.ts';

/** Verifies signatures: one key, or a function that finds the key that a JWT names. */
export type VerificationKeys = KeyObject | JWTVerifyGetKey;

/** The keys of all issuers, cached by where they come from. */
export interface IssuerKeyring {
  /** The keys of an issuer; cached ones where name and source are the same. */
  keysOf(issuer: Pick<Issuer, 'name' | 'keys'>): RefreshingCache<VerificationKeys>;
  /** Drops the keys that none of these issuers uses. */
  keepOnly(issuers: readonly Pick<Issuer, 'name' | 'keys'>[]): void;
}

/**
 * Builds an empty keyring. `report` gets the reason of each failed attempt to load keys, `loaded` each
 * success; `load` wraps the loading, for tracing.
 */
export function createIssuerKeyring({
  report,
  loaded,
  load = (_, work) => work(),
}: {
  readonly report: (issuer: string, why: string) => void;
  readonly loaded: (issuer: string) => void;
  readonly load?: <T>(issuer: string, load: () => Promise<T>) => Promise<T>;
}): IssuerKeyring {
  const known = new Map<string, RefreshingCache<VerificationKeys>>();
  return {
    keysOf({ name, keys }) {
      const place = cacheKeyOf(name, keys);
      const found = place === undefined ? undefined : known.get(place);
      if (found !== undefined) return found;
      const opened = openKeys(keys, {
        explain: (why) => report(name, why),
        loaded: () => loaded(name),
        around: (work) => load(name, work),
      });
      if (place !== undefined) known.set(place, opened);
      return opened;
    },
    keepOnly(issuers) {
      const kept = new Set(issuers.map(({ name, keys }) => cacheKeyOf(name, keys)));
      for (const place of known.keys()) if (!kept.has(place)) known.delete(place);
    },
  };
}

/** The issuer and the source of its keys; undefined for keys in the configuration. */
function cacheKeyOf(name: string, keys: IssuerKeys): string | undefined {
  if (keys.kind === 'jwks_url') return JSON.stringify([name, keys.kind, keys.url]);
  if (keys.kind === 'jwks_file') return JSON.stringify([name, keys.kind, keys.path]);
  return undefined;
}

/**
 * Opens the keys of an issuer from the source in the configuration. `explain` gets the reason of a failure,
 * `loaded` each success; `around` wraps the loading.
 */
function openKeys(
  keys: IssuerKeys,
  {
    explain,
    loaded,
    around,
  }: {
    explain: (why: string) => void;
    loaded: () => void;
    around: <T>(load: () => Promise<T>) => Promise<T>;
  },
): RefreshingCache<VerificationKeys> {
  const report = (error: unknown) => explain((error as Error).message);
  if (keys.kind === 'jwks_url') {
    // jose fetches, with one request in flight at a time. The refreshing cache decides when: jose would
    // retry at each call while the endpoint fails.
    const remote = createRemoteJWKSet(new URL(keys.url), {
      timeoutDuration: fetchTimeout,
      cacheMaxAge: Number.POSITIVE_INFINITY,
      cooldownDuration: Number.POSITIVE_INFINITY,
      [customFetch]: fetchJwks,
    });
    const load = async () => {
      await around(() => remote.reload());
      loaded();
      return remote;
    };
    return createRefreshingCache<VerificationKeys>({ load, policy: urlPolicy, report });
  }
  if (keys.kind === 'jwks_file') {
    const read = createJwksFile(keys.path);
    const sets = new WeakMap<object, VerificationKeys>();
    const load = async () => {
      const jwks = await around(read);
      const set = sets.get(jwks) ?? createLocalJWKSet(jwks as JSONWebKeySet);
      sets.set(jwks, set);
      loaded();
      return set;
    };
    return createRefreshingCache<VerificationKeys>({ load, policy: filePolicy, report });
  }
  return { current: () => keys.key, refresh: async () => 'too_soon', generation: () => 0 };
}
