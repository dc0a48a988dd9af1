import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  byUrl,
  makeJwt,
  newSecret,
  newSigner,
  noon,
  outcome,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';

const minute = 60_000;
const hour = 60 * minute;

test('a JWT expires to the millisecond, its leeway added', async (t) => {
  let now = noon;
  const signer = newSecret();
  const clock = () => now;
  const cases: [object, number][] = [
    [{}, 30_000],
    [{ leeway: '0s' }, 0],
    [{ leeway: '5m' }, 300_000],
  ];
  for (const [setting, leeway] of cases) {
    const one = { secret: signer.material, ...setting };
    const postern = await startWithIssuers(t, { one }, { clock });
    for (const exp of [noon / 1_000 + 60, noon / 1_000 + 60.25, noon / 1_000 + 60.2507]) {
      const jwt = makeJwt(signer, { exp });
      now = Math.floor(exp * 1_000) + leeway - 1;
      assert.equal(await outcome(postern, jwt), 200);
      now += 1;
      assert.equal(await outcome(postern, jwt), 'expired');
      assert.equal(postern.lastDecision().subject, 'alice');
    }
    const early = noon / 1_000 + 600;
    for (const claims of [{ nbf: early }, { iat: early }]) {
      const jwt = makeJwt(signer, claims);
      now = early * 1_000 - leeway - 1;
      assert.equal(await outcome(postern, jwt), 'not_yet_valid', JSON.stringify(claims));
      now += 1;
      assert.equal(await outcome(postern, jwt), 200, JSON.stringify(claims));
      // That it was good once does not count where the clock is set back.
      now -= 1;
      assert.equal(await outcome(postern, jwt), 'not_yet_valid', JSON.stringify(claims));
    }
  }
});

test('after a rotation the new key works when the cool-down is over, and the old one no more', async (t) => {
  let now = noon;
  const [old, young] = [newSigner('RS256', 'old'), newSigner('RS256', 'young')];
  const server = await startJwksServer(t, old);
  const postern = await startWithIssuers(
    t,
    { one: byUrl(server) },
    { clock: () => now, singleProcess: true },
  );
  assert.equal(await outcome(postern, makeJwt(old)), 200);
  server.keys = [young.jwk];
  now += 9_999;
  assert.equal(await outcome(postern, makeJwt(young)), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt(old)), 200);
  now += 1;
  assert.equal(await outcome(postern, makeJwt(young)), 200);
  assert.equal(await outcome(postern, makeJwt(old)), 'invalid_signature');
  assert.equal(server.requests.length, 2);
});

test('a key that was withdrawn is forgotten within ten minutes, whoever asks', async (t) => {
  let now = noon;
  const signer = newSigner('EdDSA');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(
    t,
    { one: byUrl(server) },
    { clock: () => now, singleProcess: true },
  );
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
  server.keys = [];
  now += 10 * minute - 1;
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
  now += 1;
  assert.equal(await outcome(postern, makeJwt(signer)), 'invalid_signature');
});

test('while the issuer is down its last keys count, for a day and no longer', async (t) => {
  let now = noon;
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(
    t,
    { one: byUrl(server) },
    { clock: () => now, singleProcess: true },
  );
  const jwt = makeJwt(signer, { exp: noon / 1_000 + 200_000 });
  assert.equal(await outcome(postern, jwt), 200);
  server.answer = (_request, response) => response.destroy();
  for (const elapsed of [10 * minute, 10 * minute + 1, hour, 24 * hour - 1]) {
    now = noon + elapsed;
    assert.equal(await outcome(postern, jwt), 200);
  }
  now = noon + 24 * hour;
  assert.equal(await outcome(postern, jwt), 'issuer_unavailable');
  server.answer = undefined;
  now += 10_000;
  assert.equal(await outcome(postern, jwt), 200);
});

test('with keys at hand nobody waits for an issuer that hangs', async (t) => {
  let now = noon;
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(
    t,
    { one: byUrl(server) },
    { clock: () => now, singleProcess: true },
  );
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
  server.answer = (_request, response) => response.destroy();
  now += 10 * minute;
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
  server.answer = () => {};
  now += 10_000;
  const answers = Array.from({ length: 20 }, () => outcome(postern, makeJwt(signer)));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
});

test('a clock that is set back puts no fetch off', async (t) => {
  let now = noon;
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  server.answer = (_request, response) => response.destroy();
  const postern = await startWithIssuers(t, { one: byUrl(server) }, { clock: () => now });
  const jwt = makeJwt(signer, { iat: 1 });
  assert.equal(await outcome(postern, jwt), 'issuer_unavailable');
  server.answer = undefined;
  now -= hour;
  assert.equal(await outcome(postern, jwt), 200);
});
