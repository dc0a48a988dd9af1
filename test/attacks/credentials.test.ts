import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { requestTarget } from '../../testkit/clients/request-target.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('every input of a decision counts each time: nothing of an earlier answer is used again', async (t) => {
  const postern = await startTestPostern(t);
  const alice = await postern.issue({ subject: 'alice', gates: ['chat'] });
  const bob = await postern.issue({ subject: 'bob' });
  const good = {
    ...handshakeHeaders,
    'x-postern-gate': 'chat',
    'x-original-uri': '/ws',
    cookie: `postern_token=${alice.token}`,
  };
  const look = async (change: Record<string, string>) => {
    const { status, headers, reason } = await ask(postern.gate, { ...good, ...change });
    return status === 200 ? headers['remote-user'] : reason;
  };
  const cases: [Record<string, string>, string][] = [
    [{ cookie: '' }, 'no_credential'],
    [{ cookie: `postern_token=${bob.token}` }, 'bob'],
    [{ cookie: `other=1; postern_token=${alice.token}` }, 'alice'],
    [{ origin: 'https://evil.example' }, 'origin_not_allowed'],
    [{ origin: '' }, 'origin_not_allowed'],
    [{ host: 'other.example.com' }, 'origin_not_allowed'],
    [{ 'x-postern-gate': 'media' }, 'wrong_gate'],
    [{ 'x-postern-gate': '' }, 'wrong_gate'],
    [{ 'x-original-upgrade': 'h2c' }, 'upgrade_not_websocket'],
    [{ 'x-original-method': 'POST' }, 'upgrade_not_websocket'],
    [{ 'x-original-uri': `/ws?token=${bob.token}` }, 'bob'],
    [{ authorization: `Bearer ${bob.token}` }, 'bob'],
    [{ 'sec-websocket-protocol': `postern.bearer.${bob.token}` }, 'bob'],
    [{ 'x-original-upgrade': '', origin: '' }, 'alice'],
  ];
  for (const [change, expected] of cases) {
    assert.equal(await look({}), 'alice');
    assert.equal(await look(change), expected, JSON.stringify(change));
  }
});

test('user and password of Basic are told apart at the first colon', async (t) => {
  const postern = await startTestPostern(t);
  await postern.api('POST', '/v1/tokens/import', {
    tokens: [
      { secret: 'b:c0123456789-ABCDEFGHIJKLMNOP', subject: 'a' },
      { secret: 'c0123456789-ABCDEFGHIJKLMNOP', subject: 'a:b' },
    ],
  });
  const look = async (text: string) => {
    const authorization = `Basic ${Buffer.from(text).toString('base64')}`;
    const { status, headers, reason } = await ask(postern.gate, { authorization });
    return status === 200 ? headers['remote-user'] : reason;
  };
  // The same octets: RFC 7617 reads them as user "a", password "b:c…", and so does Postern.
  assert.equal(await look('a:b:c0123456789-ABCDEFGHIJKLMNOP'), 'a');
  assert.equal(await look('token:c0123456789-ABCDEFGHIJKLMNOP'), 'a:b');
  assert.equal(await look('b:c0123456789-ABCDEFGHIJKLMNOP'), 'unknown_token');
});

test('an unknown token, a wrong name and another spelling of a name get the same answer', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const other = await startTestPostern(t);
  const unknown = (await other.issue()).token;
  const answers = new Set<string>();
  for (const [user, password] of [
    ['alice', unknown],
    ['nobody', unknown],
    ['nobody', token],
    ['Alice', token],
    ['ALICE', token],
    ['alice ', token],
  ]) {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const { status, headers, body } = await ask(postern.gate, { authorization });
    const { date, 'x-postern-request-id': id, ...rest } = headers;
    assert.ok(date && id);
    answers.add(JSON.stringify({ status, rest, body }));
  }
  assert.equal(answers.size, 1);
});

test('ten thousand bogus credentials neither slow a valid one down to a denial nor fill the memory', async (t) => {
  const service = await startTestProgram(t);
  const client = connectAdmin({ listen: service.admin, key: adminKey }, undefined);
  const { body } = await client.send('POST', '/v1/tokens', { subject: 'alice' });
  const { token } = body as { token: string };
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const present = (value: string) =>
    new Promise<number>((resolve, reject) => {
      const outgoing = request({
        ...requestTarget(service.gate),
        path: '/auth',
        agent,
        headers: {
          host: 'app.example.com',
          'x-original-uri': '/',
          cookie: `postern_token=${value}`,
        },
      });
      outgoing.on('response', (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      });
      outgoing.on('error', reject).end();
    });
  const flood = async (count: number) => {
    const statuses = new Set<number>();
    for (let start = 0; start < count; start += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => present(`bogus-${start + index}`));
      for (const status of await Promise.all(batch)) statuses.add(status);
    }
    assert.deepEqual([...statuses], [401]);
  };
  await flood(2_000);
  const before = residentMegabytes(service.pid);
  await flood(10_000);
  assert.equal(await present(token), 200);
  assert.ok(residentMegabytes(service.pid) - before < 40, 'memory stays bounded');
  agent.destroy();
});

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}
