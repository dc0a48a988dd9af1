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

/** What signatures are checked with: one key, or whatever finds the one that a JWT names. */
export type Keys = KeyObject | JWTVerifyGetKey;

/** The keys of all issuers, as they were got. */
export interface IssuerKeyring {
  /** Those of an issuer: the ones there are, where they come from the same place. */
  keysOf(issuer: Pick<Issuer, 'name' | 'keys'>): RefreshingCache<Keys>;
  /** Forgets those that none of these issuers has. */
  keepOnly(issuers: readonly Pick<Issuer, 'name' | 'keys'>[]): void;
}

/**
 * Begins with none. `report` learns why an issuer's keys cannot be had, once an attempt; `loaded`, that
 * they could; `load` does the loading, for who wants to see it.
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
  const known = new Map<string, RefreshingCache<Keys>>();
  return {
    keysOf({ name, keys }) {
      const place = placeOf(name, keys);
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
      const kept = new Set(issuers.map(({ name, keys }) => placeOf(name, keys)));
      for (const place of known.keys()) if (!kept.has(place)) known.delete(place);
    },
  };
}

/** Whose keys, and where they come from; undefined for those that stand in the configuration. */
function placeOf(name: string, keys: IssuerKeys): string | undefined {
  if (keys.kind === 'jwks_url') return JSON.stringify([name, keys.kind, keys.url]);
  if (keys.kind === 'jwks_file') return JSON.stringify([name, keys.kind, keys.path]);
  return undefined;
}

/**
 * The keys of an issuer, from wherever the configuration says. `explain` learns why they cannot be had,
 * `loaded` that they could; `around` does the loading.
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
): RefreshingCache<Keys> {
  const report = (error: unknown) => explain((error as Error).message);
  if (keys.kind === 'jwks_url') {
    // Jose brings the fetch, with one in flight at a time; when to fetch is decided here, since it
    // would try again at each call for as long as it fails.
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
    return createRefreshingCache<Keys>({ load, policy: urlPolicy, report });
  }
  if (keys.kind === 'jwks_file') {
    const read = createJwksFile(keys.path);
    const sets = new WeakMap<object, Keys>();
    const load = async () => {
      const jwks = await around(read);
      const set = sets.get(jwks) ?? createLocalJWKSet(jwks as JSONWebKeySet);
      sets.set(jwks, set);
      loaded();
      return set;
    };
    return createRefreshingCache<Keys>({ load, policy: filePolicy, report });
  }
  return { current: () => keys.key, refresh: async () => 'too_soon', generation: () => 0 };
}
