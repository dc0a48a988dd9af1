import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { torture } from '../../torture/torture.ts';

// The short form of `npm run torture`.

const maxRounds = 10;

for (const [what, workers, kills] of [
  ['a service that is killed again and again', 1, 10],
  ['a service whose workers are killed, one and then all,', 2, 6],
] as const) {
  test(`${what} loses nothing that it acknowledged, and no ticket passes twice`, async (t) => {
    // On a busy machine the service may be killed each time before it has acknowledged anything.
    for (let round = 1; ; round++) {
      const directory = temporaryDirectory(t);
      const seed = randomInt(2 ** 32);
      const outcome = await torture({ directory, kills, seed, workers });
      t.diagnostic(`seed ${seed}, ${JSON.stringify(outcome.counts)}`);
      assert.deepEqual(outcome.violations, []);
      assert.ok(outcome.kills >= kills);
      const { issued, revoked, redeemed } = outcome.counts;
      if (issued > 0 && revoked > 0 && redeemed > 0) break;
      assert.ok(round < maxRounds, 'there was something to lose');
    }
  });
}
