import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask } from '../../testkit/postern/ask.ts';
import {
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

const four = { POSTERN_WORKERS: '4' };

/** Processes that the primary process started. */
function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

function clientOf({ admin }: TestProgram) {
  const client = connectAdmin({ listen: admin, key: adminKey }, undefined);
  return {
    send: client.send,
    async issue(kind: 'tokens' | 'tickets') {
      const { body } = await client.send('POST', `/v1/${kind}`, { subject: 'alice' });
      return body as { id: string; token: string };
    },
  };
}

/** Asks over a connection of its own, so that any of the workers may get it. */
const present = async (gate: ListenAddress, token: string) =>
  (await ask(gate, { 'x-original-uri': `/?token=${token}` })).status;

test('a ticket passes once, whichever workers are asked', async (t) => {
  const served = await startTestProgram(t, { env: four });
  assert.equal(workersOf(served.pid).length, 4);
  const { issue } = clientOf(served);
  for (let round = 0; round < 5; round++) {
    const { token } = await issue('tickets');
    const statuses = await Promise.all(
      Array.from({ length: 40 }, () => present(served.gate, token)),
    );
    assert.deepEqual(
      statuses.filter((status) => status === 200),
      [200],
    );
  }
});

test('a revocation that was acknowledged is felt by every worker at once', async (t) => {
  const served = await startTestProgram(t, { env: four });
  const { issue, send } = clientOf(served);
  for (let round = 0; round < 10; round++) {
    const { token, id } = await issue('tokens');
    const all = () => Promise.all(Array.from({ length: 16 }, () => present(served.gate, token)));
    assert.deepEqual(new Set(await all()), new Set([200]));
    await send('DELETE', `/v1/tokens/${id}`);
    assert.deepEqual(new Set(await all()), new Set([401]));
  }
});

test('a worker that dies is replaced, and the others answer meanwhile', async (t) => {
  const served = await startTestProgram(t, { env: four });
  const { issue } = clientOf(served);
  const { token } = await issue('tokens');
  const before = workersOf(served.pid);
  process.kill(before[0] as number, 'SIGKILL');
  await waitFor('the end of the worker', () => workersOf(served.pid).length < 4);
  assert.equal(await present(served.gate, token), 200);
  await waitFor('the replacement', () => served.stdout().includes('a worker was replaced'));
  const after = workersOf(served.pid);
  assert.equal(after.length, 4);
  assert.ok(!after.includes(before[0] as number));
  assert.equal(await present(served.gate, token), 200);
});

test('a decision is found by its id, whichever worker made it', async (t) => {
  const served = await startTestProgram(t, { env: four });
  const { send } = clientOf(served);
  for (let i = 0; i < 8; i++) {
    const { headers } = await ask(served.gate, { 'x-original-uri': '/?token=bad' });
    const id = String(headers['x-postern-request-id']);
    const { status, body } = await send('GET', `/v1/decisions/${id}`);
    assert.deepEqual([status, (body as { reason: string }).reason], [200, 'unknown_token']);
  }
  assert.equal((await send('GET', '/v1/decisions/none')).status, 404);
});

test('a reload reaches all workers, by signal and by the API', async (t) => {
  const served = await startTestProgram(t, { env: four });
  const reloads = () => served.stdout().split('"event":"reload"').length - 1;
  process.kill(served.pid, 'SIGHUP');
  await waitFor('the reload by signal', () => reloads() === 4);
  await clientOf(served).send('POST', '/v1/config/reload');
  await waitFor('the reload by the API', () => reloads() === 8);
});

test('SIGTERM finishes what is in flight and ends all workers', async (t) => {
  const served = await startTestProgram(t, { env: four });
  const workers = workersOf(served.pid);
  const { code } = await served.end('SIGTERM');
  assert.equal(code, 0);
  for (const pid of workers) assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

test('workers that cannot start say why once, and the exit code says so', async (t) => {
  const { env } = programEnvironment(t);
  const first = await startTestProgram(t, { env });
  await assert.rejects(startTestProgram(t, { env: { ...env, ...four } }), (error: Error) => {
    assert.match(error.message, /^serve ended with 4: postern: cannot listen on /);
    assert.equal(error.message.split('another process listens there').length, 2);
    return true;
  });
  assert.equal((await ask(first.gate)).status, 401);
});

test('lines of several workers are each whole in the log', async (t) => {
  const served = await startTestProgram(t, { env: four });
  // Of denials that are alike only some are told.
  const { token } = await clientOf(served).issue('tokens');
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const socketPath = served.gate.kind === 'unix' ? served.gate.path : '';
  const once = (agent: Agent) =>
    new Promise<void>((resolve, reject) => {
      const uri = `/${'x'.repeat(300)}?token=${token}`;
      const headers = { host: 'app.example.com', 'x-original-uri': uri };
      request({ socketPath, path: '/auth', agent, headers }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
  await Promise.all(
    agents.map(async (agent) => {
      for (let i = 0; i < 200; i++) await once(agent);
      agent.destroy();
    }),
  );
  const { stdout } = await served.end('SIGTERM');
  const lines = stdout.trimEnd().split('\n');
  const decisions = lines.filter((line) => JSON.parse(line).event === 'decision');
  assert.equal(decisions.length, 1_600);
});
