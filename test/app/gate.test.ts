import assert from 'node:assert/strict';
import { Agent, METHODS, request } from 'node:http';
import { test } from 'node:test';
import { identityHeaders } from '../../src/core/gate/gate.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('an answer that lets through carries every identity header and an empty body', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue({
    subject: 'alice',
    claims: { email: 'a@example.com' },
  });
  const answer = await ask(postern.gate, { ...handshakeHeaders, cookie: `postern_token=${token}` });
  assert.equal(answer.status, 200);
  assert.equal(answer.body, '');
  assert.equal(answer.headers['content-length'], '0');
  assert.equal(answer.headers['cache-control'], 'no-store');
  const shown = identityHeaders.map(({ name }) => [name, answer.headers[name.toLowerCase()]]);
  assert.deepEqual(shown, [
    ['Remote-User', 'alice'],
    ['Remote-Email', 'a@example.com'],
    ['Remote-Name', ''],
    ['Remote-Groups', ''],
    ['X-Postern-Token-Id', id],
  ]);
  assert.equal(answer.headers['x-postern-reason'], undefined);
});

test('a denial carries its reason, a challenge and no identity', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${id}`);
  const none = await ask(postern.gate, { 'x-postern-gate': 'chat' });
  assert.deepEqual([none.status, none.reason, none.body], [401, 'no_credential', '']);
  assert.equal(none.headers['www-authenticate'], 'Bearer realm="chat"');
  assert.equal(none.headers['cache-control'], 'no-store');
  assert.equal(none.headers['content-length'], '0');
  const revoked = await ask(postern.gate, { cookie: `postern_token=${token}` });
  assert.deepEqual([revoked.status, revoked.reason], [401, 'revoked']);
  assert.equal(
    revoked.headers['www-authenticate'],
    'Bearer realm="default", error="invalid_token"',
  );
  assert.equal(revoked.headers['remote-user'], undefined);
  assert.equal(revoked.headers['x-postern-request-id'], postern.lastDecision().request_id);
});

test('any method is answered, with or without a body, and never with a redirect', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const cookie = `postern_token=${token}`;
  for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
    assert.equal((await ask(postern.gate, { cookie }, { method })).status, 200, method);
    assert.equal((await ask(postern.gate, {}, { method, body: 'a=1' })).status, 401, method);
  }
  const types = ['application/json', 'text/plain', 'nonsense', 'multipart/form-data'];
  for (const type of types) {
    const answer = await ask(
      postern.gate,
      { cookie, 'content-type': type },
      { method: 'POST', body: '{broken' },
    );
    assert.equal(answer.status, 200, type);
  }
});

test('an announced body that never comes is not waited for', async (t) => {
  const postern = await startTestPostern(t);
  const port = postern.gate.kind === 'tcp' ? postern.gate.port : 0;
  const answer = await sendRaw(
    port,
    'POST /auth HTTP/1.1\nHost: app.example.com\nX-Original-URI: /\nContent-Length: 1000\n\n',
  );
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.connection, 'close');
});

test('one connection serves many subrequests', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const port = postern.gate.kind === 'tcp' ? postern.gate.port : 0;
  const localPorts = new Set<number | undefined>();
  const once = (cookie: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { host: 'app.example.com', 'x-original-uri': '/', cookie };
      const outgoing = request({ port, host: '127.0.0.1', path: '/auth', agent, headers });
      outgoing.on('response', (response) => {
        localPorts.add(outgoing.socket?.localPort);
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      outgoing.on('error', reject).end();
    });
  assert.equal(await once(`postern_token=${token}`), 200);
  assert.equal(await once('postern_token=x'), 401);
  assert.equal(await once(`postern_token=${token}`), 200);
  assert.equal(localPorts.size, 1);
  agent.destroy();
});

test('two hundred identities at once: nobody gets the name of another', async (t) => {
  const postern = await startTestPostern(t);
  const issued = await Promise.all(
    Array.from({ length: 200 }, (_, index) => postern.issue({ subject: `user-${index}` })),
  );
  const rounds = Array.from({ length: 5 }, () => issued).flat();
  const answers = await Promise.all(
    rounds.map(({ token }) => ask(postern.gate, { cookie: `postern_token=${token}` })),
  );
  assert.deepEqual(
    answers.map(({ headers }) => headers['x-postern-token-id']),
    rounds.map(({ id }) => id),
  );
  assert.deepEqual(
    answers.map(({ headers }) => headers['remote-user']),
    rounds.map((_, index) => `user-${index % 200}`),
  );
});

test('of many simultaneous uses of a ticket exactly one passes', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issueTicket();
  const answers = await Promise.all(
    Array.from({ length: 200 }, () =>
      ask(postern.gate, { 'x-original-uri': `/ws?token=${token}` }),
    ),
  );
  const reasons = answers.map(({ status, reason }) => reason ?? status);
  assert.equal(reasons.filter((reason) => reason === 200).length, 1);
  assert.equal(reasons.filter((reason) => reason === 'already_used').length, 199);
});

test('a request that is denied for another reason does not use a ticket up', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issueTicket({ gates: ['chat'] });
  const uri = { 'x-original-uri': `/ws?token=${token}` };
  assert.equal(
    (await ask(postern.gate, { ...uri, 'x-postern-gate': 'media' })).reason,
    'wrong_gate',
  );
  const h2c = { ...uri, 'x-postern-gate': 'chat', 'x-original-upgrade': 'h2c' };
  assert.equal((await ask(postern.gate, h2c)).reason, 'upgrade_not_websocket');
  assert.equal((await ask(postern.gate, { ...uri, 'x-postern-gate': 'chat' })).status, 200);
});

test('the first credential present decides: a good cookie does not rescue a bad query token', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const cookie = `postern_token=${token}`;
  const bad = await ask(postern.gate, { cookie, 'x-original-uri': '/?token=bad' });
  assert.deepEqual([bad.status, bad.reason], [401, 'unknown_token']);
  const good = await ask(postern.gate, {
    cookie: 'postern_token=bad',
    'x-original-uri': `/?token=${token}`,
  });
  assert.equal(good.status, 200);
  assert.equal(postern.lastDecision().source, 'query');
});

test('names of cookie and parameter, and the order of sources, can be configured', async (t) => {
  const postern = await startTestPostern(t, {
    env: {
      POSTERN_DEFAULT_GATE_COOKIES: 'AUTH',
      POSTERN_DEFAULT_GATE_QUERY: 'access_token',
      POSTERN_DEFAULT_GATE_SOURCES: 'cookie,query',
    },
  });
  const { token } = await postern.issue();
  assert.equal((await ask(postern.gate, { cookie: `AUTH=${token}` })).status, 200);
  assert.equal((await ask(postern.gate, { cookie: `postern_token=${token}` })).status, 401);
  const query = { 'x-original-uri': `/?access_token=${token}` };
  assert.equal((await ask(postern.gate, query)).status, 200);
  const both = await ask(postern.gate, { ...query, cookie: 'AUTH=bad' });
  assert.equal(both.reason, 'unknown_token');
});

test('one log line a decision says who, where and why, without the query', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue({ subject: 'alice' });
  const before = postern.log.length;
  await ask(postern.gate, {
    ...handshakeHeaders,
    'x-postern-gate': 'chat',
    'x-original-uri': `/rooms/1?token=${token}&x=private`,
  });
  const lines = postern.log.slice(before);
  assert.equal(lines.length, 1);
  const { time, request_id, ...line } = lines[0] ?? {};
  assert.ok(time);
  assert.ok(request_id);
  assert.deepEqual(line, {
    level: 30,
    event: 'decision',
    gate: 'chat',
    verdict: 'allow',
    source: 'query',
    token_id: id,
    subject: 'alice',
    client: '203.0.113.7',
    method: 'GET',
    host: 'app.example.com',
    path: '/rooms/1',
    origin: 'https://app.example.com',
    upgrade: true,
    msg: 'allowed',
  });
});

test('two instances on one store agree on tickets and revocations', async (t) => {
  const first = await startTestPostern(t);
  const second = await startTestPostern(t, { dataDir: first.dataDir });
  const { token } = await first.issueTicket();
  const uri = { 'x-original-uri': `/?token=${token}` };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask(index % 2 ? first.gate : second.gate, uri)),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const issued = await second.issue();
  const cookie = { cookie: `postern_token=${issued.token}` };
  assert.equal((await ask(first.gate, cookie)).status, 200);
  await second.api('DELETE', `/v1/tokens/${issued.id}`);
  assert.equal((await ask(first.gate, cookie)).reason, 'revoked');
});
