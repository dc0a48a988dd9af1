import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJwt, newSecret, noon, outcome, present, startWithIssuers } from '../../testkit/jwt.ts';

const signer = newSecret();
const { material: secret } = signer;
const issuers = { one: { secret }, two: { secret, issuer: 'two' } };
const env = { POSTERN_DEFAULT_GATE_JWT_SINGLE_USE: 'true' };

test('of two hundred simultaneous uses of a JWT exactly one passes, in two processes', async (t) => {
  const first = await startWithIssuers(t, issuers, { env });
  const second = await startWithIssuers(t, issuers, { env, dataDir: first.dataDir });
  const jwt = makeJwt(signer, { jti: 'id-1' });
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, index) => outcome(index % 2 ? first : second, jwt)),
  );
  assert.equal(outcomes.filter((one) => one === 200).length, 1);
  assert.equal(outcomes.filter((one) => one === 'already_used').length, 199);
});

test('a JWT is known again by its issuer and jti, however it is signed and wherever it is presented', async (t) => {
  const postern = await startWithIssuers(t, issuers, { env });
  const jwt = (claims: object) => makeJwt(signer, { jti: 'id-1', ...claims });
  assert.equal(await outcome(postern, jwt({})), 200);
  assert.equal(await outcome(postern, jwt({ name: 'other' })), 'already_used');
  assert.equal(await outcome(postern, jwt({}), { 'x-postern-gate': 'media' }), 'already_used');
  assert.equal(await outcome(postern, jwt({ iss: 'two' })), 200);
  assert.equal(await outcome(postern, jwt({ jti: 'id-2' })), 200);
  assert.equal(await outcome(postern, jwt({ jti: 'strange\n'.repeat(20) })), 200);
  assert.equal(await outcome(postern, jwt({ jti: 'strange\n'.repeat(20) })), 'already_used');
});

test('a JWT without a jti does not pass where each is good once', async (t) => {
  const postern = await startWithIssuers(t, issuers, { env });
  assert.equal(await outcome(postern, makeJwt(signer)), 'malformed_credential');
  assert.equal(postern.lastDecision().detail, 'jti');
  const { token } = await postern.issue();
  assert.deepEqual([await outcome(postern, token), await outcome(postern, token)], [200, 200]);
});

test('a request that is denied for another reason does not use a JWT up', async (t) => {
  const postern = await startWithIssuers(
    t,
    { one: { secret, gates_claim: 'gates' } },
    { env: { ...env, POSTERN_DEFAULT_GATE_ORIGINS: 'https://app.example.com' } },
  );
  const jwt = makeJwt(signer, { jti: 'id-1', gates: ['chat'] });
  const chat = { 'x-postern-gate': 'chat' };
  assert.equal(await outcome(postern, jwt, { 'x-postern-gate': 'media' }), 'wrong_gate');
  const foreign = { ...chat, origin: 'https://evil.example' };
  assert.equal(await outcome(postern, jwt, foreign), 'origin_not_allowed');
  assert.equal(
    await outcome(postern, jwt, { ...chat, 'x-original-upgrade': 'h2c' }),
    'upgrade_not_websocket',
  );
  assert.equal(await outcome(postern, jwt, chat), 200);
  assert.equal(await outcome(postern, jwt, chat), 'already_used');
});

test('a JWT whose times have fractions is used up as any other', async (t) => {
  const postern = await startWithIssuers(t, issuers, { env });
  const claims = { jti: 'id-1', exp: noon / 1_000 + 60.123456, iat: noon / 1_000 - 1.654321 };
  const jwt = makeJwt(signer, claims);
  assert.deepEqual(
    [await outcome(postern, jwt), await outcome(postern, jwt)],
    [200, 'already_used'],
  );
  const presented = { token: makeJwt(signer, { ...claims, jti: 'id-2' }) };
  assert.equal((await postern.api('POST', '/v1/revoke', presented)).status, 200);
});

test('a JWT that was used and then revoked is revoked', async (t) => {
  const postern = await startWithIssuers(t, issuers, { env });
  const jwt = makeJwt(signer, { jti: 'id-1' });
  assert.equal(await outcome(postern, jwt), 200);
  await postern.api('POST', '/v1/jwt/revoke', { issuer: 'one', jti: 'id-1' });
  assert.equal(await outcome(postern, jwt), 'revoked');
});

test('introspection tells whether a JWT was used, and uses it up only when asked to', async (t) => {
  const postern = await startWithIssuers(t, issuers, { env });
  const token = makeJwt(signer, { jti: 'id-1' });
  const introspect = async (fields: object = {}) => {
    const { body } = await postern.api('POST', '/v1/introspect', { token, ...fields });
    const { active, reason } = body as { active: boolean; reason?: string };
    return reason ?? active;
  };
  assert.deepEqual([await introspect(), await introspect()], [true, true]);
  assert.equal(await introspect({ redeem: true }), true);
  assert.equal(await introspect(), 'already_used');
  assert.equal((await present(postern, token)).reason, 'already_used');
});

test('a use is remembered until the JWT has expired, whatever was pruned', async (t) => {
  let now = noon;
  const postern = await startWithIssuers(
    t,
    { one: { secret, leeway: '5m' } },
    {
      env,
      clock: () => now,
      singleProcess: true,
    },
  );
  const jwt = makeJwt(signer, { jti: 'id-1', exp: noon / 1_000 + 60 });
  assert.equal(await outcome(postern, jwt), 200);
  now += 60_000 + 300_000 - 1;
  assert.equal((await postern.pruning.run()).jwt, 0);
  assert.equal(await outcome(postern, jwt), 'already_used');
  now += 1;
  assert.equal(await outcome(postern, jwt), 'expired');
  now += 3_600_000;
  assert.equal((await postern.pruning.run()).jwt, 1);
  assert.equal(await outcome(postern, jwt), 'expired');
});
