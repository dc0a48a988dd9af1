import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const day = 86_400_000;

test('a token is refused from the moment of its expiry, though nothing was pruned', async (t) => {
  let now = Date.now();
  const postern = await startTestPostern(t, { clock: () => now });
  const { token, id } = await postern.issue({ expires_in: '1h' });
  const cookie = `postern_token=${token}`;
  now += 3_600_000 - 1;
  assert.equal((await ask(postern.gate, { cookie })).status, 200);
  now += 1;
  const answer = await ask(postern.gate, { cookie });
  assert.deepEqual([answer.status, answer.reason], [401, 'expired']);
  now += 1_000;
  assert.equal((await ask(postern.gate, { cookie })).status, 401);
  const { body } = await postern.api('GET', `/v1/tokens/${id}`);
  assert.equal((body as { state: string }).state, 'expired');
});

test('what ended longer ago than the retention is pruned, and nothing else', async (t) => {
  let now = Date.now();
  const postern = await startTestPostern(t, { clock: () => now, singleProcess: true });
  const gone = await postern.issue({ expires_in: '1d' });
  const revoked = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const ticket = await postern.issueTicket();
  now += 20 * day;
  const recent = await postern.issue({ expires_in: '12d' });
  const alive = await postern.issue({ expires_in: 'never' });
  now += 12 * day;
  assert.deepEqual(await postern.pruning.run(), {
    token: 2,
    ticket: 1,
    session: 0,
    jwt: 0,
    audit: 0,
  });
  for (const { id } of [gone, revoked, ticket]) {
    assert.equal((await postern.api('GET', `/v1/tokens/${id}`)).status, 404);
  }
  for (const { id } of [recent, alive]) {
    assert.equal((await postern.api('GET', `/v1/tokens/${id}`)).status, 200);
  }
  const answer = await ask(postern.gate, { cookie: `postern_token=${gone.token}` });
  assert.deepEqual([answer.status, answer.reason], [401, 'unknown_token']);
});

test('a body whose media type is not quite JSON is refused, never taken unvalidated', async (t) => {
  const postern = await startTestPostern(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const body = '{"subject":"alice","evil":true}';
  const types = [
    ' application/json',
    'application/json\ta',
    'application/json x',
    'text/plain',
    'application/jsonx',
    '',
  ];
  for (const type of types) {
    const answer = await sendRaw(
      port,
      `POST /v1/tokens HTTP/1.1
Host: localhost
Authorization: Bearer ${adminKey}
Content-Type:${type}
Content-Length: ${body.length}
Connection: close

${body}`,
    );
    assert.ok([400, 415].includes(answer.status), `${JSON.stringify(type)}: ${answer.status}`);
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
  }
  const { body: page } = await postern.api('GET', '/v1/tokens');
  assert.deepEqual((page as { tokens: unknown[] }).tokens, []);
});

test('no spelling of an admin path and no method gets past the key', async (t) => {
  const postern = await startTestPostern(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const paths = [
    '/v1/tokens',
    '//v1/tokens',
    '/v1//tokens',
    '/v1;x/tokens',
    '/v1%2ftokens',
    '/V1/tokens',
    '/./v1/tokens',
    '/x/../v1/tokens',
    '/v1/tokens/',
    '/v1/nothing',
    '/v1',
    '/%76%31/tokens',
  ];
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'PUT']) {
      const answer = await sendRaw(
        port,
        `${method} ${path} HTTP/1.1\nHost: localhost\nContent-Length: 0\nConnection: close\n\n`,
      );
      assert.ok([401, 404].includes(answer.status), `${method} ${path}: ${answer.status}`);
    }
  }
});

test('what is not the admin key is refused without a hint at how it is wrong', async (t) => {
  const postern = await startTestPostern(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const wrong = [
    '',
    'Bearer',
    `Bearer ${adminKey}x`,
    `Bearer ${adminKey.slice(0, -1)}`,
    `Bearer ${adminKey.toUpperCase()}`,
    `Basic ${adminKey}`,
    `Bearer ${adminKey} x`,
    adminKey,
  ];
  const answers = new Set<string>();
  for (const authorization of wrong) {
    const answer = await sendRaw(
      port,
      `GET /v1/tokens HTTP/1.1\nHost: localhost\nAuthorization: ${authorization}\nConnection: close\n\n`,
    );
    assert.equal(answer.status, 401, authorization);
    answers.add(answer.text.replace(/^Date: .*$/im, ''));
  }
  assert.equal(answers.size, 1);
});

test('a client that asks the gate itself, from beyond the trusted proxies, is denied whatever it claims', async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_GATE_TRUSTED_PROXIES: '10.0.0.0/8' },
  });
  const { token } = await postern.issue();
  const answer = await ask(postern.gate, {
    cookie: `postern_token=${token}`,
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example.com',
  });
  assert.deepEqual([answer.status, answer.reason], [401, 'untrusted_proxy']);
  assert.equal(postern.lastDecision().client, '127.0.0.1');
});

test("the client's address is the last hop that is no trusted proxy", async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_GATE_TRUSTED_PROXIES: 'loopback,10.0.0.0/8' },
  });
  const cases: [Record<string, string | string[]>, string | undefined][] = [
    [{ 'x-real-ip': '203.0.113.7', 'x-forwarded-for': '198.51.100.1' }, '203.0.113.7'],
    [{ 'x-real-ip': '', 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.1.1.1' }, '203.0.113.7'],
    [{ 'x-real-ip': '', 'x-forwarded-for': ['198.51.100.1', '203.0.113.7'] }, '203.0.113.7'],
    [{ 'x-real-ip': '', 'x-forwarded-for': '10.2.2.2, 10.1.1.1' }, '10.2.2.2'],
    [{ 'x-real-ip': '::ffff:203.0.113.7' }, '203.0.113.7'],
    [{ 'x-real-ip': '' }, undefined],
  ];
  for (const [headers, client] of cases) {
    await ask(postern.gate, headers);
    assert.equal(postern.lastDecision().client, client, JSON.stringify(headers));
  }
});
