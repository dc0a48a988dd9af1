import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { sendHttp } from '../../src/cli/toolkit/admin-client.ts';
import { tryHandshake } from '../../src/demo/client.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

const enabled = { POSTERN_DEFAULT_GATE_ASSERTION: 'true' };

async function fetchKeys({ gate }: TestPostern): Promise<JSONWebKeySet> {
  const answer = await sendHttp(gate, { method: 'GET', path: '/.well-known/jwks.json' });
  assert.equal(answer.status, 200);
  return answer.body as JSONWebKeySet;
}

test('a backend can check that a handshake came through the gate, and as whom', async (t) => {
  const postern = await startTestPostern(t, { env: enabled });
  const site = await startSite(t, postern);
  const { token, id } = await postern.issue({ subject: 'alice' });
  const outcome = await tryHandshake(`${site.socketUrl}/ws?token=${token}`, {
    'x-postern-assertion': 'of-my-own-making',
  });
  assert.equal(outcome.status, 101);
  const assertion = String(outcome.seen?.headers['x-postern-assertion']);
  const keys = createLocalJWKSet(await fetchKeys(postern));
  const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
    issuer: 'postern',
    audience: 'chat',
    algorithms: ['EdDSA'],
  });
  assert.equal(payload.sub, 'alice');
  assert.equal(payload.token_id, id);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
  assert.ok(protectedHeader.kid);
});

test('without the setting the header of a client does not reach the backend', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${site.socketUrl}/ws?token=${token}`, {
    'x-postern-assertion': 'of-my-own-making',
  });
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.headers['x-postern-assertion'], undefined);
});

test('after a rotation new assertions carry the new key, and old ones can still be checked for a day', async (t) => {
  let now = Date.now();
  const clock = () => now;
  const postern = await startTestPostern(t, { env: enabled, clock });
  const { token } = await postern.issue({ expires_in: 'never' });
  const assertion = async (from: TestPostern = postern) => {
    const answer = await ask(from.gate, { cookie: `postern_token=${token}` });
    return String(answer.headers['x-postern-assertion']);
  };
  const verify = async (jwt: string) => {
    const keys = createLocalJWKSet(await fetchKeys(postern));
    return (await jwtVerify(jwt, keys, { currentDate: new Date(now) })).protectedHeader.kid;
  };
  const before = await assertion();
  const firstId = await verify(before);
  const rotated = await postern.api('POST', '/v1/signing-keys/rotate');
  const secondId = (rotated.body as { id: string }).id;
  assert.notEqual(firstId, secondId);
  assert.equal(await verify(await assertion()), secondId);
  assert.equal(await verify(before), firstId);
  const listed = await postern.api('GET', '/v1/signing-keys');
  assert.deepEqual(
    (listed.body as { keys: { id: string }[] }).keys.map(({ id }) => id).sort(),
    [firstId, secondId].sort(),
  );
  const other = await startTestPostern(t, { env: enabled, clock, dataDir: postern.dataDir });
  assert.equal(await verify(await assertion(other)), secondId);
  await other.api('POST', '/v1/signing-keys/rotate');
  now += 10_000;
  assert.notEqual(await verify(await assertion()), secondId, 'the rotation elsewhere is noticed');
  now += 86_400_000;
  await postern.api('POST', '/v1/signing-keys/rotate');
  const { keys } = await fetchKeys(postern);
  assert.ok(!keys.some(({ kid }) => kid === firstId));
});

test('the database alone does not hold the private key', async (t) => {
  const postern = await startTestPostern(t, { env: enabled });
  const { token } = await postern.issue();
  await ask(postern.gate, { cookie: `postern_token=${token}` });
  const key = join(postern.dataDir, 'postern.key');
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const { keys } = await fetchKeys(postern);
  assert.ok(keys.length === 1 && keys[0]?.d === undefined);
  for (const name of readdirSync(postern.dataDir).filter((file) => file.startsWith('postern.db'))) {
    const bytes = readFileSync(join(postern.dataDir, name), 'latin1');
    assert.doesNotMatch(bytes, /"d":"/, name);
  }
});

test('what cannot be signed is denied', async (t) => {
  const postern = await startTestPostern(t, { env: enabled });
  const { token } = await postern.issue();
  const { default: Database } = await import('better-sqlite3');
  await ask(postern.gate, { cookie: `postern_token=${token}` });
  const db = new Database(join(postern.dataDir, 'postern.db'));
  db.exec("UPDATE signing_key SET sealed = x'00', id = 'broken'");
  db.close();
  const other = await startTestPostern(t, { env: enabled, dataDir: postern.dataDir });
  const answer = await ask(other.gate, { cookie: `postern_token=${token}` });
  assert.deepEqual([answer.status, answer.reason], [503, 'internal_error']);
});
