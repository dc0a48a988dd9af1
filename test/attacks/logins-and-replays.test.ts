import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryPage } from '../../src/demo/client.ts';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { connectEarly } from '../../testkit/clients/early-data.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { protectedLocation, startSite } from '../../testkit/nginx/site.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { createCertificate } from '../../testkit/tls/certificate.ts';

const returning = 'set $postern_login "https://login.example.com/?rd=";';
const ownLogin = 'set $postern_login "/.postern/login?rd=";';

function returningTo(login: string) {
  return (backend: string, include: (file: string) => string) => `
    location / {
      ${login}
      ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
    }`;
}

test('an rd of the client’s own stays a part of the address that a login leads back to', async (t) => {
  const postern = await startTestPostern(t);
  for (const login of [returning, ownLogin]) {
    const site = await startSite(t, { gate: postern.gate, locations: returningTo(login) });
    const target = '/x?a=1&rd=https://evil.example/&redirect_uri=https://evil.example/';
    const page = await tryPage(site.url + target);
    const location = new URL(String(page.headers.location), site.url);
    assert.deepEqual([...location.searchParams], [['rd', site.url + target]]);
    if (login !== ownLogin) continue;
    const form = await (await fetch(location)).text();
    assert.match(form, new RegExp(`name="rd" value="${site.url}/x\\?a=1&amp;rd=https://evil`));
  }
});

test('a very long page is led back to without its query, and the login is reached all the same', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, { gate: postern.gate, locations: returningTo(returning) });
  for (const [target, back] of [
    [`/x?${'"'.repeat(1_500)}`, '/x'],
    [`/${'"'.repeat(1_500)}`, '/'],
    [`/pst_${'a'.repeat(49)}/x?a=1`, '/'],
    [`/x?secret=pst_${'a'.repeat(49)}`, '/x'],
  ]) {
    const page = await tryPage(`${site.url}${target}`);
    const expected = `https://login.example.com/?rd=${encodeURIComponent(site.url + back)}`;
    assert.equal(page.headers.location, expected);
  }
});

test('a page load without Host, or with one that is none, leads back to this host or nowhere', async (t) => {
  const postern = await startTestPostern(t);
  const certificate = createCertificate(t, ['app.example.com']);
  const tlsPort = await findFreePort();
  for (const login of [returning, ownLogin]) {
    const site = await startSite(t, {
      gate: postern.gate,
      server: `
        server_name app.test;
        listen 127.0.0.1:${tlsPort} ssl http2;
        ssl_certificate ${certificate.certFile};
        ssl_certificate_key ${certificate.keyFile};`,
      locations: returningTo(login),
    });
    const back = async (head: string) => {
      const { status, headers } = await sendRaw(
        site.nginx.port,
        `GET /login ${head}\nAccept: text/html\n\n`,
      );
      if (status !== 302) return status;
      return new URL(headers.location ?? '', site.url).searchParams.get('rd');
    };
    assert.equal(await back('HTTP/1.0'), 'http://app.test/login');
    assert.equal(await back('HTTP/1.1\nHost: app.test:8443'), 'http://app.test:8443/login');
    for (const host of ['app.test:@evil.example', 'app.test:80@evil.example', 'app.test:x:443']) {
      const found = await back(`HTTP/1.1\nHost: ${host}`);
      const ours = ['http://app.test/login', 'http://app.test:443/login', '', 400];
      assert.ok(found !== null && ours.includes(found), `${host}: ${found}`);
    }
    const session = connectHttp2(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false });
    const location = await new Promise<string>((resolve, reject) => {
      const stream = session.request({
        ':path': '/login',
        ':authority': 'app.test:9443',
        accept: 'text/html',
      });
      stream.on('error', reject).on('response', (head) => resolve(String(head.location)));
      stream.resume().end();
    });
    session.destroy();
    const rd = new URL(location, site.url).searchParams.get('rd');
    assert.equal(rd, 'https://app.test:9443/login');
    await site.nginx.close();
  }
});

test('a ticket and a session are not taken from early data, which could be a replay; the same request is after the handshake', async (t) => {
  const postern = await startTestPostern(t);
  const certificate = createCertificate(t, ['app.example.com']);
  const site = await startSite(t, {
    gate: postern.gate,
    certificate,
    server: 'ssl_protocols TLSv1.2 TLSv1.3; ssl_early_data on;',
    locations: protectedLocation,
  });
  const { port } = site.nginx;
  const early = await connectEarly(t, port);
  const head = (line: string, ...headers: string[]) =>
    `${[`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: close', ...headers].join('\n')}\n\n`;
  const status = (answer: string) => Number(/^HTTP\/1\.\d (\d+)/.exec(answer)?.[1]);
  const upgrade = [
    ...['Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const once = async (line: string, ...headers: string[]) => {
    const before = site.backend.seen.length;
    assert.equal(status(await early.send(head(line, ...headers))), 425, line);
    assert.equal(postern.lastDecision().reason, 'too_early');
    assert.equal(site.backend.seen.length, before);
    return (await sendRaw(port, head(line, ...headers), { tls: true })).status;
  };
  const ticket = await postern.issueTicket();
  assert.equal(await once(`GET /x?token=${ticket.token}`), 200);
  assert.equal(status(await early.send(head(`POST /x?token=${ticket.token}`))), 401);
  const socket = await postern.issueTicket();
  const asSocket = head(`GET /ws?token=${socket.token}`, ...upgrade).replace('close', 'Upgrade');
  assert.equal(status(await early.send(asSocket)), 425);
  assert.equal((await sendRaw(port, asSocket, { tls: true })).status, 101);

  const { token } = await postern.issue();
  // A token that can be used again is at nobody's mercy, whoever repeats it.
  assert.equal(status(await early.send(head(`GET /x?token=${token}`))), 200);
  const signIn = head(
    'POST /.postern/session',
    `Authorization: Bearer ${token}`,
    'Content-Length: 0',
  );
  assert.equal(status(await early.send(signIn)), 425);
  const signedIn = await sendRaw(port, signIn, { tls: true });
  assert.equal(signedIn.status, 204);
  const cookie = `Cookie: ${signedIn.headers['set-cookie']?.split(';')[0]}`;
  assert.equal(await once('GET /x', cookie, 'Accept: text/html'), 200);
});

test('a request through a listen unix: of nginx is denied with the reason why its address is not known', async (t) => {
  const postern = await startTestPostern(t);
  const socket = join(temporaryDirectory(t), 'nginx.sock');
  await startSite(t, { gate: postern.gate, server: `listen unix:${socket};` });
  const { token } = await postern.issue();
  const status = await new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path: `/?token=${token}`, method: 'POST' });
    asked.on('error', reject).on('response', (answer) => resolve(answer.resume().statusCode));
    asked.end();
  });
  assert.equal(status, 401);
  const { reason, detail } = postern.lastDecision();
  assert.equal(reason, 'malformed_request');
  assert.match(String(detail), /listen unix:.*set_real_ip_from unix:/);
});

test('a header and a host with the name of something in every object are rendered as any other', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const kit = renderBundle('plain', { ...defaultBundleOptions, headers: [name] });
    const location = kit.get('postern-location.conf') ?? '';
    assert.match(location, new RegExp(`proxy_set_header ${name} \\$postern_header_\\w+;`));
    assert.doesNotMatch(location, /function|native code|object/);
  }
});

test('a request that says of itself that it is early data is one', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issueTicket();
  const headers = { 'x-original-uri': `/?token=${token}` };
  const early = await ask(postern.gate, { ...headers, 'early-data': '1' });
  assert.deepEqual([early.status, early.reason], [401, 'too_early']);
  assert.equal((await ask(postern.gate, headers)).status, 200);
});
