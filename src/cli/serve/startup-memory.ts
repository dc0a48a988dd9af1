import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds after the start, when whoever waited for it has been served. */
const delayMs = 2_000;

/**
 * Gives back the memory that only the start needed, some ten megabytes. V8 would keep them until it
 * is busy, which an idle service never is. It holds the event loop up for some 40 ms, once.
 */
export function collectGarbageAfterStartup(): void {
  setTimeout(collectGarbage, delayMs).unref();
}

/** Collects all garbage at once. */
export function collectGarbage(): void {
  // Node has no call for it; this is what `node --expose-gc` gives to scripts.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ execution: 'sync', flavor: 'last-resort' });
}
