import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { listAudit } from '../../testkit/postern/audit.ts';
import { scrape } from '../../testkit/postern/metrics.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { workersOfTests } from '../../testkit/postern/worker-count.ts';
import { waitFor } from '../../testkit/wait.ts';
import { knock, startCached } from './fixture.ts';

/** Held still, so that no answer expires. */
const clock = () => Date.parse('2027-01-01T12:00:00Z');

/** Knocks until every worker has an answer: each asks the service once. */
async function fill(
  gate: ListenAddress,
  questions: readonly unknown[],
  name?: string,
): Promise<void> {
  const before = questions.length;
  await waitFor('an answer in every worker', async () => {
    assert.equal((await knock(gate, name)).status, 200);
    return questions.length === before + workersOfTests();
  });
}

test('after a recheck a logout at the service counts for the next request, at that gate only', async (t) => {
  const { server, config, signOut } = await startCached(t);
  const postern = await startTestPostern(t, { config, clock });
  await fill(postern.gate, server.questions);
  await fill(postern.gate, server.questions, 'other');
  signOut();
  assert.equal((await knock(postern.gate)).status, 200, 'the answer is cached');

  const answer = await postern.api('POST', '/v1/bridges/admin/recheck');
  assert.deepEqual(answer, { status: 200, body: { dropped: workersOfTests() } });
  for (let i = 0; i < 6; i++) {
    assert.equal((await knock(postern.gate)).reason, 'sign_on_denied');
    assert.equal((await knock(postern.gate, 'other')).status, 200);
  }
  const again = await postern.api('POST', '/v1/bridges/admin/recheck');
  assert.deepEqual(again.body, { dropped: 0 });
});

test('a recheck is in the audit log with who asked, in the log and in the metrics', async (t) => {
  const { server, config } = await startCached(t);
  const postern = await startTestPostern(t, { config, clock });
  await fill(postern.gate, server.questions);
  const counted = async () =>
    (await scrape(postern.admin)).value('postern_bridge_rechecks_total', { service: 'tinyauth' });
  assert.equal(await counted(), 0);
  await postern.api('POST', '/v1/bridges/admin/recheck');
  assert.equal(await counted(), 1);
  const count = workersOfTests();
  const entries = await listAudit(postern, 'event=recheck');
  assert.deepEqual(
    entries.map(({ actor, client, gate, count, details }) => [actor, client, gate, count, details]),
    [['configured', '127.0.0.1', 'admin', count, { service: 'tinyauth' }]],
  );
  const lines = postern.log.filter(({ event }) => event === 'recheck');
  assert.deepEqual(
    lines.map(({ gate, service, count }) => [gate, service, count]),
    [['admin', 'tinyauth', count]],
  );
});

test('a gate that is not there, or has no bridge, is 404 and leaves no entry', async (t) => {
  const { config } = await startCached(t);
  const postern = await startTestPostern(t, { config, clock });
  for (const [gate, status, code, detail] of [
    ['nowhere', 404, 'bridge_not_found', /no gate nowhere/],
    ['plain', 404, 'bridge_not_found', /gate plain has no bridge/],
    ['UPPER', 400, 'validation_failed', /undefined/],
  ] as const) {
    const answer = await postern.api('POST', `/v1/bridges/${gate}/recheck`);
    const problem = answer.body as { code: string; detail?: string };
    assert.deepEqual([answer.status, problem.code], [status, code]);
    assert.match(String(problem.detail), detail);
  }
  assert.deepEqual(await listAudit(postern, 'event=recheck'), []);
});

test('only an admin may recheck', async (t) => {
  const { config } = await startCached(t);
  const postern = await startTestPostern(t, { config, clock });
  for (const [role, status] of [
    ['issuer', 403],
    ['introspector', 403],
    ['auditor', 403],
    ['admin', 200],
  ] as const) {
    const { body } = await postern.api('POST', '/v1/keys', { name: role, role });
    const { key } = body as { key: string };
    const client = connectAdmin({ listen: postern.admin, key }, undefined);
    assert.equal((await client.send('POST', '/v1/bridges/admin/recheck')).status, status, role);
  }
});

test('without gates, a recheck of any name concerns the one bridge', async (t) => {
  const { server } = await startCached(t);
  const postern = await startTestPostern(t, {
    clock,
    env: {
      POSTERN_DEFAULT_GATE_SOURCES: 'bridge',
      POSTERN_DEFAULT_GATE_BRIDGE: JSON.stringify({
        ...{ service: 'tinyauth', url: server.url, cache: '60s' },
      }),
    },
  });
  await fill(postern.gate, server.questions);
  const { body } = await postern.api('POST', '/v1/bridges/any/recheck');
  assert.deepEqual(body, { dropped: workersOfTests() });
});
