import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/admin-client.ts';
import { ask } from '../support/ask.ts';
import { serve, surroundings } from '../support/cli.ts';
import { adminKey } from '../support/postern.ts';
import { waitFor } from '../support/wait.ts';

test('workers tell each other who is throttled, and all forget it', async (t) => {
  const { env } = surroundings(t, { POSTERN_WORKERS: '2', POSTERN_THROTTLE_FAILURES: '5' });
  const served = await serve(t, env);
  const { send } = connectAdmin({ listen: served.admin, key: adminKey }, undefined);
  // Each over a connection of its own, so that any of the workers may get it.
  const bogus = async (count: number) => {
    const answers = Array.from({ length: count }, () =>
      ask(served.gate, { authorization: 'Bearer bogus' }),
    );
    return (await Promise.all(answers)).map(({ reason }) => reason);
  };
  // At the latest when each of two workers has had five.
  await bogus(10);
  await waitFor('both to know', async () =>
    (await bogus(20)).every((reason) => reason === 'throttled'),
  );
  for (let i = 0; i < 6; i++) {
    const { body } = await send('GET', '/v1/throttle');
    const { throttled } = body as { throttled: { network: string }[] };
    assert.deepEqual(
      throttled.map(({ network }) => network),
      ['203.0.113.7/32'],
    );
  }
  const { body } = await send('DELETE', '/v1/throttle?network=203.0.113.7');
  assert.deepEqual(body, { cleared: 1 });
  assert.deepEqual(await bogus(4), new Array(4).fill('unknown_token'));
  const begun = served.stdout().split('too many failed attempts').length - 1;
  assert.ok(begun >= 1 && begun <= 2, `said ${begun} times`);
});
