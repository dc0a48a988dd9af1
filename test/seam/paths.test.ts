import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openPaths } from '../../seam/paths/bench.ts';
import { variants } from '../../seam/paths/places.ts';
import { generateTarget } from '../../seam/paths/targets.ts';
import type { Bench } from '../../seam/property.ts';
import { resolvePath } from '../../src/core/gate/path.ts';
import { createRandom } from '../../testkit/random.ts';
import { startStandIn } from './stand-in.ts';

async function openBench(t: TestContext, ...gate: Parameters<typeof openPaths>): Promise<Bench> {
  const bench = await openPaths(...gate);
  t.after(() => bench.close());
  return bench;
}

test('whatever path is sent, no handler of a protected place runs for the wrong one', async (t) => {
  const bench = await openBench(t);
  await bench.check();
  const known = await bench.tryKnown();
  const { outcomes, broken } = await bench.run(createRandom(1), 3_000);
  assert.deepEqual(
    [...known.broken, ...broken].map(({ words }) => words),
    [],
  );
  // Nasty paths are passed on as well, or this would say little.
  const count = (pattern: RegExp) =>
    [...outcomes].reduce((sum, [name, cases]) => sum + (pattern.test(name) ? cases : 0), 0);
  assert.ok(count(/by (?:status|home)/) > 50);
  assert.ok(count(/stranger: .* by room/) > 20);
});

test('gates that judge one reading of a path are found, and one that takes plain paths holds', async (t) => {
  let read: (path: string) => string | undefined = (path) => path;
  const bench = await openBench(t, { startGate: startStandIn((path) => read(path)) });
  const find = async () => {
    const { broken } = await bench.run(createRandom(2), 1_000);
    return broken.map(({ words }) => words).join('\n');
  };

  read = (path) => (/^[a-z\d/]*$/.test(path) && !path.includes('//') ? path : undefined);
  await bench.check();
  assert.equal(await find(), '');

  // What nginx resolves, where the backend gets what was sent.
  read = resolvePath;
  const byResolved = await find();
  assert.match(byResolved, /nobody without the group gets to \/admin \(stranger\)/);
  assert.match(byResolved, /"\/admin\/\.\." as/);
  assert.match(byResolved, /express received/);

  // What was sent, where the backend decodes.
  read = (path) => path;
  const bySent = await find();
  assert.match(bySent, /nobody without the group gets to \/admin/);

  // Nobody gets in anywhere, or everybody everywhere.
  read = () => undefined;
  await assert.rejects(bench.check(), /a plain path is not treated as it should be/);
  read = () => '/status';
  await assert.rejects(bench.check(), /a plain path is not treated as it should be/);
});

test('the same seed gives the same targets, and they are such as a request line may hold', () => {
  const targets = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 2_000 }, () =>
      generateTarget(random, random.pick([variants['as sent'], variants.rewritten])),
    );
  };
  assert.deepEqual(targets(7), targets(7));
  assert.notDeepEqual(targets(7), targets(8));
  const all = new Set(targets(7));
  assert.ok(all.size > 1_500);
  for (const target of all) assert.match(target, /^(?:\/|http:\/\/(?:app|folder)\.test)[^\r\n]*$/);
});
