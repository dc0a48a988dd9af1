import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { ask } from '../support/ask.ts';
import { startSite } from '../support/nginx.ts';
import { startTestPostern } from '../support/postern.ts';
import { workersOfTests } from '../support/worker-count.ts';

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
