import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepTickShape } from '../src/cli/tick-shape.ts';

/** The object that Node queues for one process.nextTick. */
function catchTick(): object | undefined {
  let caught: object | undefined;
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') caught = resource;
    },
  }).enable();
  process.nextTick(() => {});
  hook.disable();
  return caught;
}

test('what Node queues for process.nextTick keeps its shape when all garbage is collected', async () => {
  const kept = keepTickShape();
  // None must be waiting.
  await new Promise((resolve) => setTimeout(resolve, 1));
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--allow-natives-syntax');
  (runInNewContext('gc') as (options: object) => void)({ flavor: 'last-resort' });
  const haveSameShape = new Function('a', 'b', 'return %HaveSameMap(a, b)');
  assert.ok(kept !== undefined, 'Node calls it something else now');
  assert.equal(haveSameShape(kept, catchTick()), true);
});
