import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import {
  byUrl,
  makeJwt,
  newSigner,
  startJwksServer,
  startWithIssuers,
} from '../../../testkit/jwt.ts';
import { startSite } from '../../../testkit/nginx/site.ts';

test('a JWT opens a socket through nginx as Bearer, in the query, in a cookie and in a subprotocol', async (t) => {
  const signer = newSigner('RS256');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(t, { one: { ...byUrl(server), gates_claim: 'gates' } });
  const site = await startSite(t, postern);
  const claims = { gates: ['chat'], email: 'a@example.com', groups: ['x', 'y'], jti: 'id-1' };
  const jwt = makeJwt(signer, claims);
  const url = `${site.socketUrl}/ws`;
  const cookie = { cookie: `postern_token=${jwt}`, origin: site.url };
  const outcomes = [
    await tryHandshake(url, { authorization: `Bearer ${jwt}` }),
    await tryHandshake(`${url}?room=1&token=${jwt}`),
    await tryHandshake(url, cookie),
    await tryHandshake(url, {}, ['chat.v2', `postern.bearer.${jwt}`]),
  ];
  for (const { status, seen, headers } of outcomes) {
    assert.equal(status, 101);
    const told = ['remote-user', 'remote-email', 'remote-groups', 'x-postern-token-id'];
    assert.deepEqual(
      told.map((name) => seen?.headers[name]),
      ['alice', 'a@example.com', 'x,y', 'id-1'],
    );
    const { cookie: _, ...rest } = seen?.headers ?? {};
    assert.ok(!JSON.stringify([rest, seen?.url, headers]).includes(jwt));
  }
  assert.equal(server.requests.length, 1);
  assert.ok(!site.accessLog().includes(jwt));

  const forged = makeJwt(newSigner('RS256'), claims);
  assert.equal((await tryHandshake(`${url}?token=${forged}`)).status, 401);
  const page = await tryPage(`${site.url}/?token=${forged}`, { accept: 'text/html' });
  assert.equal(page.status, 302);
  const elsewhere = makeJwt(signer, { ...claims, gates: ['media'] });
  assert.equal((await tryPage(`${site.url}/?token=${elsewhere}`, {})).status, 403);
});

test('while an issuer cannot be asked, its JWTs get 503 and the backend nothing', async (t) => {
  const server = await startJwksServer(t);
  server.answer = (_request, response) => response.destroy();
  const postern = await startWithIssuers(t, { one: byUrl(server) });
  const site = await startSite(t, postern);
  const authorization = `Bearer ${makeJwt(newSigner('RS256'))}`;
  const outcome = await tryHandshake(`${site.socketUrl}/ws`, { authorization });
  assert.equal(outcome.status, 503);
  assert.ok(outcome.headers['retry-after']);
  assert.deepEqual(site.backend.seen, []);
});
