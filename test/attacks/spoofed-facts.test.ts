import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { protectedLocation, startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test("headers that only nginx may set are worth nothing in a client's request", async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ gates: ['media'] });
  const everywhere = await postern.issue();
  const cookie = `postern_token=${everywhere.token}`;
  const lies: [string, Record<string, string>][] = [
    ['/ws', { 'x-original-uri': `/ws?token=${token}` }],
    ['/ws', { 'x-original-url': `https://127.0.0.1/ws?token=${token}` }],
    ['/ws', { 'x-forwarded-uri': `/ws?token=${token}` }],
    [`/ws?token=${token}`, { 'x-postern-gate': 'media' }],
    ['/ws', { cookie, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }],
    ['/ws', { cookie, origin: 'https://evil.example', forwarded: 'host=evil.example' }],
    ['/ws', { cookie, origin: 'https://evil.example', 'x-forwarded-prefix': '/public' }],
    ['/ws', { cookie, 'x-original-upgrade': '' }],
    ['/ws', { cookie, 'x-original-method': 'POST' }],
  ];
  for (const [path, headers] of lies) {
    const outcome = await tryHandshake(site.socketUrl + path, headers);
    assert.equal(outcome.status, 401, JSON.stringify(headers));
  }
  assert.deepEqual(site.backend.seen, []);
});

test("a client's X-Real-IP and X-Forwarded-For change neither the log nor what the backend sees", async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${site.socketUrl}/ws?token=${token}`, {
    'x-real-ip': '10.9.9.9',
    'x-forwarded-for': '10.9.9.9',
  });
  assert.equal(outcome.status, 101);
  assert.equal(postern.lastDecision().client, '127.0.0.1');
  assert.equal(outcome.seen?.headers['x-real-ip'], '127.0.0.1');
  assert.equal(outcome.seen?.headers['x-forwarded-for'], '127.0.0.1');
});

test('where request line and Host header name different hosts, one of them decides everywhere', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const handshake = (origin: string) =>
    sendRaw(
      site.nginx.port,
      `GET http://pub.example/x HTTP/1.1
Host: private.example
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Cookie: postern_token=${token}
Origin: ${origin}

`,
    );
  assert.equal((await handshake('http://private.example')).status, 401);
  assert.equal((await handshake('http://pub.example')).status, 101);
  assert.equal(postern.lastDecision().host, 'pub.example');
  assert.equal(site.backend.seen.at(-1)?.headers.host, 'pub.example');
});

test('a host in capitals, with a trailing dot and a port is the same host', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  for (const host of ['aPp.Example.COM', 'app.example.com.', 'APP.example.com.:8443']) {
    const outcome = await tryHandshake(`${site.socketUrl}/ws`, {
      host,
      cookie: `postern_token=${token}`,
      origin: 'https://app.example.com',
    });
    assert.equal(outcome.status, 101, host);
    assert.equal(postern.lastDecision().host, 'app.example.com');
  }
});

test('no User-Agent and no health path opens a protected place', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  for (const agent of [
    'GoogleHC/1.0',
    'kube-probe/1.31',
    'ELB-HealthChecker/2.0',
    'Postern/0.1.0',
  ]) {
    for (const path of ['/', '/healthz', '/ping', '/auth', '/.postern/auth']) {
      const { status } = await tryPage(site.url + path, { 'user-agent': agent }, 'POST');
      assert.ok([401, 404].includes(status), `${agent} ${path}: ${status}`);
    }
  }
  assert.deepEqual(site.backend.seen, []);
});

test('an identity header that the token has no value for does not reach the backend', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ subject: 'alice' });
  const outcome = await tryHandshake(`${site.socketUrl}/ws?token=${token}`, {
    'remote-user': 'admin',
    'remote-email': 'admin@example.com',
    'remote-name': 'Admin',
    'remote-groups': 'admins',
    'x-postern-token-id': 'tok_of_somebody_else',
  });
  assert.equal(outcome.status, 101);
  const headers = outcome.seen?.headers ?? {};
  assert.equal(headers['remote-user'], 'alice');
  for (const name of ['remote-email', 'remote-name', 'remote-groups']) {
    assert.equal(headers[name], undefined, name);
  }
  assert.notEqual(headers['x-postern-token-id'], 'tok_of_somebody_else');
});

test('a location with proxy_set_header lines of its own still overwrites identity headers', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    server: 'proxy_set_header X-From-Server yes;',
    locations: (backend, include) => `
      location / {
        proxy_set_header X-Own yes;
        ${include('postern-location.conf')}
        proxy_set_header Host $host;
        ${backend}
      }`,
  });
  const { token } = await postern.issue();
  const outcome = await tryPage(`${site.url}/?token=${token}`, {
    'remote-email': 'admin@example.com',
    'remote-user': 'admin',
  });
  assert.equal(outcome.seen?.headers['x-own'], 'yes');
  assert.equal(outcome.seen?.headers['remote-user'], 'alice');
  assert.equal(outcome.seen?.headers['remote-email'], undefined);
});

test('spellings of identity headers that some backends fold together are dropped', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const answer = await sendRaw(
    site.nginx.port,
    `GET /?token=${token} HTTP/1.1
Host: app.example.com
Remote_User: admin
Remote.User: admin
REMOTE-USER: admin
Remote_Email: admin@example.com
Connection: close

`,
  );
  assert.equal(answer.status, 200);
  const names = site.backend.seen.at(-1)?.rawHeaders.filter((_, index) => index % 2 === 0) ?? [];
  assert.deepEqual(
    names.filter((name) => /^remote/i.test(name)),
    ['Remote-User'],
  );
  assert.equal(site.backend.seen.at(-1)?.headers['remote-user'], 'alice');
});

test('no other upgrade than WebSocket passes, with the shipped proxy file not even unprotected', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      ${protectedLocation(backend, include)}
      location /open/ { ${include('postern-proxy.conf')} ${backend} }`,
  });
  const { token } = await postern.issue();
  for (const upgrade of ['h2c', 'websocket, h2c', 'h2c, websocket', 'TLS/1.0', 'WebSocket/13']) {
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade,
      'http2-settings': 'AAMAAABk',
    };
    const denied = await tryPage(`${site.url}/?token=${token}`, headers);
    assert.equal(denied.status, 401, upgrade);
    assert.equal(postern.lastDecision().reason, 'upgrade_not_websocket');
    const open = await tryPage(`${site.url}/open/`, headers);
    assert.equal(open.seen?.headers.upgrade, undefined, upgrade);
  }
  const post = await tryPage(
    `${site.url}/?token=${token}`,
    { connection: 'Upgrade', upgrade: 'websocket' },
    'POST',
  );
  assert.equal(post.status, 401);
});
