import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefreshingCache } from '../../src/jwt/refreshing-cache.ts';

const policy = { maxAge: 100, minInterval: 10, maxStale: 1_000, timeout: 1 };

/** One whose loads are settled by hand. */
function startLoads(timeout = 60_000) {
  const loads: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const reports: unknown[] = [];
  const renewable = createRefreshingCache<string>({
    load: () => {
      const { promise, ...load } = Promise.withResolvers<string>();
      loads.push(load);
      return promise;
    },
    policy: { ...policy, timeout: timeout },
    report: (error) => reports.push(error),
  });
  return { loads, reports, renewable };
}

test('any number of callers share one load', async () => {
  const { loads, renewable } = startLoads();
  const values = Array.from({ length: 50 }, () => renewable.current(0));
  loads[0]?.resolve('a');
  assert.deepEqual(new Set(await Promise.all(values)), new Set(['a']));
  assert.equal(loads.length, 1);
  assert.equal(await renewable.current(99), 'a');
  assert.equal(loads.length, 1);
});

test('a value is loaded again when it is too old, and kept when that fails', async () => {
  const { loads, reports, renewable } = startLoads();
  const first = renewable.current(0);
  loads[0]?.resolve('a');
  await first;
  const second = renewable.current(100);
  loads[1]?.reject(new Error('down'));
  assert.equal(await second, 'a');
  assert.equal(reports.length, 1);
  assert.equal(await renewable.current(109), 'a');
  assert.equal(loads.length, 2);
  assert.equal(await renewable.current(110), 'a', 'nobody waits for what is known to be down');
  assert.equal(loads.length, 3);
  loads[2]?.resolve('b');
  await new Promise(setImmediate);
  assert.equal(await renewable.current(111), 'b');
});

test('a renewal says whether there is news, and fails for as long as the source does', async () => {
  const { loads, renewable } = startLoads();
  const renewal = renewable.refresh(0);
  loads[0]?.resolve('a');
  assert.equal(await renewal, 'renewed');
  assert.equal(await renewable.refresh(9), 'too_soon');
  const failing = renewable.refresh(10);
  loads[1]?.reject(new Error('down'));
  assert.equal(await failing, 'failed');
  assert.equal(await renewable.refresh(19), 'failed');
  assert.equal(loads.length, 2);
});

test('a value that cannot be renewed counts up to its limit', async () => {
  const { loads, renewable } = startLoads();
  const first = renewable.current(0);
  loads[0]?.resolve('a');
  await first;
  const late = renewable.current(999);
  loads[1]?.reject(new Error('down'));
  assert.equal(await late, 'a');
  assert.equal(await renewable.current(1_000), undefined);
});

test('who waits too long goes on without the value, and the load goes on without them', async () => {
  const { loads, renewable } = startLoads(1);
  assert.equal(await renewable.current(0), undefined);
  assert.equal(await renewable.refresh(5), 'failed');
  assert.equal(loads.length, 1);
  loads[0]?.resolve('a');
  assert.equal(await renewable.current(50), 'a');
  assert.equal(loads.length, 1);
});
