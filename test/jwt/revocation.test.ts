import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import {
  byUrl,
  claimsOf,
  iss,
  makeJwt,
  newSecret,
  newSigner,
  noon,
  outcome,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestProgram } from '../../testkit/postern/program.ts';
import type { TestPostern } from '../../testkit/postern/start.ts';

const signer = newSecret();
const { material: secret } = signer;
const other = 'https://other.example.com/';
const issuers = { one: { secret }, two: { secret, issuer: other } };

async function revoke(postern: TestPostern, body: object) {
  const answer = await postern.api('POST', '/v1/jwt/revoke', body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Record<string, unknown>;
}

test('a JWT is revoked by its jti, with its issuer only', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  const jwt = (claims: object) => makeJwt(signer, { jti: 'id-1', ...claims });
  assert.equal(await outcome(postern, jwt({})), 200);
  const shown = await revoke(postern, { issuer: 'one', jti: 'id-1' });
  assert.deepEqual(shown, {
    issuer: 'one',
    iss,
    jti: 'id-1',
    subject: null,
    issued_before: null,
    revoked_at: '2026-12-01T12:00:00.000Z',
    expires_at: null,
  });
  assert.equal(await outcome(postern, jwt({})), 'revoked');
  const { subject, token_id, issuer } = postern.lastDecision();
  assert.deepEqual([subject, token_id, issuer], ['alice', 'id-1', 'one']);
  assert.equal(await outcome(postern, jwt({ sub: 'bob' })), 'revoked');
  assert.equal(await outcome(postern, jwt({ jti: 'ID-1' })), 200);
  assert.equal(await outcome(postern, jwt({ jti: undefined })), 200);
  assert.equal(await outcome(postern, jwt({ iss: other })), 200);
  const { body } = await postern.api('POST', '/v1/introspect', { token: jwt({}) });
  assert.deepEqual(body, { active: false, reason: 'revoked' });
});

test('what a subject was given up to a moment is revoked, and what came later is not', async (t) => {
  let now = noon + 500;
  const postern = await startWithIssuers(t, issuers, { clock: () => now });
  const second = noon / 1_000;
  const jwt = (iat: number | undefined, claims: object = {}) => makeJwt(signer, { iat, ...claims });
  const upTo = { issued_before: new Date(now).toISOString() };
  const shown = await revoke(postern, { issuer: 'one', subject: 'alice', ...upTo });
  assert.equal(shown.issued_before, '2026-12-01T12:00:00.500Z');
  now += 10_000;
  assert.equal(await outcome(postern, jwt(second - 1)), 'revoked');
  assert.equal(await outcome(postern, jwt(second)), 'revoked');
  assert.equal(await outcome(postern, jwt(second + 0.5)), 'revoked');
  assert.equal(await outcome(postern, jwt(second + 0.501)), 200);
  assert.equal(await outcome(postern, jwt(second + 1)), 200);
  assert.equal(await outcome(postern, jwt(undefined)), 'revoked', 'without an iat');
  assert.equal(await outcome(postern, jwt(second, { sub: 'bob' })), 200);
  assert.equal(await outcome(postern, jwt(second, { iss: other })), 200);
  const earlier = { issuer: 'one', subject: 'alice', issued_before: '2026-01-01T00:00:00Z' };
  assert.equal((await revoke(postern, earlier)).issued_before, shown.issued_before);
  const later = { ...earlier, issued_before: '2027-01-01T00:00:00Z' };
  assert.equal((await revoke(postern, later)).issued_before, '2027-01-01T00:00:00.000Z');
  assert.equal(await outcome(postern, jwt(second + 1)), 'revoked');
});

test('a revoked subject has no JWT that passes, not even one from an issuer whose clock runs ahead', async (t) => {
  let now = noon + 500;
  const leeway = { one: { secret, leeway: '45s' }, exact: { secret, issuer: other, leeway: '0s' } };
  const postern = await startWithIssuers(t, leeway, { clock: () => now });
  const second = noon / 1_000;
  const ahead = (seconds: number, claims = {}) =>
    makeJwt(signer, { iat: second + seconds, ...claims });
  for (const seconds of [0, 1, 30, 45, 45.5]) {
    assert.equal(await outcome(postern, ahead(seconds)), 200, `before, ${seconds} s ahead`);
  }
  const shown = await revoke(postern, { issuer: 'one', subject: 'alice' });
  assert.equal(shown.issued_before, '2026-12-01T12:00:45.500Z');
  for (const seconds of [0, 1, 30, 45, 45.5]) {
    assert.equal(await outcome(postern, ahead(seconds)), 'revoked', `${seconds} s ahead`);
  }
  now += 60_000;
  assert.equal(await outcome(postern, ahead(45.5)), 'revoked', 'when its iat lies behind');
  assert.equal(await outcome(postern, ahead(45.501)), 200, 'what was given later');
  const exact = await revoke(postern, { issuer: 'exact', subject: 'alice' });
  assert.equal(exact.issued_before, new Date(now).toISOString(), 'no leeway, none added');
  assert.equal(await outcome(postern, ahead(60, { iss: other })), 'revoked');
});

test('the longer of two revocations counts, and one for good counts most', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  const expiry = async (expiresAt?: string) => {
    const body = { issuer: 'one', jti: 'x', ...(expiresAt && { expires_at: expiresAt }) };
    return (await revoke(postern, body)).expires_at;
  };
  assert.equal(await expiry('2027-01-01T00:00:00Z'), '2027-01-01T00:00:00.000Z');
  assert.equal(await expiry('2026-12-02T00:00:00Z'), '2027-01-01T00:00:00.000Z');
  assert.equal(await expiry(), null);
  assert.equal(await expiry('2028-01-01T00:00:00Z'), null);
});

test('of many handshakes none that begins after the answer passes', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  const jwt = makeJwt(signer, { jti: 'id-1' });
  let isRevoked = false;
  let after = 0;
  const ask = async () => {
    for (let i = 0; i < 40; i++) {
      const began = isRevoked;
      const result = await outcome(postern, jwt);
      if (began) {
        after++;
        assert.equal(result, 'revoked');
      }
    }
  };
  const asking = Array.from({ length: 10 }, ask);
  await revoke(postern, { issuer: 'one', jti: 'id-1' });
  isRevoked = true;
  await Promise.all(asking);
  assert.ok(after > 0);
});

test('revocations outlive the process that answered, ended without warning', async (t) => {
  const dataDir = temporaryDirectory(t);
  const env = {
    POSTERN_DATA_DIR: dataDir,
    POSTERN_JWT_ISSUERS: JSON.stringify({ one: { issuer: iss, audience: 'postern', secret } }),
  };
  const service = await startTestProgram(t, { env });
  const admin = connectAdmin({ listen: service.admin, key: adminKey }, undefined);
  const body = { issuer: 'one', jti: 'id-1' };
  assert.equal((await admin.send('POST', '/v1/jwt/revoke', body)).status, 200);
  await service.end('SIGKILL');
  // Another name for the issuer makes no difference.
  const postern = await startWithIssuers(t, { renamed: { secret } }, { dataDir });
  assert.equal(await outcome(postern, makeJwt(signer, { jti: 'id-1' })), 'revoked');
  const { body: page } = await postern.api('GET', '/v1/jwt/revocations');
  assert.equal((page as { revocations: { issuer: string }[] }).revocations[0]?.issuer, 'renamed');
});

test('revocations are listed in pages, newest first, also of issuers that are gone', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  await revoke(postern, { issuer: 'two', jti: 'a' });
  await revoke(postern, { issuer: 'one', jti: 'b' });
  await revoke(postern, { issuer: 'one', subject: 'alice' });
  const page = async (from: TestPostern, query = '') => {
    const { body } = await from.api('GET', `/v1/jwt/revocations${query}`);
    return body as { revocations: Record<string, unknown>[]; next_cursor: string | null };
  };
  const { revocations, next_cursor } = await page(postern, '?limit=2');
  assert.deepEqual(
    revocations.map(({ jti, subject }) => [jti, subject]),
    [
      [null, 'alice'],
      ['b', null],
    ],
  );
  const rest = await page(postern, `?limit=2&cursor=${next_cursor}`);
  assert.deepEqual([rest.revocations.map(({ jti }) => jti), rest.next_cursor], [['a'], null]);
  const later = await startWithIssuers(t, { one: { secret } }, { dataDir: postern.dataDir });
  const gone = (await page(later)).revocations.at(-1);
  assert.deepEqual([gone?.issuer, gone?.iss], [null, other]);
});

test('a revocation that is not clear is refused, and says why', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  const cases: [object, string, RegExp][] = [
    [{}, 'issuer', /required/],
    [{ issuer: 'three', jti: 'a' }, 'issuer', /there is: one, two/],
    [{ issuer: iss, jti: 'a' }, 'issuer', /jwt\.issuers/],
    [{ issuer: 'one' }, 'jti', /either/],
    [{ issuer: 'one', jti: 'a', subject: 'b' }, 'jti', /either/],
    [{ issuer: 'one', jti: '' }, 'jti', /characters/],
    [
      { issuer: 'one', jti: 'a', issued_before: '2026-01-01T00:00:00Z' },
      'issued_before',
      /subject/,
    ],
    [{ issuer: 'one', subject: 'a', issued_before: 'now' }, 'issued_before', /date-time/],
    [{ issuer: 'one', jti: 'a', token: 'x' }, 'token', /not a known field/],
  ];
  for (const [body, field, message] of cases) {
    const answer = await postern.api('POST', '/v1/jwt/revoke', body);
    const { code, errors } = answer.body as { code: string; errors: Record<string, string>[] };
    assert.deepEqual([answer.status, code], [400, 'validation_failed'], JSON.stringify(body));
    const found = errors.find((error) => error.field === field);
    assert.match(found?.message ?? '', message, JSON.stringify(answer.body));
  }
});

test('only admins revoke, and only they and auditors see what is revoked', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  for (const role of ['admin', 'issuer', 'introspector', 'auditor']) {
    const { body } = await postern.api('POST', '/v1/keys', { name: `a-${role}`, role });
    const client = connectAdmin(
      { listen: postern.admin, key: (body as { key: string }).key },
      undefined,
    );
    const revoked = await client.send('POST', '/v1/jwt/revoke', { issuer: 'one', jti: 'x' });
    assert.equal(revoked.status, role === 'admin' ? 200 : 403, role);
    const listed = await client.send('GET', '/v1/jwt/revocations');
    assert.equal(listed.status, ['admin', 'auditor'].includes(role) ? 200 : 403, role);
  }
});

test('an application revokes a JWT by presenting it (RFC 7009)', async (t) => {
  const postern = await startWithIssuers(t, issuers);
  const give = async (token: string) => {
    const answer = await postern.api('POST', '/v1/revoke', { token });
    return (answer.body as { code?: string }).code ?? answer.status;
  };
  const jwt = makeJwt(signer, { jti: 'id-1' });
  const forged = makeJwt(newSecret(), { jti: 'id-1' });
  const early = makeJwt(signer, { jti: 'id-2', nbf: noon / 1_000 + 600 });
  assert.equal(await give(forged), 200);
  assert.equal(await outcome(postern, jwt), 200, 'a forged one revokes nothing');
  assert.equal(await give(jwt), 200);
  assert.equal(await outcome(postern, jwt), 'revoked');
  assert.equal(await give(jwt), 200);
  assert.equal(await give(early), 200);
  assert.equal(await give(makeJwt(signer, { jti: 'id-3', exp: 1 })), 200);
  assert.equal(await give(makeJwt(signer)), 'validation_failed');
  assert.equal(await give(makeJwt(signer, { iss: 'unknown' })), 200);
  const { body } = await postern.api('GET', '/v1/jwt/revocations');
  assert.deepEqual(
    (body as { revocations: Record<string, unknown>[] }).revocations.map((one) => [
      one.jti,
      one.expires_at,
    ]),
    [
      ['id-2', '2026-12-01T13:00:00.000Z'],
      ['id-1', '2026-12-01T13:00:00.000Z'],
    ],
  );
  const { token } = await postern.issue();
  assert.equal(await give(token), 200);
  assert.equal(await outcome(postern, token), 'revoked');
});

test('a JWT whose issuer cannot be asked is not reported as revoked', async (t) => {
  const server = await startJwksServer(t);
  server.answer = (_request, response) => response.destroy();
  const postern = await startWithIssuers(t, { one: byUrl(server) });
  const token = makeJwt(newSigner('ES256'), { jti: 'x' });
  const { status, body } = await postern.api('POST', '/v1/revoke', { token });
  assert.deepEqual([status, (body as { code: string }).code], [503, 'issuer_unavailable']);
});

test('what is over is pruned an hour later, and what has no end never is', async (t) => {
  let now = noon;
  const postern = await startWithIssuers(t, issuers, { clock: () => now, singleProcess: true });
  const expiry = new Date(noon + 3_600_000).toISOString();
  await revoke(postern, { issuer: 'one', jti: 'ends', expires_at: expiry });
  await revoke(postern, { issuer: 'one', jti: 'stays' });
  await revoke(postern, { issuer: 'one', subject: 'bob', expires_at: expiry });
  for (let i = 0; i < 450; i++) {
    await postern.api('POST', '/v1/revoke', { token: makeJwt(signer, { jti: `many-${i}` }) });
  }
  const { exp } = claimsOf() as { exp: number };
  assert.equal(exp * 1_000, noon + 3_600_000);
  now = noon + 2 * 3_600_000;
  assert.equal((await postern.pruning.run()).jwt, 0);
  now += 1;
  assert.equal((await postern.pruning.run()).jwt, 452);
  const { body } = await postern.api('GET', '/v1/jwt/revocations');
  const left = (body as { revocations: { jti: string }[] }).revocations;
  assert.deepEqual(
    left.map(({ jti }) => jti),
    ['stays'],
  );
  assert.equal(await outcome(postern, makeJwt(signer, { jti: 'many-1' })), 'expired');
});
