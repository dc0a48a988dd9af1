import { createHook } from 'node:async_hooks';

/** One object of the kind that Node queues for process.nextTick, which is never let go. */
const kept: object[] = [];

/**
 * Keeps such an object. Where a collection of garbage finds none, as in a quiet moment, V8 forgets their
 * shape, and makes each later one in its slowest way for as long as the process lives. Answering takes
 * several, so a service that was quiet once would need up to half as much processor time again for each
 * decision. Returns what it keeps; undefined if Node has come to call it something else.
 */
export function preserveNextTickObjectShape(): object | undefined {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') kept.push(resource);
    },
  }).enable();
  process.nextTick(() => {});
  hook.disable();
  return kept.at(-1);
}
