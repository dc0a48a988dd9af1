import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type KeyObject,
} from 'jose';
import type { IssuerKeys } from '../core/issuer.ts';
import { fetchJwks } from './jwks-fetch.ts';
import { createJwksFile } from './jwks-file.ts';
import { fetchTimeout, filePolicy, urlPolicy } from './jwks-policy.ts';
import { createRenewable, type Renewable } from './renewable.ts';

/** What signatures are checked with: one key, or whatever finds the one that a JWT names. */
export type Keys = KeyObject | JWTVerifyGetKey;

/**
 * The keys of an issuer, from wherever the configuration says. `explain` learns why they cannot be had,
 * `loaded` that they could; `around` does the loading.
 */
export function openKeys(
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
): Renewable<Keys> {
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
    return createRenewable<Keys>({ load, policy: urlPolicy, report });
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
    return createRenewable<Keys>({ load, policy: filePolicy, report });
  }
  return { current: () => keys.key, renew: async () => 'too_soon', generation: () => 0 };
}
