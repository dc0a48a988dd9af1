import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { nginxFiles } from '../../../src/lib/resources.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startSwag } from '../../../testkit/nginx/swag.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startFastCgi, startUwsgi } from '../../../testkit/servers/parameter-backends.ts';
import { createCertificate } from '../../../testkit/tls/certificate.ts';

// What docs/nginx/cases.md says of each case.

/** A request over HTTP/2. */
async function askHttp2(port: number, headers: Record<string, string | string[]>) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const answered = new Promise<{ status: number; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      session.on('error', reject);
      const stream = session.request(headers);
      stream.on('error', reject);
      stream.on('response', (answer) => {
        stream.resume();
        resolve({ status: Number(answer[':status']), headers: answer });
      });
      stream.end();
    },
  );
  // Before nginx stops, which would reset it.
  return answered.finally(() => session.destroy());
}

/** A TLS listener that speaks HTTP/2 too, beside the plain one. */
async function startHttp2Site(t: TestContext, locations?: string) {
  const postern = await startTestPostern(t);
  const certificate = createCertificate(t, ['app.example.com']);
  const tlsPort = await findFreePort();
  const site = await startSite(t, {
    gate: postern.gate,
    server: `
      listen 127.0.0.1:${tlsPort} ssl http2;
      ssl_certificate ${certificate.certFile};
      ssl_certificate_key ${certificate.keyFile};`,
    ...(locations !== undefined && {
      locations: (_backend, include) =>
        locations.replace(/include (postern-\S+);/g, (_line, name) => include(name)),
    }),
  });
  return { postern, site, tlsPort };
}

test('pages over HTTP/2 are judged as others, cookies in several lines too', async (t) => {
  const { postern, site, tlsPort } = await startHttp2Site(t);
  const { token } = await postern.issue();
  const path = { ':path': '/page' };
  assert.equal((await askHttp2(tlsPort, { ...path, ':method': 'POST' })).status, 401);
  const cookies = { ...path, cookie: ['theme=dark', `postern_token=${token}`] };
  assert.equal((await askHttp2(tlsPort, cookies)).status, 200);
  assert.equal(site.backend.seen.at(-1)?.headers['remote-user'], 'alice');
  const query = await askHttp2(tlsPort, { ':path': `/page?token=${token}&a=1` });
  assert.equal(query.status, 200);
  assert.equal(site.backend.seen.at(-1)?.url, '/page?a=1');
});

test('WebSockets beside HTTP/2 open over HTTP/1.1 on the same port, as browsers do it', async (t) => {
  const { postern, site, tlsPort } = await startHttp2Site(t);
  const { token } = await postern.issue();
  const request = (query: string) => `GET /ws${query} HTTP/1.1
Host: app.example.com
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

`;
  assert.equal((await sendRaw(tlsPort, request(''), { tls: true })).status, 401);
  assert.equal((await sendRaw(tlsPort, request(`?token=${token}`), { tls: true })).status, 101);
  // nginx offers both, and does not announce WebSocket over HTTP/2 (RFC 8441).
  const protocol = await new Promise((resolve) => {
    const options = { ALPNProtocols: ['h2', 'http/1.1'], rejectUnauthorized: false };
    const socket = connectTls(tlsPort, '127.0.0.1', options, () => {
      resolve(socket.alpnProtocol);
      socket.destroy();
    });
  });
  assert.equal(protocol, 'h2');
  const session = connectHttp2(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false });
  const settings = await new Promise<{ enableConnectProtocol?: boolean }>((resolve, reject) => {
    session.once('error', reject);
    session.once('remoteSettings', resolve);
  });
  session.destroy();
  assert.ok(!settings.enableConnectProtocol);
  assert.equal(site.backend.seen.length, 1);
});

test('a gRPC backend gets identity as metadata, and not the client’s own', async (t) => {
  const seen: Record<string, string | string[] | undefined>[] = [];
  const backend = createHttp2Server();
  backend.on('stream', (stream, headers) => {
    seen.push({ ...headers });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end();
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => void backend.close());
  const { port } = backend.address() as AddressInfo;
  const { postern, tlsPort } = await startHttp2Site(
    t,
    `location / {
      include postern-location.conf;
      include postern-grpc.conf;
      grpc_pass grpc://127.0.0.1:${port};
    }`,
  );
  const { token } = await postern.issue();
  const call = {
    ':method': 'POST',
    ':path': '/chat.Chat/Send',
    'content-type': 'application/grpc',
  };
  const spoofed = { 'remote-user': 'admin', 'remote-email': 'admin@example.com' };
  assert.equal((await askHttp2(tlsPort, { ...call, ...spoofed })).status, 401);
  assert.equal(seen.length, 0);
  const authorization = `Bearer ${token}`;
  assert.equal((await askHttp2(tlsPort, { ...call, ...spoofed, authorization })).status, 200);
  assert.equal(seen[0]?.['remote-user'], 'alice');
  assert.equal(seen[0]?.['remote-email'], undefined);
  assert.equal(seen[0]?.authorization, undefined);
});

for (const [kind, start] of [
  ['fastcgi', startFastCgi],
  ['uwsgi', startUwsgi],
] as const) {
  test(`a ${kind} backend beside WebSockets gets identity as parameters, and no token`, async (t) => {
    const application = await start(t);
    const postern = await startTestPostern(t);
    const site = await startSite(t, {
      gate: postern.gate,
      locations: (backend, include) => `
        location /ws { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }
        location / {
          ${include('postern-location.conf')}
          ${include(`postern-${kind}.conf`)}
          ${kind}_pass 127.0.0.1:${application.port};
        }`,
    });
    const { token } = await postern.issue();
    const url = `${site.url}/a.php?a=1&token=${token}`;
    const spoofed = {
      'remote-user': 'admin',
      'remote-email': 'admin@example.com',
      authorization: 'Digest x',
      referer: `${site.url}/?token=${token}`,
    };
    assert.equal((await tryPage(`${site.url}/a.php`, spoofed, 'POST')).status, 401);
    assert.equal(application.calls.length, 0);
    assert.equal((await tryPage(url, spoofed)).status, 200);
    const sent = application.calls[0] ?? [];
    const call: Record<string, string | undefined> = Object.fromEntries(sent);
    const names = sent.map(([name]) => name);
    assert.deepEqual(names, [...new Set(names)], 'a parameter is sent twice');
    assert.equal(call.HTTP_REMOTE_USER, 'alice');
    assert.equal(call.REMOTE_USER, 'alice');
    assert.equal(call.HTTP_REMOTE_EMAIL ?? '', '');
    assert.equal(call.HTTP_AUTHORIZATION ?? '', '');
    assert.equal(call.QUERY_STRING, 'a=1');
    assert.equal(call.REQUEST_URI, '/a.php?a=1');
    assert.equal(call.REQUEST_METHOD, 'GET');
    assert.equal(call.REMOTE_ADDR, '127.0.0.1');
    assert.ok(!JSON.stringify(sent).includes(token));
    assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status, 101);
  });
}

test('files behind try_files are protected, and a token in the query skips its fallbacks', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'assets'));
  writeFileSync(join(root, 'index.html'), 'index');
  writeFileSync(join(root, 'assets', 'a.js'), 'script');
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      root ${root};
      location /ws { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }
      location / { ${include('postern-location.conf')} try_files $uri @index; }
      location @index { rewrite ^ /index.html break; }`,
  });
  const { token } = await postern.issue();
  const load = async (path: string, headers = {}) => {
    const answer = await fetch(site.url + path, { headers, redirect: 'manual' });
    return `${answer.status} ${answer.status === 200 ? await answer.text() : ''}`.trim();
  };
  const json = { accept: 'application/json' };
  for (const path of ['/', '/assets/a.js', '/none', '/index.html']) {
    assert.equal(await load(path, json), '401', path);
  }
  const cookie = { cookie: `postern_token=${token}` };
  assert.equal(await load('/assets/a.js', cookie), '200 script');
  const before = postern.log.length;
  assert.equal(await load('/some/route', cookie), '200 index');
  assert.equal(postern.log.length, before + 1);
  assert.equal(await load(`/assets/a.js?token=${token}`), '200 script');
  assert.equal(await load(`/some/route?token=${token}`), '404');
});

test('with auth_basic in the same location, all: both are asked, and Postern must not read Basic', async (t) => {
  const { site, postern, basic } = await startBasic(t, 'all', 'cookie,query,subprotocol');
  const { token } = await postern.issue();
  const url = `${site.socketUrl}/ws`;
  assert.equal((await tryHandshake(url)).status, 401);
  assert.equal((await tryHandshake(url, { authorization: basic })).status, 401);
  assert.equal((await tryHandshake(`${url}?token=${token}`)).status, 401);
  const both = await tryHandshake(`${url}?token=${token}`, { authorization: basic });
  assert.equal(both.status, 101);
  assert.equal(both.seen?.headers['remote-user'], 'alice');
  assert.equal(both.seen?.headers.authorization, undefined);
  const other = await startBasic(t, 'all', 'bearer,basic,cookie,query');
  const again = await other.postern.issue();
  const refused = await tryHandshake(`${other.site.socketUrl}/ws?token=${again.token}`, {
    authorization: basic,
  });
  assert.equal(refused.status, 401);
  assert.equal(other.postern.lastDecision().source, 'basic');
});

test('with auth_basic in the same location, any: one is enough, and nobody is anybody by Basic alone', async (t) => {
  const { site, postern, basic } = await startBasic(t, 'any', 'cookie,query,subprotocol');
  const { token } = await postern.issue();
  const url = `${site.socketUrl}/ws`;
  const denied = await tryHandshake(url);
  assert.equal(denied.status, 401);
  assert.equal(denied.headers.location, undefined);
  const byToken = await tryHandshake(`${url}?token=${token}`);
  assert.deepEqual([byToken.status, byToken.seen?.headers['remote-user']], [101, 'alice']);
  const byPassword = await tryHandshake(url, { authorization: basic, 'remote-user': 'admin' });
  assert.equal(byPassword.status, 101);
  assert.equal(byPassword.seen?.headers['remote-user'], undefined);
  assert.equal(byPassword.seen?.headers.authorization, undefined);
});

async function startBasic(t: TestContext, satisfy: 'any' | 'all', sources: string) {
  const postern = await startTestPostern(t, { env: { POSTERN_DEFAULT_GATE_SOURCES: sources } });
  const file = join(temporaryDirectory(t), 'htpasswd');
  writeFileSync(file, 'bob:{PLAIN}secret\n');
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      location / {
        satisfy ${satisfy};
        auth_basic "app";
        auth_basic_user_file ${file};
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
  });
  const basic = `Basic ${Buffer.from('bob:secret').toString('base64')}`;
  return { postern, site, basic };
}

/** A sample of a proxy-conf, for the application of the test. */
function readSample(kind: 'subdomain' | 'subfolder'): string {
  const path = join(nginxFiles, 'swag', 'proxy-confs', `postern-app.${kind}.conf.sample`);
  return readFileSync(path, 'utf8').replace('set $upstream_port 8080;', 'set $upstream_port 8484;');
}

for (const rewrites of [false, true]) {
  test(`SWAG's sample of a subfolder works${rewrites ? ' for an application that does not know its folder' : ''}`, async (t) => {
    const postern = await startTestPostern(t);
    const sample = readSample('subfolder');
    const site = await startSwag(t, {
      posternPort: postern.gate.kind === 'tcp' ? postern.gate.port : 0,
      server: 'include /config/nginx/postern-server.conf;',
      locations: rewrites ? sample.replace('#rewrite', 'rewrite') : sample,
    });
    const { token } = await postern.issue({ gates: ['default'] });
    assert.equal((await tryPage(`${site.url}/app`)).headers.location, `${site.url}/app/`);
    const page = await tryPage(`${site.url}/app/x%20y?a=%20&token=${token}`);
    assert.equal(page.status, 200);
    assert.equal(page.seen?.url, `${rewrites ? '' : '/app'}/x%20y?a=%20`);
    const login = await tryPage(`${site.url}/app/page?a=1`);
    const back = encodeURIComponent(`${site.url}/app/page?a=1`);
    assert.equal(login.headers.location, `/.postern/login?rd=${back}`);
    assert.equal((await tryHandshake(`${site.socketUrl}/app/ws`)).status, 401);
    const socket = await tryHandshake(`${site.socketUrl}/app/ws?token=${token}`);
    assert.deepEqual([socket.status, socket.seen?.url], [101, rewrites ? '/ws' : '/app/ws']);
  });
}

test("SWAG's sample of a subdomain works", async (t) => {
  const postern = await startTestPostern(t);
  const certificate = createCertificate(t, ['app.example.com']);
  const tlsPort = await findFreePort();
  const sample = readSample('subdomain')
    .replace('listen [::]:443 ssl;', '')
    .replace('listen 443 ssl;', `listen 127.0.0.1:${tlsPort} ssl;`)
    .replace(
      'include /config/nginx/ssl.conf;',
      `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};`,
    );
  await startSwag(t, {
    posternPort: postern.gate.kind === 'tcp' ? postern.gate.port : 0,
    http: sample,
    server: '',
    locations: '',
  });
  const { token } = await postern.issue({ gates: ['default'] });
  const ask = (query: string) =>
    sendRaw(
      tlsPort,
      `GET /p${query} HTTP/1.1\nHost: app.example.com\nAccept: text/html\nConnection: close\n\n`,
      {
        tls: true,
      },
    );
  const back = encodeURIComponent('https://app.example.com/p');
  assert.equal((await ask('')).headers.location, `/.postern/login?rd=${back}`);
  assert.equal((await ask(`?token=${token}`)).status, 200);
});
