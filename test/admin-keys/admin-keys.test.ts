import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { audience, iss, makeJwt, newSecret } from '../../testkit/jwt.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

/** A client with a key of its own. */
function clientOf(postern: TestPostern, key: string) {
  return connectAdmin({ listen: postern.admin, key }, undefined);
}

async function makeKey(postern: TestPostern, body: Record<string, unknown>): Promise<string> {
  const answer = await postern.api('POST', '/v1/keys', body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return (answer.body as { key: string }).key;
}

async function startWithKeys(t: TestContext) {
  const postern = await startTestPostern(t);
  const key = (role: string) => makeKey(postern, { name: role, role });
  return {
    postern,
    clients: {
      issuer: clientOf(postern, await key('issuer')),
      introspector: clientOf(postern, await key('introspector')),
      auditor: clientOf(postern, await key('auditor')),
      admin: clientOf(postern, await makeKey(postern, { name: 'second', role: 'admin' })),
    },
  };
}

test('each role may do what it is for, and nothing else', async (t) => {
  const { postern, clients } = await startWithKeys(t);
  const { id } = await postern.issue();
  const requests: [string, string, object | undefined, string[]][] = [
    ['POST', '/v1/tokens', { subject: 'a' }, ['issuer', 'admin']],
    ['POST', '/v1/tickets', { subject: 'a' }, ['issuer', 'admin']],
    ['GET', '/v1/tokens', undefined, ['auditor', 'admin']],
    ['GET', `/v1/tokens/${id}`, undefined, ['auditor', 'admin']],
    ['PATCH', `/v1/tokens/${id}`, { label: 'x' }, ['admin']],
    ['POST', `/v1/tokens/${id}/rotate`, {}, ['admin']],
    ['POST', '/v1/tokens/import', { tokens: [{ secret: 'x', subject: 'a' }] }, ['admin']],
    ['POST', '/v1/introspect', { token: 'x' }, ['introspector', 'admin']],
    ['POST', '/v1/revoke', { token: 'x' }, ['issuer', 'admin']],
    ['GET', '/v1/keys', undefined, ['admin']],
    ['POST', '/v1/keys', { name: 'evil', role: 'admin' }, ['admin']],
    ['DELETE', '/v1/keys/evil', undefined, ['admin']],
    ['POST', '/v1/tokens/revoke', { subject: 'nobody' }, ['admin']],
    ['DELETE', `/v1/tokens/${id}`, undefined, ['admin']],
  ];
  for (const [method, path, body, allowed] of requests) {
    for (const [role, client] of Object.entries(clients)) {
      const { status, body: answer } = await client.send(method, path, body);
      const what = `${role}: ${method} ${path}`;
      if (allowed.includes(role)) assert.ok(status < 300, `${what}: ${status}`);
      else assert.deepEqual([status, (answer as { code: string }).code], [403, 'forbidden'], what);
    }
  }
});

test('an issuer stays within its gates and its longest life', async (t) => {
  const postern = await startTestPostern(t);
  const key = await makeKey(postern, {
    name: 'web',
    role: 'issuer',
    gates: ['chat', 'media'],
    max_ttl: '10m',
  });
  const web = clientOf(postern, key);
  const issue = async (body: object, path = '/v1/tokens') => {
    const answer = await web.send('POST', path, { subject: 'a', ...body });
    const problem = answer.body as { errors?: { field: string }[] };
    return problem.errors?.[0]?.field ?? answer.status;
  };
  assert.equal(await issue({ gates: ['chat'], expires_in: '10m' }), 201);
  assert.equal(await issue({ gates: ['chat', 'media'] }), 201);
  assert.equal(await issue({ gates: ['chat'] }, '/v1/tickets'), 201);
  assert.equal(await issue({}), 'gates');
  assert.equal(await issue({ gates: ['chat', 'admin'] }), 'gates');
  assert.equal(await issue({ gates: ['chat'], expires_in: '11m' }), 'expires_in');
  assert.equal(await issue({ gates: ['chat'], expires_in: 'never' }), 'expires_in');
});

test('a bound on gates or lives is refused for a role that does not keep to it', async (t) => {
  const postern = await startTestPostern(t);
  const make = async (body: object) => {
    const answer = await postern.api('POST', '/v1/keys', { name: 'ci', ...body });
    const problem = answer.body as { errors?: { field: string }[] };
    return problem.errors?.[0]?.field ?? answer.status;
  };
  for (const role of ['admin', 'auditor', 'introspector']) {
    assert.equal(await make({ role, gates: ['chat'] }), 'gates', role);
    assert.equal(await make({ role, max_ttl: '1h' }), 'max_ttl', role);
  }
  assert.equal(await make({ role: 'issuer', gates: ['chat'], max_ttl: '1h' }), 201);
});

test('an issuer revokes what it could have issued, and what was opened with that, and nothing else', async (t) => {
  const signer = newSecret();
  const one = { issuer: iss, audience, secret: signer.material };
  const postern = await startTestPostern(t, {
    env: { POSTERN_JWT_ISSUERS: JSON.stringify({ one }) },
  });
  const key = async (name: string, bounds: object) =>
    clientOf(postern, await makeKey(postern, { name, role: 'issuer', ...bounds }));
  const bound = await key('bound', { gates: ['chat'], max_ttl: '1h' });
  const free = await key('free', {});
  const revoke = async (by: typeof bound, token: string) => {
    const { status, body } = await by.send('POST', '/v1/revoke', { token });
    return status === 403 ? (body as { code: string }).code : status;
  };
  const judge = async (token: string) => {
    const gate = { 'x-postern-gate': 'chat' };
    const answer = await ask(postern.gate, { ...gate, cookie: `postern_token=${token}` });
    return answer.reason ?? answer.status;
  };
  const sessionOf = async (token: string) => {
    const answer = await ask(
      postern.gate,
      { 'x-original-uri': '/.postern/session', 'content-type': 'application/json' },
      { method: 'POST', path: '/.postern/session', body: JSON.stringify({ token }) },
    );
    assert.equal(answer.status, 204);
    return String(answer.headers['set-cookie']).split(/[=;]/)[1] ?? '';
  };
  const issue = async (body: object) => (await postern.issue({ subject: 'alice', ...body })).token;
  const foreign = [
    await issue({}),
    await issue({ gates: ['chat', 'media'], expires_in: '30m' }),
    await issue({ gates: ['chat'], expires_in: '2h' }),
    await issue({ gates: ['chat'], expires_in: 'never' }),
    await sessionOf(await issue({ gates: ['chat'], expires_in: '2h' })),
  ];
  for (const token of foreign) {
    assert.equal(await revoke(bound, token), 'forbidden');
    assert.equal(await judge(token), 200);
    assert.equal(await revoke(free, token), 200);
    assert.equal(await judge(token), 'revoked');
  }
  const ticket = await bound.send('POST', '/v1/tickets', { subject: 'alice', gates: ['chat'] });
  const own = [
    await issue({ gates: ['chat'], expires_in: '1h' }),
    await sessionOf((ticket.body as { token: string }).token),
  ];
  for (const token of own) {
    assert.equal(await judge(token), 200);
    assert.equal(await revoke(bound, token), 200);
    assert.equal(await judge(token), 'revoked');
  }
  assert.equal(await revoke(bound, 'pst_unknown'), 200);

  const second = Math.floor(Date.now() / 1_000);
  const jwt = makeJwt(signer, { jti: 'id-1', iat: second - 9, exp: second + 600 });
  const session = await sessionOf(jwt);
  for (const token of [jwt, session]) {
    assert.equal(await revoke(free, token), 'forbidden');
    assert.equal(await judge(token), 200);
  }
  assert.equal((await postern.api('POST', '/v1/revoke', { token: jwt })).status, 200);
  assert.deepEqual([await judge(jwt), await judge(session)], ['revoked', 'revoked']);
});

test('a key is shown once, expires, shows its last use and can be revoked', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now, singleProcess: true });
  const key = await makeKey(postern, { name: 'ci', role: 'auditor', expires_in: '1h' });
  const ci = clientOf(postern, key);
  const list = async () => {
    const { body } = await postern.api('GET', '/v1/keys');
    assert.ok(!JSON.stringify(body).includes(key));
    return (body as { keys: Record<string, unknown>[] }).keys;
  };
  assert.deepEqual(await list(), [
    {
      name: 'ci',
      role: 'auditor',
      gates: [],
      max_ttl: null,
      created_at: '2026-12-01T12:00:00.000Z',
      expires_at: '2026-12-01T13:00:00.000Z',
      last_used_at: null,
    },
  ]);
  now += 60_000;
  assert.equal((await ci.send('GET', '/v1/tokens')).status, 200);
  assert.equal((await list())[0]?.last_used_at, '2026-12-01T12:01:00.000Z');
  const taken = await postern.api('POST', '/v1/keys', { name: 'ci', role: 'admin' });
  assert.equal((taken.body as { code: string }).code, 'key_exists');
  now += 3_540_000;
  assert.equal((await ci.send('GET', '/v1/tokens')).status, 401);
  const other = clientOf(postern, await makeKey(postern, { name: 'temp', role: 'auditor' }));
  assert.equal((await other.send('GET', '/v1/tokens')).status, 200);
  assert.equal((await postern.api('DELETE', '/v1/keys/temp')).status, 204);
  assert.equal((await other.send('GET', '/v1/tokens')).status, 401);
  assert.equal((await postern.api('DELETE', '/v1/keys/temp')).status, 404);
  assert.ok(!postern.rawLog().includes(key));
});

test('introspection answers as the gate would, and redeems only when asked to', async (t) => {
  const postern = await startTestPostern(t);
  const ask_ = async (body: object) => {
    const answer = await postern.api('POST', '/v1/introspect', body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as Record<string, unknown>;
  };
  const { token, id } = await postern.issue({
    subject: 'alice',
    gates: ['chat'],
    claims: { name: 'Alice' },
    expires_at: '2030-01-01T00:00:00Z',
  });
  assert.deepEqual(await ask_({ token, gate: 'chat' }), {
    active: true,
    sub: 'alice',
    token_type: 'Bearer',
    jti: id,
    exp: Date.parse('2030-01-01T00:00:00Z') / 1_000,
    gate: 'chat',
    claims: { name: 'Alice' },
  });
  assert.deepEqual(await ask_({ token }), { active: false, reason: 'wrong_gate' });
  assert.deepEqual(await ask_({ token: `${token}x`, gate: 'chat' }), {
    active: false,
    reason: 'malformed_credential',
  });
  assert.deepEqual(await ask_({ token: 'two words' }), {
    active: false,
    reason: 'malformed_credential',
  });
  const bound = await postern.issue({
    paths: ['/rooms/1'],
    origins: ['https://app.example.com'],
    networks: ['203.0.113.0/24'],
  });
  const facts = { path: '/rooms/1', origin: 'https://app.example.com', client: '203.0.113.7' };
  assert.equal((await ask_({ token: bound.token, ...facts })).active, true);
  for (const name of ['path', 'origin', 'client'] as const) {
    const { [name]: _, ...rest } = facts;
    assert.equal((await ask_({ token: bound.token, ...rest })).active, false, name);
  }
  const ticket = await postern.issueTicket();
  assert.equal((await ask_({ token: ticket.token })).active, true);
  assert.equal((await ask_({ token: ticket.token })).active, true);
  assert.equal((await ask_({ token: ticket.token, redeem: true })).active, true);
  assert.deepEqual(await ask_({ token: ticket.token, redeem: true }), {
    active: false,
    reason: 'already_used',
  });
});

test('introspection and revocation take forms, as OAuth clients send them', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const key = await makeKey(postern, { name: 'app', role: 'introspector' });
  const revoker = await makeKey(postern, { name: 'revoker', role: 'issuer' });
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const post = (path: string, secret: string, body: string) =>
    sendRaw(
      port,
      `POST ${path} HTTP/1.1
Host: localhost
Authorization: Bearer ${secret}
Content-Type: application/x-www-form-urlencoded
Content-Length: ${body.length}
Connection: close

${body}`,
    );
  const active = await post('/v1/introspect', key, `token=${token}&token_type_hint=access_token`);
  assert.equal(active.status, 200);
  assert.match(active.text, /"active":true,"sub":"alice"/);
  assert.equal((await post('/v1/revoke', revoker, `token=${token}`)).status, 200);
  assert.equal((await post('/v1/revoke', revoker, 'token=unknown')).status, 200);
  const revoked = await post('/v1/introspect', key, `token=${token}`);
  assert.match(revoked.text, /{"active":false,"reason":"revoked"}/);
  assert.equal((await ask(postern.gate, { cookie: `postern_token=${token}` })).reason, 'revoked');
  const elsewhere = await post('/v1/tokens', revoker, 'subject=alice');
  assert.equal(elsewhere.status, 415);
});
