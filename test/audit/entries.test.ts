import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { makeJwt, newSecret, startWithIssuers } from '../../testkit/jwt.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { listAudit } from '../../testkit/postern/audit.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';
import { waitFor } from '../../testkit/wait.ts';

const now = Date.parse('2027-01-01T12:00:00Z');
const clock = () => now;
const client = '203.0.113.7';
const handshake = { ...handshakeHeaders, 'x-postern-gate': 'chat' };

/** What entries say, newest first, without what the chain needs. */
async function told(postern: TestPostern, query = '') {
  const entries = await listAudit(postern, query);
  return entries.map(({ seq, at, previous, hash, request_id, ...entry }) => {
    assert.equal(at, '2027-01-01T12:00:00.000Z');
    const facts = Object.entries(entry).filter(([, value]) => value !== null);
    return Object.fromEntries(facts);
  });
}

const byAdmin = { actor: 'configured', client: '127.0.0.1' };

test('issuing, changing, rotating, importing and revoking are told, with who did it', async (t) => {
  const postern = await startTestPostern(t, { clock });
  const { id } = await postern.issue({
    ...{ subject: 'alice', gates: ['chat'], label: 'a note', max_uses: 3, expires_in: '1h' },
    claims: { email: 'alice@example.com' },
  });
  const alice = { token_id: id, kind: 'token', subject: 'alice', gate: 'chat' };
  await postern.api('PATCH', `/v1/tokens/${id}`, {
    ...{ label: 'another', expires_in: 'never', claims: { email: 'a@example.com', name: 'A' } },
  });
  await postern.api('POST', `/v1/tokens/${id}/rotate`, { grace: '5m' });
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await postern.api('PATCH', `/v1/tokens/${id}`, { label: 'too late' });
  const imported = { secret: 'weak', subject: 'bob', gates: ['chat', 'grist'] };
  const body = { tokens: [imported, imported], allow_weak: true };
  await postern.api('POST', '/v1/tokens/import', body);
  await postern.api('POST', '/v1/tokens/revoke', { subject: 'bob', gate: 'grist' });
  await postern.api('POST', '/v1/tokens/revoke', { subject: 'nobody' });
  const [{ token_id: bobs } = {}] = await told(postern, 'event=import');
  const expires_at = '2027-01-31T12:00:00.000Z';
  const gates = ['chat', 'grist'];
  const bob = { token_id: bobs, kind: 'token', subject: 'bob' };
  assert.deepEqual((await told(postern)).toReversed(), [
    {
      ...{ event: 'issue', ...byAdmin, ...alice },
      details: { expires_at: '2027-01-01T13:00:00.000Z', label: 'a note', max_uses: 3 },
    },
    {
      ...{ event: 'change', ...byAdmin, ...alice },
      details: { claims: ['email', 'name'], expires_at: 'never', label: 'another' },
    },
    {
      ...{ event: 'rotation', ...byAdmin, ...alice },
      details: { old_secret_until: '2027-01-01T12:05:00.000Z' },
    },
    { event: 'revocation', ...byAdmin, ...alice, count: 1 },
    { event: 'import', ...byAdmin, ...bob, details: { expires_at, gates, weak: true } },
    { event: 'revocation', ...byAdmin, subject: 'bob', gate: 'grist', count: 1 },
  ]);
  assert.deepEqual((await told(postern, 'gate=grist')).length, 2);
});

test('a ticket that lets somebody in is told of its holder, with the place and the request', async (t) => {
  const postern = await startTestPostern(t, { clock });
  const { token, id } = await postern.issueTicket({ subject: 'alice' });
  const authorization = `Bearer ${token}`;
  assert.equal((await ask(postern.gate, { ...handshake, authorization })).status, 200);
  const [entry] = await listAudit(postern, 'event=redemption');
  assert.equal(entry?.request_id, postern.lastDecision().request_id);
  assert.deepEqual(await told(postern, 'event=redemption'), [
    {
      ...{ event: 'redemption', actor: `token:${id}`, token_id: id, kind: 'ticket' },
      ...{ subject: 'alice', gate: 'chat', client },
    },
  ]);
  const { token: plain } = await postern.issue();
  assert.equal(
    (await ask(postern.gate, { ...handshake, authorization: `Bearer ${plain}` })).status,
    200,
  );
  assert.equal((await told(postern, 'event=redemption')).length, 1, 'an admission is no entry');
});

test('a ticket that an application uses up is told of the application', async (t) => {
  const postern = await startTestPostern(t, { clock });
  const { body } = await postern.api('POST', '/v1/keys', { name: 'app', role: 'introspector' });
  const { key } = body as { key: string };
  const { token, id } = await postern.issueTicket();
  const app = connectAdmin({ listen: postern.admin, key }, undefined);
  await app.send('POST', '/v1/introspect', { token, gate: 'chat' });
  assert.deepEqual(await told(postern, 'event=redemption'), []);
  await app.send('POST', '/v1/introspect', { token, gate: 'chat', redeem: true });
  const [entry] = await told(postern, 'event=redemption');
  assert.deepEqual(
    [entry?.actor, entry?.token_id, entry?.gate, entry?.client],
    ['app', id, 'chat', '127.0.0.1'],
  );
});

test('signing in and out is told of the holder', async (t) => {
  const postern = await startTestPostern(t, { clock });
  const { token, id } = await postern.issue({ subject: 'alice' });
  const session = (method: string, headers: Record<string, string>, body?: string) =>
    ask(
      postern.gate,
      { ...headers, origin: 'https://app.example.com' },
      {
        ...{ method, path: '/.postern/session' },
        ...(body !== undefined && { body }),
      },
    );
  const json = { 'content-type': 'application/json' };
  const opened = await session('POST', json, JSON.stringify({ token }));
  assert.equal(opened.status, 204);
  const cookie = String(opened.headers['set-cookie']).split(';')[0] ?? '';
  assert.equal((await session('DELETE', { cookie })).status, 204);
  const [out, signedIn] = await told(postern);
  const sid = signedIn?.token_id;
  const who = { token_id: sid, kind: 'session', subject: 'alice', client };
  assert.deepEqual(signedIn, {
    ...{ event: 'sign_in', actor: `token:${id}`, ...who },
    details: { parent: id, parent_kind: 'token', expires_at: '2027-01-02T00:00:00.000Z' },
  });
  assert.deepEqual(out, { event: 'sign_out', actor: `token:${sid}`, ...who, count: 1 });
});

test('keys that are made, revoked and rotated are told', async (t) => {
  const postern = await startTestPostern(t, { clock });
  await postern.api('POST', '/v1/keys', { name: 'web', role: 'issuer', gates: ['chat'] });
  await postern.api('DELETE', '/v1/keys/web');
  await postern.api('DELETE', '/v1/keys/web');
  const { body } = await postern.api('POST', '/v1/signing-keys/rotate');
  const { id } = body as { id: string };
  const made = { action: 'made', key: 'web', role: 'issuer', gates: ['chat'] };
  assert.deepEqual((await told(postern)).toReversed(), [
    { event: 'key', ...byAdmin, details: made },
    { event: 'key', ...byAdmin, details: { action: 'revoked', key: 'web' } },
    { event: 'signing_key', ...byAdmin, details: { action: 'rotated', key: id } },
  ]);
});

test('the first key, and the first signing key, are made by Postern itself', async (t) => {
  const { env } = programEnvironment(t, {
    POSTERN_ADMIN_KEY: '',
    POSTERN_DEFAULT_GATE_ASSERTION: 'true',
  });
  const served = await startTestProgram(t, { env });
  const authorization = `Bearer ${succeeded(await runCommand(['token', 'issue', 'alice', '--store'], env)).trim()}`;
  assert.equal((await ask(served.gate, { ...handshake, authorization })).status, 200);
  const listed = succeeded(
    await runCommand(['audit', 'list', '--store', '--json', '--actor', 'postern'], env),
  );
  const entries = listed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    entries.map(({ event, details }) => [event, details.action]),
    [
      ['signing_key', 'made'],
      ['key', 'made'],
    ],
  );
  assert.deepEqual(entries[1].details, { action: 'made', key: 'first', role: 'admin' });
});

test('names that the log has for others are no names for admin keys', async (t) => {
  const postern = await startTestPostern(t);
  for (const name of ['store', 'postern', 'configured', 'first']) {
    const { status, body } = await postern.api('POST', '/v1/keys', { name, role: 'admin' });
    assert.deepEqual([status, (body as { code: string }).code], [409, 'key_exists'], name);
  }
});

test('JWTs that are revoked, and used where once is enough, are told', async (t) => {
  const signer = newSecret();
  const env = { POSTERN_DEFAULT_GATE_JWT_SINGLE_USE: 'true' };
  const postern = await startWithIssuers(t, { one: { secret: signer.material } }, { clock, env });
  const second = now / 1_000;
  const jwt = makeJwt(signer, { jti: 'j1', iat: second, exp: second + 60 });
  await ask(postern.gate, { ...handshake, authorization: `Bearer ${jwt}` });
  await postern.api('POST', '/v1/jwt/revoke', { issuer: 'one', jti: 'j1' });
  await postern.api('POST', '/v1/jwt/revoke', { issuer: 'one', subject: 'alice' });
  const entries = (await told(postern)).toReversed();
  // Now plus the issuer's leeway.
  const issued_before = '2027-01-01T12:00:30.000Z';
  assert.deepEqual(entries, [
    {
      ...{ event: 'redemption', actor: 'token:j1', token_id: 'j1', kind: 'jwt' },
      ...{ subject: 'alice', gate: 'chat', client, details: { issuer: 'one' } },
    },
    {
      ...{ event: 'revocation', ...byAdmin, token_id: 'j1', kind: 'jwt' },
      details: { issuer: 'one' },
    },
    {
      ...{ event: 'revocation', ...byAdmin, kind: 'jwt', subject: 'alice' },
      details: { issuer: 'one', issued_before },
    },
  ]);
});

test('a reload is told, and a refused one, with who wanted it', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, '');
  const postern = await startTestPostern(t, { clock, config });
  writeFileSync(config, 'log:\n  level: debug\n');
  await postern.api('POST', '/v1/config/reload');
  writeFileSync(config, 'gates: 5\n');
  await postern.api('POST', '/v1/config/reload');
  postern.reload();
  await waitFor('the third entry', async () => (await told(postern)).length === 3);
  assert.deepEqual((await told(postern)).toReversed(), [
    { event: 'reload', ...byAdmin, details: { need_restart: ['log.level'] } },
    { event: 'reload', ...byAdmin, reason: 'config_invalid' },
    { event: 'reload', actor: 'postern', reason: 'config_invalid' },
  ]);
});

test('of several workers one writes that all of them have reloaded', async (t) => {
  const { env } = programEnvironment(t, { POSTERN_WORKERS: '3' });
  const served = await startTestProgram(t, { env });
  const reloads = () => served.stdout().split('"event":"reload"').length - 1;
  process.kill(served.pid, 'SIGHUP');
  await waitFor('the reload by signal', () => reloads() === 3);
  succeeded(await runCommand(['config', 'reload'], env));
  await waitFor('the reload by the API', () => reloads() === 6);
  const list = async () =>
    succeeded(await runCommand(['audit', 'list', '--event', 'reload', '--json'], env)).split('\n');
  await waitFor('the entries', async () => (await list()).length === 3);
  const actors = (await list()).filter(Boolean).map((line) => JSON.parse(line).actor);
  assert.deepEqual(actors.toSorted(), ['configured', 'postern']);
});

test('a network that is throttled is told, and who had its attempts forgotten', async (t) => {
  const postern = await startTestPostern(t, { clock, env: { POSTERN_THROTTLE_FAILURES: '3' } });
  for (let i = 0; i < 6; i++) {
    await ask(postern.gate, { ...handshake, authorization: 'Bearer guess' });
  }
  await postern.api('DELETE', '/v1/throttle?gate=chat');
  const throttles = () => told(postern, 'event=throttle');
  await waitFor('both entries', async () => (await throttles()).length === 2);
  const entries = (await throttles()).toSorted((a, b) =>
    String(b.actor).localeCompare(String(a.actor)),
  );
  assert.deepEqual(
    entries.map(({ actor, gate, client, count, details }) => {
      const { action } = details as { action: string };
      return [actor, gate, client, count, action];
    }),
    [
      ['postern', 'chat', '203.0.113.7/32', undefined, 'began'],
      ['configured', 'chat', '127.0.0.1', 1, 'cleared'],
    ],
  );
});

test('what is done with the file of the store is told of the store', async (t: TestContext) => {
  const { env } = programEnvironment(t);
  succeeded(await runCommand(['token', 'issue', 'alice', '--store'], env));
  const listed = succeeded(await runCommand(['audit', 'list', '--store', '--json'], env));
  const { actor, client: from } = JSON.parse(listed);
  assert.deepEqual([actor, from], ['store', null]);
});

test('requests without a good key, and with one that may not, are told', async (t) => {
  const postern = await startTestPostern(t, { clock });
  const { body } = await postern.api('POST', '/v1/keys', { name: 'app', role: 'introspector' });
  const send = (key: string, path: string) =>
    connectAdmin({ listen: postern.admin, key }, undefined).send('GET', path);
  assert.equal((await send('psa_wrong', '/v1/tokens')).status, 401);
  assert.equal((await send((body as { key: string }).key, '/v1/tokens')).status, 403);
  const denials = () => told(postern, 'event=admin_denial');
  await waitFor('the entries', async () => (await denials()).length === 2);
  assert.deepEqual((await denials()).toReversed(), [
    { event: 'admin_denial', actor: 'postern', reason: 'unauthorized', client: '127.0.0.1' },
    { event: 'admin_denial', actor: 'app', reason: 'forbidden', client: '127.0.0.1' },
  ]);
  assert.ok(!postern.rawLog().includes('admin_denial'), 'whoever tries keys fills no log');
});

test('nothing secret, and no path, query or origin of a client, is in the audit log', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue();
  const { token: ticket } = await postern.issueTicket();
  const { body } = await postern.api('POST', '/v1/keys', { name: 'web', role: 'auditor' });
  const { key } = body as { key: string };
  const rotated = (await postern.api('POST', `/v1/tokens/${id}/rotate`, {})).body;
  const imported = 'an-imported-secret-0123456789-abcdefghij';
  await postern.api('POST', '/v1/tokens/import', {
    tokens: [{ secret: imported, subject: 'bob' }],
  });
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await postern.api('POST', '/v1/revoke', { token: imported });
  const planted = 'planted-in-every-place-0123456789';
  for (const secret of [token, ticket, ticket, imported, planted]) {
    await ask(postern.gate, {
      ...{ ...handshake, origin: `https://${planted}.example.com` },
      'x-original-uri': `/${planted}?token=${secret}&x=${planted}`,
    });
    await ask(postern.gate, { ...handshake, authorization: `Bearer ${secret}` });
    await ask(postern.gate, { ...handshake, cookie: `postern_token=${secret}; a=${planted}` });
    await ask(postern.gate, { 'x-original-uri': `/?token=${secret}`, referer: planted });
  }
  await connectAdmin({ listen: postern.admin, key: planted }, undefined).send('GET', '/v1/tokens');
  await postern.close();
  const db = new Database(join(postern.dataDir, 'postern.db'));
  const rows = db.prepare('SELECT * FROM audit').all();
  db.close();
  assert.ok(rows.length > 15);
  const text = JSON.stringify(rows);
  const secrets = [token, ticket, key, imported, planted, adminKey];
  for (const secret of [...secrets, (rotated as { token: string }).token]) {
    assert.ok(!text.includes(secret), 'the audit log holds a secret');
    for (const name of readdirSync(postern.dataDir)) {
      const file = readFileSync(join(postern.dataDir, name), 'latin1');
      assert.ok(!file.includes(secret), `${name} holds a secret`);
    }
  }
});
