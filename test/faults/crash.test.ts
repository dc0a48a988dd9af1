import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { torture } from '../../torture/torture.ts';

// The short form of `npm run torture`.

for (const [what, workers, kills] of [
  ['a service that is killed again and again', 1, 10],
  ['a service whose workers are killed, one and then all,', 2, 6],
] as const) {
  test(`${what} loses nothing that it acknowledged, and no ticket passes twice`, async (t) => {
    const directory = temporaryDirectory(t);
    const seed = randomInt(2 ** 32);
    const outcome = await torture({ directory, kills, seed, workers });
    t.diagnostic(`seed ${seed}, ${JSON.stringify(outcome.counts)}`);
    assert.deepEqual(outcome.violations, []);
    assert.ok(outcome.kills >= kills);
    const { issued, revoked, redeemed } = outcome.counts;
    assert.ok(issued > 0 && revoked > 0 && redeemed > 0, 'there was something to lose');
  });
}
