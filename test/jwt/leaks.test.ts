import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sendHttp } from '../../src/cli/toolkit/admin-client.ts';
import {
  byUrl,
  makeJwt,
  newSecret,
  newSigner,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';

test('no JWT, no part of one and no HMAC secret is in a log, a database file or an answer', async (t) => {
  const signer = newSecret();
  const key = newSigner('ES256');
  const down = await startJwksServer(t);
  down.answer = (_request, response) => response.end('{"keys":"planted-in-a-jwks"');
  const postern = await startWithIssuers(
    t,
    {
      one: { secret: signer.material },
      two: { issuer: 'two', public_key: key.material },
      three: { issuer: 'three', ...byUrl(down) },
    },
    { env: { POSTERN_LOG_LEVEL: 'debug', POSTERN_DEFAULT_GATE_JWT_SINGLE_USE: 'true' } },
  );
  const planted = { jti: 'id-1', email: 'planted-in-a-claim@example.com' };
  const good = makeJwt(signer, planted);
  const jwts = [
    good,
    good.slice(0, -1),
    `${good}.x`,
    makeJwt(key, { ...planted, iss: 'two' }),
    makeJwt(key, { ...planted, iss: 'three' }),
    makeJwt(key, { ...planted, iss: 'unknown' }),
    makeJwt(newSecret(), planted),
    makeJwt(signer, { ...planted, exp: 1 }),
    makeJwt(signer, { ...planted, nbf: 1e10 }),
    makeJwt(signer, { ...planted, aud: 'planted-aud' }),
    makeJwt(signer, { ...planted, jti: 'id-2' }, { crit: ['planted-crit'] }),
    makeJwt(signer, { ...planted, jti: undefined }),
    makeJwt(signer, { ...planted, sub: 'planted\nsub' }),
  ];
  const answers: string[] = [];
  const add = (answer: object) => void answers.push(JSON.stringify(answer));
  for (const jwt of [...jwts, good]) {
    const places = [
      { authorization: `Bearer ${jwt}` },
      { 'x-original-uri': `/ws?token=${jwt}` },
      { cookie: `postern_token=${jwt}` },
      { 'sec-websocket-protocol': `postern.bearer.${jwt}` },
      { authorization: `Basic ${Buffer.from(`token:${jwt}`).toString('base64')}` },
    ];
    for (const headers of places) {
      const {
        status,
        headers: answered,
        body,
      } = await ask(postern.gate, {
        ...handshakeHeaders,
        ...headers,
      });
      // Who was let in has an e-mail address to tell.
      add({ status, ...(status !== 200 && { answered }), body });
    }
    const { body } = await postern.api('POST', '/v1/introspect', { token: jwt });
    if (!(body as { active: boolean }).active) add({ body });
    add(await postern.api('POST', '/v1/revoke', { token: jwt }));
    add(await postern.api('POST', '/v1/jwt/revoke', { issuer: jwt.slice(0, 64), jti: 'x' }));
  }
  add(await postern.api('GET', '/v1/jwt/revocations'));
  add(await sendHttp(postern.admin, { method: 'GET', path: '/openapi.json' }));
  await postern.close();

  const places: [string, string][] = [
    ['the log', postern.rawLog()],
    ['an answer', answers.join('\n')],
    ...readdirSync(postern.dataDir).map((name): [string, string] => [
      name,
      readFileSync(join(postern.dataDir, name), 'latin1'),
    ]),
  ];
  const parts = jwts.flatMap((jwt) => jwt.split('.')).filter((part) => part.length > 10);
  const words = ['planted', signer.material, signer.material.slice(0, 20)];
  const encoded = Buffer.from(signer.material).toString('base64').slice(0, 40);
  assert.ok(postern.log.length > 50);
  for (const [place, text] of places) {
    // The lock is one that is always empty.
    assert.ok(text.length > 0 || place === 'postern.lock', `${place} is empty`);
    for (const secret of [...jwts, ...parts, ...words, encoded]) {
      assert.ok(!text.includes(secret), `${place} holds ${secret}`);
    }
  }
});
