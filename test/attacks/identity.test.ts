import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { audience, iss, makeJwt, newSecret } from '../../testkit/jwt.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('a public place vouches for nobody: no constants, no secrets, no assertion reach the backend', async (t) => {
  const directory = temporaryDirectory(t);
  const secret = 'key-of-the-backend';
  writeFileSync(join(directory, 'key'), secret);
  const config = join(directory, 'postern.yaml');
  const headers = {
    Authorization: { file: join(directory, 'key') },
    'X-Api-Key': { file: join(directory, 'key') },
    'Remote-User': { value: 'kiosk' },
    'X-Kiosk': { value: 'yes' },
  };
  const gate = {
    hosts: ['127.0.0.1'],
    public: ['/status', 'POST /hooks'],
    assertion: true,
    headers,
  };
  writeFileSync(config, JSON.stringify({ gates: { kiosk: gate } }));
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: { gates: ['kiosk'], headers: [...defaultBundleOptions.headers, 'X-Api-Key', 'X-Kiosk'] },
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  const given = [...Object.keys(headers), 'Remote-Email', 'Remote-Name', 'Remote-Groups'];
  const all = [...given, 'X-Postern-Assertion', 'X-Postern-Token-Id'].map((name) =>
    name.toLowerCase(),
  );
  const spoofed = Object.fromEntries(all.map((name) => [name, 'of-the-client']));
  const { token } = await postern.issue();
  const cookie = { cookie: `postern_token=${token}`, origin: site.url };
  assert.equal((await tryPage(`${site.url}/status`, spoofed)).status, 200);
  assert.equal((await tryPage(`${site.url}/hooks`, { ...spoofed, ...cookie }, 'POST')).status, 200);
  assert.equal((await tryHandshake(`${site.socketUrl}/status`, spoofed)).status, 101);
  assert.equal(site.backend.seen.length, 3);
  for (const seen of site.backend.seen) {
    for (const name of all) assert.equal(seen.headers[name], undefined, `${seen.url} ${name}`);
  }
  // The same gate, for somebody.
  assert.equal((await tryPage(`${site.url}/x`, cookie)).status, 200);
  const known = site.backend.seen.at(-1)?.headers ?? {};
  assert.equal(known.authorization, secret);
  assert.equal(known['remote-user'], 'kiosk');
  assert.match(String(known['x-postern-assertion']), /^ey/);
});

test('a JWT that counts once at one gate of a host counts once there, by whatever gate it signs in', async (t) => {
  const signer = newSecret();
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const gates = {
    once: { hosts: ['127.0.0.1'], paths: ['/once'], jwt_single_use: true },
    other: { hosts: ['127.0.0.1'], paths: ['/other'] },
    elsewhere: { hosts: ['localhost'] },
  };
  const issuer = { issuer: iss, audience, secret: signer.material };
  writeFileSync(config, JSON.stringify({ gates, jwt: { issuers: { one: issuer } } }));
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  const second = Math.floor(Date.now() / 1_000);
  const jwtOf = (jti: string) =>
    makeJwt(signer, { jti, iat: second - 9, exp: second + 600, email: `${jti}@example.com` });
  const signIn = async (jwt: string, query: string, url = site.url) => {
    const answer = await fetch(`${url}/.postern/session${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: jwt }),
    });
    const reason = answer.headers.get('x-postern-reason');
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    return { outcome: `${answer.status} ${reason ?? 'opened'}`, cookie };
  };
  const load = async (path: string, headers: Record<string, string>) => {
    const { status } = await tryPage(site.url + path, headers);
    return status === 200 ? '200' : `${status} ${postern.lastDecision().reason}`;
  };

  const used = jwtOf('used');
  assert.equal(await load('/once', { authorization: `Bearer ${used}` }), '200');
  for (const query of ['?gate=other', '?path=/other', '?gate=once', '']) {
    assert.equal((await signIn(used, query)).outcome, '401 already_used', query);
  }

  const traded = jwtOf('traded');
  const session = await signIn(traded, '?gate=other');
  assert.equal(session.outcome, '204 opened');
  assert.equal(await load('/once', { authorization: `Bearer ${traded}` }), '401 already_used');
  // The session is the one use that the JWT had.
  assert.equal(await load('/once', { cookie: session.cookie }), '200');
  assert.equal(await load('/other', { cookie: session.cookie }), '200');

  // At a host where nothing counts once nothing is used up, and nothing is bought for where it does.
  const abroad = jwtOf('abroad');
  const port = new URL(site.url).port;
  const foreign = await signIn(abroad, '', `http://localhost:${port}`);
  assert.equal(foreign.outcome, '204 opened');
  assert.equal(await load('/once', { cookie: foreign.cookie }), '401 already_used');
  assert.equal(await load('/other', { cookie: foreign.cookie }), '200');
  assert.equal(await load('/once', { authorization: `Bearer ${abroad}` }), '200');
  assert.equal(await load('/once', { cookie: foreign.cookie }), '401 already_used');
});

for (const expiry of ['fixed', 'sliding']) {
  test(`what an issuer for an hour gives ends within the hour, a session from its ticket too, expiry ${expiry}`, async (t) => {
    let now = Date.parse('2026-12-01T12:00:00Z');
    const postern = await startTestPostern(t, {
      clock: () => now,
      singleProcess: true,
      env: { POSTERN_SESSIONS_EXPIRY: expiry, POSTERN_SESSIONS_TTL: '12h' },
    });
    const issued = now;
    const made = await postern.api('POST', '/v1/keys', {
      ...{ name: 'web', role: 'issuer', max_ttl: '1h' },
    });
    const web = connectAdmin(
      { listen: postern.admin, key: (made.body as { key: string }).key },
      undefined,
    );
    for (const kind of ['tickets', 'tokens']) {
      now = issued;
      const { body } = await web.send('POST', `/v1/${kind}`, { subject: 'alice' });
      now += 20_000;
      const { token } = body as { token: string };
      const signedIn = await ask(
        postern.gate,
        { 'x-original-uri': '/.postern/session', 'content-type': 'application/json' },
        { method: 'POST', path: '/.postern/session', body: JSON.stringify({ token }) },
      );
      assert.equal(signedIn.status, 204, signedIn.body);
      const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
      const use = async (at: number) => {
        now = at;
        const { status, reason } = await ask(postern.gate, { ...handshakeHeaders, cookie });
        return reason ?? status;
      };
      for (const minutes of [10, 30, 50, 59]) {
        assert.equal(await use(issued + minutes * 60_000), 200, `${kind}, after ${minutes} min`);
      }
      assert.equal(await use(issued + 3_600_000 - 1), 200);
      assert.equal(await use(issued + 3_600_000), 'expired', kind);
    }
  });
}

test('a page whose name leads to a trusted network is not let in for that: the name has to be the gate’s', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const gates = { home: { hosts: ['home.test'], networks: { trust: ['loopback'] } } };
  writeFileSync(config, JSON.stringify({ gates }));
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: { gates: ['home'] },
    locations: (backend, include) => `
      location / { ${include('gates/home.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  const knock = async (host: string, upgrade: boolean, origin?: string) => {
    const socket = `Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;
    const answer = await sendRaw(
      site.nginx.port,
      `GET / HTTP/1.1
Host: ${host}
${upgrade ? socket : 'Connection: close'}
${origin === undefined ? '' : `Origin: ${origin}\n`}
`,
    );
    return `${answer.status} ${postern.lastDecision().reason ?? ''}`.trim();
  };
  for (const host of ['rebind.evil', 'home.test.rebind.evil', 'localhost', '127.0.0.1']) {
    for (const origin of [undefined, `http://${host}`]) {
      assert.equal(await knock(host, false, origin), '401 no_credential', host);
      assert.equal(await knock(host, true, origin), '401 no_credential', host);
    }
  }
  assert.deepEqual(site.backend.seen, []);
  assert.equal(await knock('home.test', true), '101');
  assert.equal(await knock('Home.test:80', false), '200');
  assert.equal(await knock('home.test', true, 'http://home.test'), '101');
  assert.equal(await knock('home.test', true, 'http://rebind.evil'), '401 origin_not_allowed');
});
