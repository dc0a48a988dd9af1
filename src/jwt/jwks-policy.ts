import type { RefreshPolicy } from './refreshing-cache.ts';

/** Milliseconds that an answer with a JWKS may take. */
export const fetchTimeout = 5_000;

/** How the JWKS behind a URL is kept. */
export const urlPolicy: RefreshPolicy = {
  maxAge: 10 * 60_000,
  // However many JWTs name keys that nobody knows, the issuer is asked six times a minute.
  minInterval: 10_000,
  // An issuer that is down for a night locks nobody out who has a JWT; a key that was withdrawn does
  // not stay good for ever because somebody keeps us from hearing of it.
  maxStale: 24 * 3_600_000,
  // nginx waits three seconds for an answer, and a JWT may wait twice: for keys, and for newer ones.
  timeout: 1_400,
};

/** How a JWKS in a file is kept: looking whether it has changed is cheap. */
export const filePolicy: RefreshPolicy = { ...urlPolicy, maxAge: 1_000, minInterval: 1_000 };
