import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { runCommand as runCli } from '../../testkit/postern/command.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

/** Reason or status of a handshake with this token in the query, at a path. */
async function use(
  postern: TestPostern,
  token: string,
  headers: Record<string, string> = {},
  path = '/ws',
): Promise<string | number> {
  const uri = { 'x-original-uri': `${path}?token=${token}` };
  const answer = await ask(postern.gate, { ...handshakeHeaders, ...uri, ...headers });
  return answer.reason ?? answer.status;
}

test('a token is not good before its not_before', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { token, id } = await postern.issue({ not_before: '2026-12-01T13:00:00Z' });
  assert.equal(await use(postern, token), 'not_yet_valid');
  const shown = await postern.api('GET', `/v1/tokens?state=pending`);
  assert.equal((shown.body as { tokens: { id: string }[] }).tokens[0]?.id, id);
  now += 3_600_000;
  assert.equal(await use(postern, token), 200);
  const late = { subject: 'a', not_before: '2027-12-01T00:00:00Z', expires_in: '1h' };
  assert.equal((await postern.api('POST', '/v1/tokens', late)).status, 400);
});

test('a token shows about when it was used last, and a refused one was not used', async (t) => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const dataDir = join(temporaryDirectory(t), 'data');
  const first = await startTestPostern(t, { dataDir, clock: () => now });
  const used = await first.issue({ label: 'used' });
  const refused = await first.issue({ label: 'refused', paths: ['/elsewhere'] });
  const ticket = await first.issueTicket({ label: 'ticket' });
  assert.equal(await use(first, used.token), 200);
  assert.equal(await use(first, refused.token), 'path_not_allowed');
  assert.equal(await use(first, ticket.token), 200);
  await first.close();
  const again = await startTestPostern(t, { dataDir, clock: () => now });
  const { body } = await again.api('GET', '/v1/tokens');
  const shown = (body as { tokens: { label: string; last_used_at: string | null }[] }).tokens;
  assert.deepEqual(
    shown.map(({ label, last_used_at }) => [label, last_used_at]),
    [
      ['ticket', '2026-12-01T12:00:00.000Z'],
      ['refused', null],
      ['used', '2026-12-01T12:00:00.000Z'],
    ],
  );
});

test('a token may be bound to paths, which every reading of a path has to be within', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue({ paths: ['/rooms/1', '/lobby/'] });
  const cases: [string, string | number][] = [
    ['/rooms/1', 200],
    ['/rooms/1/ws', 200],
    ['/rooms/1/a%20b//c;d', 200],
    ['/lobby/a', 200],
    ['/lobby', 'path_not_allowed'],
    ['/rooms/10', 'path_not_allowed'],
    ['/rooms/%31', 'ambiguous_path'],
    ['/x/../rooms/1', 'ambiguous_path'],
    ['//rooms//1', 'ambiguous_path'],
    ['/rooms/1/../2', 'ambiguous_path'],
    ['/rooms/1/%2e%2e/2', 'ambiguous_path'],
    ['/rooms/1%2f..%2f2', 'ambiguous_path'],
    ['/Rooms/1', 'path_not_allowed'],
    ['/rooms/1%', 'path_not_allowed'],
    ['/other#/rooms/1', 'malformed_request'],
  ];
  for (const [path, expected] of cases) {
    assert.equal(await use(postern, token, {}, path), expected, path);
  }
  const page = await ask(postern.gate, { 'x-original-uri': `/other?token=${token}` });
  assert.equal(page.status, 403);
});

test('a token may be bound to origins and networks', async (t) => {
  const postern = await startTestPostern(t);
  const bound = await postern.issue({
    origins: ['https://www.example.com', 'https://*.example.org'],
    networks: ['203.0.113.0/24', '2001:db8::/32'],
  });
  const from = (origin: string, address: string) =>
    use(postern, bound.token, { origin, 'x-real-ip': address });
  assert.equal(await from('https://www.example.com', '203.0.113.9'), 200);
  assert.equal(await from('https://a.example.org', '2001:db8::1'), 200);
  assert.equal(await from('https://evil.example', '203.0.113.9'), 'origin_not_allowed');
  assert.equal(await from('', '203.0.113.9'), 'origin_not_allowed');
  assert.equal(await from('https://www.example.com', '198.51.100.1'), 'network_not_allowed');
  assert.equal(await from('https://www.example.com', ''), 'network_not_allowed');
  const bad: [object, string][] = [
    [{ paths: ['rooms'] }, 'paths'],
    [{ paths: ['/a/../b'] }, 'paths'],
    [{ origins: ['example.com'] }, 'origins'],
    [{ networks: ['10.0.0.0/33'] }, 'networks'],
  ];
  for (const [fields, field] of bad) {
    const { status, body } = await postern.api('POST', '/v1/tokens', { subject: 'a', ...fields });
    assert.equal(status, 400);
    assert.equal((body as { errors: { field: string }[] }).errors[0]?.field, field);
  }
});

test('label, claims and expiry can be changed, until the token is revoked', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { token, id } = await postern.issue({ expires_in: '1h', label: 'old', claims: { a: 1 } });
  const change = async (body: object) => {
    const answer = await postern.api('PATCH', `/v1/tokens/${id}`, body);
    return { status: answer.status, ...(answer.body as Record<string, unknown>) };
  };
  const longer: Record<string, unknown> = await change({ expires_in: '2h', label: 'new' });
  assert.equal(longer.expires_at, '2026-12-01T14:00:00.000Z');
  assert.equal(longer.label, 'new');
  assert.deepEqual(longer.claims, { a: 1 });
  now += 5_400_000;
  assert.equal(await use(postern, token), 200);
  const shorter: Record<string, unknown> = await change({
    expires_at: '2026-12-01T13:30:01Z',
    label: null,
    claims: { name: 'Alice' },
  });
  assert.equal(shorter.label, null);
  now += 1_000;
  assert.equal(await use(postern, token), 'expired');
  const forever: Record<string, unknown> = await change({ expires_in: 'never' });
  assert.equal(forever.expires_at, null);
  assert.equal(await use(postern, token), 200);
  assert.equal((await change({})).status, 400);
  assert.equal((await change({ subject: 'bob' })).status, 400);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  const ended: Record<string, unknown> = await change({ expires_in: '1h' });
  assert.deepEqual([ended.status, ended.code], [409, 'token_ended']);
  assert.equal(await use(postern, token), 'revoked');
  assert.equal((await postern.api('PATCH', '/v1/tokens/tok_none', { label: 'x' })).status, 404);
});

test('after a rotation both secrets work for the grace period, and then only the new one', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { token: first, id } = await postern.issue();
  const rotate = async (grace: string) => {
    const { body } = await postern.api('POST', `/v1/tokens/${id}/rotate`, { grace });
    return (body as { token: string; id: string }).token;
  };
  const second = await rotate('10m');
  assert.notEqual(first, second);
  assert.deepEqual([await use(postern, first), await use(postern, second)], [200, 200]);
  assert.equal(postern.lastDecision().token_id, id);
  now += 600_000;
  assert.deepEqual([await use(postern, first), await use(postern, second)], ['expired', 200]);
  const third = await rotate('1h');
  assert.deepEqual(
    [await use(postern, first), await use(postern, second), await use(postern, third)],
    ['unknown_token', 200, 200],
  );
  const fourth = await rotate('0s');
  assert.deepEqual([await use(postern, third), await use(postern, fourth)], ['expired', 200]);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.deepEqual([await use(postern, third), await use(postern, fourth)], ['revoked', 'revoked']);
  assert.equal((await postern.api('POST', `/v1/tokens/${id}/rotate`, {})).status, 409);
  const ticket = await postern.issueTicket();
  assert.equal((await postern.api('POST', `/v1/tokens/${ticket.id}/rotate`, {})).status, 409);
});

test('secrets that exist already are imported as hashes, weak ones only when allowed, and then marked', async (t) => {
  const postern = await startTestPostern(t);
  const strong = 'Zx81-f00d-BABE-cafe-4242-aQ9w-77';
  const tokens = [
    { secret: strong, subject: 'camera', gates: ['media'], expires_in: '30d' },
    { secret: 'ABCDEF123456', subject: 'old', gates: ['media'] },
  ];
  const load = async (allowWeak: boolean) => {
    const { body } = await postern.api('POST', '/v1/tokens/import', {
      allow_weak: allowWeak,
      tokens,
    });
    return (body as { results: string[] }).results;
  };
  assert.deepEqual(await load(false), ['imported', 'refused_weak']);
  assert.equal(await use(postern, strong, { 'x-postern-gate': 'media' }), 200);
  assert.equal(await use(postern, strong, { 'x-postern-gate': 'chat' }), 'wrong_gate');
  assert.equal(await use(postern, 'ABCDEF123456'), 'unknown_token');
  assert.deepEqual(await load(true), ['known', 'imported_weak']);
  assert.equal(await use(postern, 'ABCDEF123456', { 'x-postern-gate': 'media' }), 200);
  const { body } = await postern.api('GET', '/v1/tokens?subject=old');
  assert.equal((body as { tokens: { weak: boolean }[] }).tokens[0]?.weak, true);
  const cookie = await ask(postern.gate, {
    cookie: `postern_token=${strong}`,
    'x-postern-gate': 'media',
  });
  assert.equal(cookie.status, 200);
});

test('`token import` reads a directory of token files, CSV and JSON lines', async (t) => {
  const postern = await startTestPostern(t);
  const directory = temporaryDirectory(t);
  const secrets = ['A'.repeat(8), 'B'.repeat(8), 'C'.repeat(8), 'D'.repeat(8)].map(
    (part, index) => `${part}-0123456789-abcdefgh-${index}`,
  );
  const [inDirectory = '', inCsv = '', inLines = '', weak = 'short'] = secrets;
  const tokenDirectory = join(directory, 'tokens');
  mkdirSync(tokenDirectory);
  writeFileSync(join(tokenDirectory, inDirectory), '');
  writeFileSync(join(tokenDirectory, 'ABCDEF'), '');
  const csv = join(directory, 'tokens.csv');
  writeFileSync(csv, `secret,subject,gates,label\n${inCsv},"Müller, Max",media chat,"a ""b"""\n`);
  const lines = join(directory, 'tokens.jsonl');
  writeFileSync(lines, `{"secret":"${inLines}","subject":"carol","max_uses":2}\n\n`);
  const broken = join(directory, 'broken.jsonl');
  writeFileSync(broken, `{"secret":"${weak}","subject":"x"}\n{"secret":"${weak}"\n`);
  const env = { POSTERN_DATA_DIR: postern.dataDir };
  const run = (...args: string[]) => runCli(['token', 'import', ...args, '--store'], env);

  const refused = await run(tokenDirectory, '--subject', 'media', '--gate', 'media');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /1 imported \(0 weak\), 0 known already, 1 refused/);
  assert.ok(!refused.stderr.includes('ABCDEF'), 'a file name is a secret');
  const allowed = await run(tokenDirectory, '--subject', 'media', '--allow-weak');
  assert.equal(allowed.code, 0);
  assert.match(allowed.stderr, /1 imported \(1 weak\), 1 known already, 0 refused/);
  assert.equal((await run(csv)).code, 0);
  assert.equal((await run(lines)).code, 0);
  assert.equal(await use(postern, inDirectory, { 'x-postern-gate': 'media' }), 200);
  assert.equal(await use(postern, 'ABCDEF'), 200);
  assert.equal(await use(postern, inCsv, { 'x-postern-gate': 'chat' }), 200);
  assert.equal(postern.lastDecision().subject, 'Müller, Max');
  assert.equal(await use(postern, inLines), 200);

  const failed = await run(broken);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /broken\.jsonl:2: not a JSON object/);
  assert.ok(!failed.stderr.includes(weak));
  assert.equal(await use(postern, weak), 'unknown_token');
});
