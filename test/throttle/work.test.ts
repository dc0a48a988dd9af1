import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import {
  audience,
  byUrl,
  iss,
  makeJwt,
  newSecret,
  newSigner,
  noon,
  startJwksServer,
} from '../../testkit/jwt.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { attacker, neighbour, startThrottled } from './fixture.ts';

const minute = 60_000;

function issuers(one: Record<string, unknown>): Record<string, string> {
  return { POSTERN_JWT_ISSUERS: JSON.stringify({ one: { issuer: iss, audience, ...one } }) };
}

test('while a network is throttled no signature of a new JWT is checked, and those that are known pass', async (t) => {
  const signer = newSecret();
  const postern = await startThrottled(t, { env: issuers({ secret: signer.material }) });
  const known = makeJwt(signer, { jti: 'known' });
  const fresh = makeJwt(signer, { jti: 'fresh' });
  assert.equal((await postern.present(known)).status, 200);
  for (let i = 0; i < 5; i++) {
    const wrong = makeJwt(newSecret(), { jti: `wrong-${i}` });
    assert.equal((await postern.present(wrong)).reason, 'invalid_signature');
  }
  // It would pass if its signature were looked at.
  assert.equal((await postern.present(fresh)).reason, 'throttled');
  assert.equal((await postern.present(makeJwt(newSecret()))).reason, 'throttled');
  assert.equal((await postern.present(known)).status, 200);
  assert.equal((await postern.present(fresh, neighbour)).status, 200);
  assert.equal((await postern.present(fresh)).status, 200, 'it is known now');
});

test('while a network is throttled its JWTs have no keys fetched', async (t) => {
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  const postern = await startThrottled(t, { env: issuers(byUrl(server)) });
  await postern.flood(5);
  for (let i = 0; i < 20; i++) {
    const other = newSigner('ES256', `kid-${i}`);
    assert.equal((await postern.present(makeJwt(other))).reason, 'throttled');
    assert.equal((await postern.present(makeJwt(signer, { jti: String(i) }))).reason, 'throttled');
  }
  assert.deepEqual(server.requests, []);
  assert.equal((await postern.present(makeJwt(signer), neighbour)).status, 200);
  assert.equal(server.requests.length, 1);
});

test('a JWT for somebody else, or of nobody, is a failed attempt; one that expired is none', async (t) => {
  const signer = newSecret();
  const postern = await startThrottled(t, { env: issuers({ secret: signer.material }) });
  const reasons: (string | undefined)[] = [];
  for (const claims of [
    { aud: 'other' },
    { iss: 'https://nobody.example.com/' },
    ...new Array(9).fill({ exp: noon / 1_000 - 3_600 }),
    { aud: 'other' },
    { iss: 'https://nobody.example.com/' },
    { aud: 'other' },
  ]) {
    reasons.push((await postern.present(makeJwt(signer, claims))).reason);
  }
  assert.deepEqual(reasons, [
    ...['wrong_audience', 'unknown_token'],
    ...new Array(9).fill('expired'),
    ...['wrong_audience', 'unknown_token', 'wrong_audience'],
  ]);
  assert.deepEqual(await postern.flood(1), ['throttled']);
});

test('now and then one piece of work is done for a network that goes on failing', async (t) => {
  const signer = newSecret();
  const postern = await startThrottled(t, { env: issuers({ secret: signer.material }) });
  const fresh = (jti: string) => makeJwt(signer, { jti });
  await postern.flood(5);
  postern.now += 2 * minute - 1;
  assert.equal((await postern.present(fresh('a'))).reason, 'throttled');
  postern.now += 1;
  // What needs no work does not use it up.
  await postern.flood(3);
  assert.equal((await postern.present(fresh('b'))).status, 200);
  assert.equal((await postern.present(fresh('c'))).reason, 'throttled');
});

/** A gate with a sign-on service, and whoever asks there. */
async function startBridged(t: TestContext, settings: Record<string, unknown> = {}) {
  const signOn = await startSignOn(t, 'tinyauth');
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = JSON.stringify({ service: 'tinyauth', url: signOn.url, ...settings });
  writeFileSync(config, `default_gate:\n  bridge: ${bridge}\n`);
  const postern = await startThrottled(t, { config });
  return {
    postern,
    signOn,
    async open(headers: Record<string, string>, from = attacker) {
      const asked = { ...handshakeHeaders, 'x-real-ip': from, ...headers };
      const { reason, status } = await ask(postern.gate, asked);
      return reason ?? status;
    },
  };
}

test('while a network is throttled its sign-on service is not asked, and answers that are kept count', async (t) => {
  const { postern, signOn, open } = await startBridged(t, { cache: '1m' });
  const cookie = sessions.tinyauth.alice;
  assert.equal(await open({ cookie }), 200);
  await postern.flood(5);
  const asked = signOn.questions.length;
  assert.equal(await open({ cookie }), 200);
  assert.equal(await open({ cookie: sessions.tinyauth.bob }), 'throttled');
  assert.equal(await open({ cookie: 'tinyauth-session-1a2b3c4d=bogus' }), 'throttled');
  assert.equal(await open({ authorization: 'Negotiate bogus' }), 'throttled');
  assert.equal(await open({}), 'throttled');
  assert.equal(signOn.questions.length, asked);
  assert.equal(await open({ cookie: sessions.tinyauth.bob }, neighbour), 'sign_on_forbidden');
  assert.equal(signOn.questions.length, asked + 1);
});

test('a throttled page load is still told where to sign in', async (t) => {
  const login = 'https://login.example.com/?rd=';
  const { postern } = await startBridged(t, { login });
  await postern.flood(5);
  const { status, headers, reason } = await ask(postern.gate, { 'x-real-ip': attacker });
  assert.deepEqual([status, reason], [401, 'throttled']);
  assert.equal(
    headers['x-postern-login'],
    `${login}${encodeURIComponent('https://app.example.com/')}`,
  );
});

test('a password that a sign-on service refuses is a failed attempt', async (t) => {
  const { open } = await startBridged(t, { cache: '1m' });
  const reasons: unknown[] = [];
  for (let i = 0; i < 6; i++) reasons.push(await open({ authorization: `Negotiate ${i}` }));
  assert.deepEqual(reasons, [...new Array(5).fill('sign_on_denied'), 'throttled']);
});

test('a session that ended at the sign-on service is an eighth of one, and nobody there is none', async (t) => {
  const { open } = await startBridged(t);
  for (let i = 0; i < 100; i++) assert.equal(await open({}), 'sign_on_denied');
  const reasons: unknown[] = [];
  for (let i = 0; i < 41; i++) {
    reasons.push(await open({ cookie: `tinyauth-session-1a2b3c4d=${i}` }));
  }
  assert.deepEqual(reasons, [...new Array(40).fill('sign_on_denied'), 'throttled']);
});

test('an imported secret that could be guessed does not pass from a network that guesses', async (t) => {
  const postern = await startThrottled(t);
  const { status } = await postern.api('POST', '/v1/tokens/import', {
    allow_weak: true,
    tokens: [{ secret: 'hunter22', subject: 'alice' }],
  });
  assert.ok(status < 300);
  assert.equal((await postern.present('hunter22')).status, 200);
  await postern.flood(5);
  assert.equal((await postern.present('hunter22')).reason, 'throttled');
  assert.equal((await postern.present('hunter22', neighbour)).status, 200);
  postern.now += 5 * minute;
  assert.equal((await postern.present('hunter22')).status, 200);
});
