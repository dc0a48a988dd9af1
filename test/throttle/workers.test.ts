import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

const bogus = { authorization: 'Bearer bogus' };

test('a worker tells the others who is throttled, and all forget it', async (t) => {
  const { env } = programEnvironment(t, { POSTERN_WORKERS: '2', POSTERN_THROTTLE_FAILURES: '100' });
  const served = await startTestProgram(t, { env });
  const { send } = connectAdmin({ listen: served.admin, key: adminKey }, undefined);
  // All over one connection, so that one worker gets them.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const socketPath = served.gate.kind === 'unix' ? served.gate.path : '';
  const flood = () =>
    new Promise<void>((resolve, reject) => {
      const headers = {
        ...{ host: 'app.example.com', 'x-original-uri': '/', 'x-real-ip': '203.0.113.7' },
        ...bogus,
      };
      request({ socketPath, path: '/auth', agent, headers }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
  for (let i = 0; i < 101; i++) await flood();

  // Each over a connection of its own, so that any worker may get it.
  const reasons: (string | undefined)[] = [];
  await waitFor('both to know', async () => {
    const round: typeof reasons = [];
    for (let i = 0; i < 6; i++) round.push((await ask(served.gate, bogus)).reason);
    reasons.push(...round);
    return round.every((reason) => reason === 'throttled');
  });
  const own = reasons.filter((reason) => reason === 'unknown_token').length;
  assert.ok(own < 100, 'the other one did not find out by itself');

  const { body } = await send('GET', '/v1/throttle');
  const { throttled } = body as { throttled: { network: string }[] };
  assert.deepEqual(
    throttled.map(({ network }) => network),
    ['203.0.113.7/32'],
  );
  const said = () => served.stdout().split('too many failed attempts').length - 1;
  await waitFor('the log to say it', () => said() > 0);
  assert.equal(said(), 1, 'said once');
  const cleared = await send('DELETE', '/v1/throttle?network=203.0.113.7');
  assert.deepEqual(cleared.body, { cleared: 1 });
  for (let i = 0; i < 6; i++) {
    assert.equal((await ask(served.gate, bogus)).reason, 'unknown_token');
  }
});
