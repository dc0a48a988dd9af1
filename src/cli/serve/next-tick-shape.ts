import { createHook } from 'node:async_hooks';

/** A retained TickObject, which Node queues for process.nextTick. */
const retained: object[] = [];

/**
 * Retains one TickObject for the life of the process. When a garbage collection finds none, as in a
 * quiet moment, V8 drops their hidden class, and creates later ones in its slowest way from then
 * on. Each answer takes several, so a service that was idle once would use up to half as much
 * processor time again per decision. Returns the object; undefined if Node has renamed the type.
 */
export function preserveNextTickObjectShape(): object | undefined {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') retained.push(resource);
    },
  }).enable();
  process.nextTick(() => {});
  hook.disable();
  return retained.at(-1);
}
