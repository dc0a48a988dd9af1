import type { RefreshPolicy } from './refreshing-cache.ts';

/** Timeout of a JWKS request in milliseconds. */
export const fetchTimeout = 5_000;

/** Refresh policy of a JWKS behind a URL. */
export const urlPolicy: RefreshPolicy = {
  maxAge: 10 * 60_000,
  // Whatever unknown keys JWTs name, the issuer is asked at most six times a minute.
  minInterval: 10_000,
  // JWTs stay valid while an issuer is down for a night; but a withdrawn key does not stay valid for ever
  // where an attacker blocks the requests.
  maxStale: 24 * 3_600_000,
  // nginx waits three seconds for an answer, and a JWT may wait twice: for keys, and for a refresh.
  timeout: 1_400,
};

/** Refresh policy of a JWKS in a file: the check for changes is cheap. */
export const filePolicy: RefreshPolicy = { ...urlPolicy, maxAge: 1_000, minInterval: 1_000 };
