import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { preserveNextTickObjectShape } from '../../src/cli/serve/next-tick-shape.ts';
import { collectGarbage } from '../../src/cli/serve/startup-memory.ts';

test('what Node queues for process.nextTick keeps its shape when all garbage is collected', async () => {
  const kept = preserveNextTickObjectShape();
  // None must be waiting.
  await new Promise((resolve) => setTimeout(resolve, 1));
  collectGarbage();
  setFlagsFromString('--allow-natives-syntax');
  const haveSameShape = new Function('a', 'b', 'return %HaveSameMap(a, b)');
  const later = preserveNextTickObjectShape();
  assert.ok(kept !== undefined, 'Node calls it something else now');
  assert.notEqual(later, kept);
  assert.equal(haveSameShape(kept, later), true);
});
