import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { buildAdminApp } from '../../src/app/admin-app.ts';
import type { Services } from '../../src/app/services.ts';
import type { AuditFeed } from '../../src/audit/feed.ts';
import { sendHttp } from '../../src/cli/toolkit/admin-client.ts';
import { StoreUnavailable } from '../../src/core/model/errors.ts';
import { problems } from '../../src/http/problem.ts';
import type { AuditStore } from '../../src/store/port/audit.ts';
import { logEvents } from '../../src/telemetry/log/log-events.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

interface Shown {
  id: string;
  kind: string;
  subject: string;
  state: string;
  gates: string[];
  expires_at: string | null;
  revoked_at: string | null;
  token?: string;
}

interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  errors?: { field: string; message: string }[];
}

test('issuing a token shows its secret once, and never again', async (t) => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { status, body } = await postern.api('POST', '/v1/tokens', {
    subject: 'alice',
    gates: ['media', 'chat', 'chat'],
    expires_in: '12h',
    max_uses: 5,
    label: 'laptop',
    claims: { email: 'alice@example.com' },
  });
  assert.equal(status, 201);
  const { id, token, ...rest } = body as Shown;
  assert.match(id, /^tok_[0-9A-Za-z]{17}$/);
  assert.match(token ?? '', /^pst_[0-9A-Za-z]{49}$/);
  const expected = {
    kind: 'token',
    subject: 'alice',
    label: 'laptop',
    gates: ['chat', 'media'],
    paths: [],
    origins: [],
    networks: [],
    claims: { email: 'alice@example.com' },
    state: 'active',
    weak: false,
    not_before: null,
    created_at: '2026-12-01T12:00:00.000Z',
    expires_at: '2026-12-02T00:00:00.000Z',
    revoked_at: null,
    max_uses: 5,
    uses: 0,
    last_used_at: null,
  };
  assert.deepEqual(rest, expected);
  const shown = await postern.api('GET', `/v1/tokens/${id}`);
  assert.deepEqual(shown.body, { id, ...expected });
  const list = await postern.api('GET', '/v1/tokens');
  assert.deepEqual(list.body, { tokens: [{ id, ...expected }], next_cursor: null });
});

test('the ways to say when a token expires', async (t) => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const cases: [object, string | null][] = [
    [{}, '2026-12-31T12:00:00.000Z'],
    [{ expires_in: 90 }, '2026-12-01T12:01:30.000Z'],
    [{ expires_in: '15m' }, '2026-12-01T12:15:00.000Z'],
    [{ expires_in: 'never' }, null],
    [{ expires_at: '2027-01-01T00:00:00Z' }, '2027-01-01T00:00:00.000Z'],
    [{ expires_at: '2027-01-01T01:00:00+01:00' }, '2027-01-01T00:00:00.000Z'],
  ];
  for (const [fields, expiresAt] of cases) {
    const { body } = await postern.api('POST', '/v1/tokens', { subject: 'a', ...fields });
    assert.equal((body as Shown).expires_at, expiresAt, JSON.stringify(fields));
  }
});

test('a ticket lives 30 seconds, five minutes at most, and is good for one use', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { body } = await postern.api('POST', '/v1/tickets', { subject: 'bob' });
  const ticket = body as Shown & { max_uses: number };
  assert.equal(ticket.kind, 'ticket');
  assert.equal(ticket.expires_at, '2026-12-01T12:00:30.000Z');
  assert.equal(ticket.max_uses, 1);
  now += 29_999;
  const query = { 'x-original-uri': `/ws?token=${ticket.token}` };
  assert.equal((await ask(postern.gate, query)).status, 200);
  assert.equal((await ask(postern.gate, query)).reason, 'already_used');
  const long = await postern.api('POST', '/v1/tickets', { subject: 'bob', expires_in: '5m' });
  assert.equal(long.status, 201);
  for (const expiresIn of ['6m', 301, 'never']) {
    const refused = await postern.api('POST', '/v1/tickets', {
      subject: 'bob',
      expires_in: expiresIn,
    });
    const problem = refused.body as Problem;
    assert.equal(problem.code, 'validation_failed');
    assert.match(problem.errors?.[0]?.message ?? '', /at most 5m \(tickets\.max_ttl\)/);
  }
});

test('a longer life of tickets and a bound on tokens can be configured', async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_TICKETS_MAX_TTL: '1h', POSTERN_TOKENS_MAX_TTL: '30d' },
  });
  const ticket = { subject: 'bob', expires_in: '1h' };
  assert.equal((await postern.api('POST', '/v1/tickets', ticket)).status, 201);
  const token = { subject: 'bob', expires_in: '31d' };
  assert.equal((await postern.api('POST', '/v1/tokens', token)).status, 400);
  const forever = { subject: 'bob', expires_in: 'never' };
  assert.equal((await postern.api('POST', '/v1/tokens', forever)).status, 400);
});

test('every invalid field is named, with what is wrong with it', async (t) => {
  const postern = await startTestPostern(t);
  const cases: [object, Record<string, RegExp>][] = [
    [{}, { subject: /is required/ }],
    [{ subject: '' }, { subject: /characters/ }],
    [{ subject: 5 }, { subject: /string/ }],
    [{ subject: 'a\nb' }, { subject: /without control characters/ }],
    [{ subject: 'a', gates: ['Chat'] }, { 'gates.0': /gate name/ }],
    [{ subject: 'a', expires_in: '5 minutes' }, { expires_in: /15m/ }],
    [{ subject: 'a', expires_in: 0 }, { expires_in: />= 1/ }],
    [{ subject: 'a', expires_at: 'tomorrow' }, { expires_at: /date-time/ }],
    [{ subject: 'a', expires_at: '2020-01-01T00:00:00Z' }, { expires_at: /in the future/ }],
    [
      { subject: 'a', expires_in: '1h', expires_at: '2030-01-01T00:00:00Z' },
      { expires_at: /either/ },
    ],
    [{ subject: 'a', max_uses: 0 }, { max_uses: />= 1/ }],
    [{ subject: 'a', max_use: 1 }, { max_use: /not a known field/ }],
    [{ subject: 'a', claims: { name: 'n'.repeat(5_000) } }, { claims: /4096 bytes/ }],
    [
      { gates: 'chat', label: '' },
      { subject: /required/, gates: /array/, label: /characters/ },
    ],
  ];
  for (const [body, fields] of cases) {
    const answer = await postern.api('POST', '/v1/tokens', body);
    const problem = answer.body as Problem;
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal(problem.code, 'validation_failed');
    const found = Object.fromEntries((problem.errors ?? []).map((e) => [e.field, e.message]));
    assert.deepEqual(Object.keys(found).sort(), Object.keys(fields).sort(), JSON.stringify(body));
    for (const [field, pattern] of Object.entries(fields))
      assert.match(found[field] ?? '', pattern);
  }
  const { body } = await postern.api('GET', '/v1/tokens');
  assert.deepEqual((body as { tokens: unknown[] }).tokens, []);
});

test('the list is filtered by subject, gate and state, and comes in pages', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const short = await postern.issue({ subject: 'alice', expires_in: '1s' });
  const chat = await postern.issue({ subject: 'alice', gates: ['chat'] });
  const revoked = await postern.issue({ subject: 'bob', gates: ['chat', 'media'] });
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const used = await postern.issueTicket({ subject: 'bob', gates: ['media'], expires_in: '5m' });
  await ask(postern.gate, {
    'x-postern-gate': 'media',
    'x-original-uri': `/?token=${used.token}`,
  });
  now += 1_000;
  const ids = async (query: string) => {
    const { body } = await postern.api('GET', `/v1/tokens${query}`);
    return (body as { tokens: Shown[] }).tokens.map(({ id }) => id);
  };
  assert.deepEqual(await ids(''), [used.id, revoked.id, chat.id, short.id]);
  assert.deepEqual(await ids('?subject=alice'), [chat.id, short.id]);
  assert.deepEqual(await ids('?gate=chat'), [revoked.id, chat.id]);
  assert.deepEqual(await ids('?gate=media&subject=bob'), [used.id, revoked.id]);
  assert.deepEqual(await ids('?state=active'), [chat.id]);
  assert.deepEqual(await ids('?state=expired'), [short.id]);
  assert.deepEqual(await ids('?state=revoked'), [revoked.id]);
  assert.deepEqual(await ids('?state=used'), [used.id]);

  const pages: string[][] = [];
  let cursor = '';
  do {
    const { body } = await postern.api('GET', `/v1/tokens?limit=3${cursor}`);
    const page = body as { tokens: Shown[]; next_cursor: string | null };
    pages.push(page.tokens.map(({ id }) => id));
    cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
  } while (cursor !== '');
  assert.deepEqual(pages, [[used.id, revoked.id, chat.id], [short.id]]);
  for (const query of ['?limit=0', '?limit=501', '?cursor=x', '?state=gone', '?subjekt=a']) {
    assert.equal((await postern.api('GET', `/v1/tokens${query}`)).status, 400, query);
  }
});

test('revoking is final and can be repeated', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { id } = await postern.issue();
  const first = await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.deepEqual([first.status, (first.body as Shown).state], [200, 'revoked']);
  now += 60_000;
  const second = await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.deepEqual(second, first);
  const unknown = await postern.api('DELETE', '/v1/tokens/tok_00000000000000000');
  assert.deepEqual([unknown.status, (unknown.body as Problem).code], [404, 'token_not_found']);
});

test('all tokens of a subject, of a gate, or of both are revoked together', async (t) => {
  const postern = await startTestPostern(t);
  const issue = (subject: string, ...gates: string[]) => postern.issue({ subject, gates });
  const tokens = {
    aliceChat: await issue('alice', 'chat'),
    aliceBoth: await issue('alice', 'chat', 'media'),
    aliceAll: await issue('alice'),
    bobChat: await issue('bob', 'chat'),
    carolMedia: await issue('carol', 'media'),
  };
  const revoke = async (body: object) =>
    (await postern.api('POST', '/v1/tokens/revoke', body)).body as { revoked: number };
  const active = async () => {
    const { body } = await postern.api('GET', '/v1/tokens?state=active');
    const ids = new Set((body as { tokens: Shown[] }).tokens.map(({ id }) => id));
    return Object.entries(tokens)
      .filter(([, { id }]) => ids.has(id))
      .map(([name]) => name);
  };
  assert.deepEqual(await revoke({ subject: 'alice', gate: 'chat' }), { revoked: 2 });
  assert.deepEqual(await active(), ['aliceAll', 'bobChat', 'carolMedia']);
  assert.deepEqual(await revoke({ gate: 'chat' }), { revoked: 1 });
  assert.deepEqual(await active(), ['aliceAll', 'carolMedia']);
  assert.deepEqual(await revoke({ subject: 'alice' }), { revoked: 1 });
  assert.deepEqual(await revoke({ subject: 'alice' }), { revoked: 0 });
  assert.deepEqual(await active(), ['carolMedia']);
  const answer = await postern.api('POST', '/v1/tokens/revoke', {});
  assert.equal(answer.status, 400);
  assert.deepEqual(await active(), ['carolMedia']);
});

test('problems have the form of RFC 9457 and a code of the list', async (t) => {
  const postern = await startTestPostern(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const answer = await sendRaw(
    port,
    'GET /v1/tokens HTTP/1.1\nHost: localhost\nConnection: close\n\n',
  );
  assert.equal(answer.status, 401);
  assert.equal(answer.headers['www-authenticate'], 'Bearer realm="postern-admin"');
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  const body = JSON.parse(answer.text.split('\r\n\r\n')[1] ?? '') as Problem;
  assert.deepEqual(body, {
    type: 'urn:postern:problem:unauthorized',
    title: problems.unauthorized.title,
    status: 401,
    code: 'unauthorized',
  });
  const unknown = await postern.api('GET', '/v1/nothing');
  assert.deepEqual([unknown.status, (unknown.body as Problem).code], [404, 'not_found']);
  const large = await postern.api('POST', '/v1/tokens', { subject: 'a'.repeat(70_000) });
  assert.deepEqual([large.status, (large.body as Problem).code], [413, 'body_too_large']);
});

test('/openapi.json describes every route, with its body, its answer and its problems', async (t) => {
  const postern = await startTestPostern(t);
  const { status, body } = await sendHttp(postern.admin, { method: 'GET', path: '/openapi.json' });
  assert.equal(status, 200);
  const document = body as {
    openapi: string;
    paths: Record<string, Record<string, { responses: object; security: unknown[] }>>;
    components: { schemas: Record<string, object> };
  };
  assert.equal(document.openapi, '3.1.0');
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(routes.sort(), [
    'DELETE /v1/keys/{name}',
    'DELETE /v1/throttle',
    'DELETE /v1/tokens/{id}',
    'GET /metrics',
    'GET /v1/audit',
    'GET /v1/decisions/{id}',
    'GET /v1/events',
    'GET /v1/gates',
    'GET /v1/jwt/revocations',
    'GET /v1/keys',
    'GET /v1/signing-keys',
    'GET /v1/throttle',
    'GET /v1/tokens',
    'GET /v1/tokens/{id}',
    'PATCH /v1/tokens/{id}',
    'POST /v1/bridges/{gate}/recheck',
    'POST /v1/config/reload',
    'POST /v1/explain',
    'POST /v1/introspect',
    'POST /v1/jwt/revoke',
    'POST /v1/keys',
    'POST /v1/revoke',
    'POST /v1/signing-keys/rotate',
    'POST /v1/tickets',
    'POST /v1/tokens',
    'POST /v1/tokens/import',
    'POST /v1/tokens/revoke',
    'POST /v1/tokens/{id}/rotate',
  ]);
  for (const operations of Object.values(document.paths)) {
    for (const { responses, security } of Object.values(operations)) {
      assert.ok('default' in responses);
      assert.deepEqual(security, [{ adminKey: [] }]);
    }
  }
  const names = Object.keys(document.components.schemas).sort();
  const expected = [
    'AuditEntry',
    'Explanation',
    'IssuedKey',
    'IssuedToken',
    'Key',
    'Problem',
    'Token',
    'TokenPage',
  ];
  assert.deepEqual(names, expected);
});

test('/healthz tells that the process is there, /readyz whether the store answers', async (t) => {
  const postern = await startTestPostern(t);
  const get = (path: string) => sendHttp(postern.admin, { method: 'GET', path });
  assert.deepEqual(await get('/healthz'), { status: 200, body: { status: 'ok' } });
  assert.deepEqual(await get('/readyz'), { status: 200, body: { status: 'ok' } });
  assert.equal((await sendHttp(postern.gate, { method: 'GET', path: '/healthz' })).status, 200);
});

test('/readyz answers 503 when the store does not', async () => {
  const app = await buildAdminApp({
    current: () => ({}) as Services,
    events: logEvents(pino({ level: 'silent' })),
    throttling: {
      service: { adminFailed: () => undefined },
      list: async () => [],
      clear: async () => [],
    },
    bridges: { recheck: async () => ({ dropped: 0 }) },
    clock: Date.now,
    ping: () => Promise.reject(new StoreUnavailable('token store: disk I/O error')),
    reload: async () => ({ needRestart: [] }),
    audit: {} as AuditStore,
    auditFeed: {} as AuditFeed,
    findDecision: async () => undefined,
    metrics: { countAdminRequest() {}, countAdminAuthFailure() {} },
    scrape: () => Promise.reject(new Error('not asked')),
  });
  const { statusCode, body } = await app.inject('/readyz');
  assert.equal(statusCode, 503);
  assert.equal((JSON.parse(body) as Problem).code, 'store_unavailable');
  assert.ok(!body.includes('disk'));
  await app.close();
});
