import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { noon } from '../../testkit/jwt.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';
import { workersOfTests } from '../../testkit/postern/worker-count.ts';
import { waitFor } from '../../testkit/wait.ts';

/** Who attacks, and somebody else: both on this machine, as nginx sees them. */
const attacker = '127.0.0.1';
const somebodyElse = '127.0.0.2';

/** How a handshake through nginx ended. */
interface Outcome {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

async function startAttacked(t: TestContext) {
  const postern = await startTestPostern(t, { env: { POSTERN_THROTTLE_FAILURES: '20' } });
  const site = await startSite(t, { gate: postern.gate });
  const { token } = await postern.issue();

  /** Makes a handshake from an address of this machine. */
  const open = (value: string, from = attacker, headers: Record<string, string> = {}) =>
    new Promise<Outcome>((resolve, reject) => {
      const outgoing = request({
        port: site.nginx.port,
        host: '127.0.0.1',
        localAddress: from,
        agent: false,
        path: '/ws',
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
          ...(value !== '' && { Authorization: `Bearer ${value}` }),
          ...headers,
        },
      });
      outgoing.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, retryAfter: undefined });
      });
      outgoing.on('response', (response) => {
        response.resume();
        const retryAfter = response.headers['retry-after'];
        resolve({ status: response.statusCode ?? 0, retryAfter });
      });
      outgoing.on('error', reject).end();
    });
  let count = 0;
  const flood = async (times: number, from?: string, headers?: Record<string, string>) => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) {
      statuses.push((await open(`bogus-${count++}`, from, headers)).status);
    }
    return statuses;
  };
  return { postern, site, token, open, flood };
}

test('a flood of bogus tokens is 429 for whoever sends it; good tokens pass beside it, and others notice nothing', async (t) => {
  const { postern, site, token, open, flood } = await startAttacked(t);
  // Each worker counts for itself, and tells the others a moment later.
  const atMost = 20 * workersOfTests() + 5;
  const statuses = await flood(atMost + 15);
  assert.deepEqual(statuses.slice(0, 20), new Array(20).fill(401));
  assert.deepEqual(statuses.slice(atMost), new Array(15).fill(429));
  for (let round = 0; round < 10; round++) {
    const [flooded, good, other] = await Promise.all([
      open(`bogus-${round}`),
      open(token),
      open(token, somebodyElse),
    ]);
    assert.equal(flooded.status, 429);
    assert.ok(Number(flooded.retryAfter) > 200, flooded.retryAfter);
    assert.deepEqual([good.status, other.status], [101, 101]);
  }
  assert.deepEqual(await flood(1, somebodyElse), [401]);
  assert.equal(site.backend.seen.length, 20);
  const lines = postern.log.filter(({ reason }) => reason === 'throttled');
  // One for all attempts; a worker that hears of it from another may begin anew.
  const most = workersOfTests() > 1 ? 5 * workersOfTests() : 1;
  assert.ok(lines.length >= 1 && lines.length <= most, String(lines.length));
  assert.equal(lines[0]?.client, attacker);
});

test('headers of a client neither get it out of its own network nor put its attempts on another', async (t) => {
  const { postern, token, open, flood } = await startAttacked(t);
  const lie = (i: number) => ({
    'X-Real-IP': somebodyElse,
    'X-Forwarded-For': `198.51.100.${i}, ${somebodyElse}`,
    Forwarded: `for=${somebodyElse}`,
    'X-Client-IP': somebodyElse,
    'X-Original-Upgrade': '',
    'X-Postern-Gate': `gate-${i}`,
  });
  for (let i = 0; i < 30; i++) await flood(1, attacker, lie(i));
  assert.deepEqual(await flood(1, attacker, lie(99)), [429]);
  assert.deepEqual(await flood(1, somebodyElse), [401]);
  assert.equal((await open(token, somebodyElse)).status, 101);
  const { body } = await postern.api('GET', '/v1/throttle');
  const { throttled } = body as { throttled: { gate: string; network: string }[] };
  assert.deepEqual(
    throttled.map(({ gate, network }) => [gate, network]),
    [['chat', `${attacker}/32`]],
  );
});

test('attempts of a peer that is no trusted proxy count for nobody, whomever it names', async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_THROTTLE_FAILURES: '3', POSTERN_GATE_TRUSTED_PROXIES: '10.0.0.0/8' },
  });
  for (let i = 0; i < 20; i++) {
    const { reason } = await ask(postern.gate, {
      authorization: `Bearer bogus-${i}`,
      'x-real-ip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9',
    });
    assert.equal(reason, 'untrusted_proxy');
  }
  const { body } = await postern.api('GET', '/v1/throttle');
  assert.deepEqual(body, { throttled: [], next_cursor: null });
});

test('where nginx does not say who its clients are, a flood stops none of them', async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_THROTTLE_FAILURES: '3', POSTERN_GATE_TRUSTED_PROXIES: 'loopback' },
  });
  const { token } = await postern.issue();
  const unnamed = (authorization: string) =>
    ask(postern.gate, { authorization, 'x-real-ip': '', 'x-forwarded-for': '' });
  for (let i = 0; i < 20; i++) await unnamed(`Bearer bogus-${i}`);
  assert.equal((await unnamed('Bearer bogus')).reason, 'throttled');
  assert.equal((await unnamed(`Bearer ${token}`)).status, 200);
});

/** Tries to sign in, or asks who is there, with a secret that was never issued. */
function guess(
  postern: TestPostern,
  i: number,
  method: 'POST' | 'GET',
  gate: string,
  from: string,
) {
  const path = `/.postern/session?gate=${gate}`;
  const headers = { 'x-original-uri': path, 'x-real-ip': from, authorization: `Bearer wrong-${i}` };
  return ask(postern.gate, headers, { method, path });
}

test('guesses under names of gates that were made up have one budget, and leave other counts alone', async (t) => {
  const postern = await startTestPostern(t, {
    singleProcess: true,
    clock: () => noon,
    env: { POSTERN_THROTTLE_FAILURES: '20' },
  });
  const early = '198.51.100.1';
  for (let i = 0; i < 20; i++) {
    const headers = { authorization: `Bearer early-${i}`, 'x-real-ip': early };
    assert.equal((await ask(postern.gate, headers)).reason, 'unknown_token');
  }
  const statuses: number[] = [];
  for (let i = 0; i < 4_000; i++) {
    const { status } = await guess(postern, i, 'POST', `made-up-${i}`, attacker);
    statuses.push(status);
  }
  assert.deepEqual(statuses.slice(0, 20), new Array(20).fill(401));
  assert.deepEqual(new Set(statuses.slice(20)), new Set([429]));
  const asked = await guess(postern, 0, 'GET', 'yet-another', attacker);
  assert.equal(JSON.parse(asked.body).reason, 'throttled');
  const { body } = await postern.api('GET', '/v1/throttle');
  const { throttled } = body as { throttled: { gate: string; network: string }[] };
  assert.deepEqual(throttled.map(({ gate, network }) => `${gate} ${network}`).sort(), [
    `default ${attacker}/32`,
    `default ${early}/32`,
  ]);
  assert.equal((await guess(postern, 0, 'POST', 'made-up', somebodyElse)).status, 401);
});

test('guesses at the gates of one host have one budget, whichever of them they name', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const gates = Array.from({ length: 10 }, (_, i) => `g${i}`);
  const lines = gates.map((name) => `  ${name}: { hosts: [app.example.com], paths: [/${name}] }`);
  writeFileSync(config, `throttle: { failures: 20 }\ngates:\n${lines.join('\n')}\n`);
  const postern = await startTestPostern(t, { singleProcess: true, clock: () => noon, config });
  const statuses: number[] = [];
  for (let i = 0; i < 60; i++) {
    statuses.push((await guess(postern, i, 'POST', `g${i % 10}`, attacker)).status);
  }
  assert.deepEqual(statuses, [...new Array(20).fill(401), ...new Array(40).fill(429)]);
});

test('a sign-in that fails, and a guess at who is there, are in the log and in the audit log', async (t) => {
  const postern = await startTestPostern(t);
  const { id, token } = await postern.issue({ subject: 'carol' });
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await guess(postern, 0, 'POST', 'made-up', attacker);
  await guess(postern, 1, 'GET', 'made-up', attacker);
  const from = { 'x-original-uri': '/', 'x-real-ip': attacker, authorization: `Bearer ${token}` };
  await ask(postern.gate, from, { method: 'POST', path: '/.postern/session' });
  const told = () => postern.log.filter(({ event }) => event === 'sign_in');
  await waitFor('three lines', () => told().length === 3);
  assert.deepEqual(
    told().map(({ gate, verdict, reason, client, subject }) => [
      ...[gate, verdict, reason, client, subject],
    ]),
    [
      ['default', 'deny', 'unknown_token', attacker, undefined],
      ['default', 'deny', 'unknown_token', attacker, undefined],
      ['default', 'deny', 'revoked', attacker, 'carol'],
    ],
  );
  const entries = async () => {
    const { body } = await postern.api('GET', '/v1/audit?event=denial&order=asc');
    const { entries: all } = body as { entries: Record<string, unknown>[] };
    return all.map(({ gate, reason, client, subject, details }) => ({
      ...{ gate, reason, client, subject },
      ...{ signIn: (details as { sign_in?: boolean }).sign_in },
    }));
  };
  await waitFor('three entries', async () => (await entries()).length === 3);
  const denied = { gate: 'default', client: attacker, signIn: true };
  assert.deepEqual(await entries(), [
    { ...denied, reason: 'unknown_token', subject: null },
    { ...denied, reason: 'unknown_token', subject: null },
    { ...denied, reason: 'revoked', subject: 'carol' },
  ]);
  assert.ok(!postern.rawLog().includes('wrong-0'));
});

test('?gate= answers for a gate of another host as for one that does not exist', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    config,
    'gates:\n  here: { hosts: [app.example.com] }\n  secret-admin: { hosts: [admin.example.com] }\n',
  );
  const postern = await startTestPostern(t, { config });
  const { token } = await postern.issue();
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'] as const) {
    for (const origin of [undefined, 'https://app.example.com', 'https://admin.example.com']) {
      const answers = ['secret-admin', 'no-such-gate'].map(async (name) => {
        const path = `/.postern/session?gate=${name}`;
        const headers = {
          ...{ 'x-original-uri': path, authorization: `Bearer ${token}` },
          ...(origin && { origin }),
        };
        const {
          status,
          body,
          reason,
          headers: got,
        } = await ask(postern.gate, headers, {
          ...{ method, path },
        });
        return { status, body, reason, headers: { ...got, date: undefined } };
      });
      const [existing, missing] = await Promise.all(answers);
      assert.deepEqual(existing, missing);
      assert.equal(existing?.reason, 'no_gate', method);
    }
  }
});
