import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds after the start; by then waiting clients have been served. */
const delayMs = 2_000;

/**
 * Collects garbage once after startup and returns some ten megabytes. V8 would keep them until the
 * process is busy, which an idle service never is. It blocks the event loop for some 40 ms, once.
 */
export function collectGarbageAfterStartup(): void {
  setTimeout(collectGarbage, delayMs).unref();
}

/** Runs a full garbage collection. */
export function collectGarbage(): void {
  // Node has no API for it; this is what `node --expose-gc` exposes.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ execution: 'sync', flavor: 'last-resort' });
}
