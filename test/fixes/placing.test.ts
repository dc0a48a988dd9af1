import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { oauth2Proxy } from '../../testkit/sign-on/nginx/oauth2-proxy.ts';
import type { SignOn } from '../../testkit/sign-on/nginx/sign-on.ts';
import { vouch } from '../../testkit/sign-on/nginx/vouch.ts';
import {
  cookieOf,
  fix,
  type SignOnSite,
  type SignOnSiteOptions,
  startSignOnSite,
} from '../../testkit/sign-on/site.ts';

const [, , signOn] = oauth2Proxy as [SignOn, SignOn, SignOn];
const session = `Cookie: ${cookieOf(signOn, 'alice')}`;
const handshake = `Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;
const script = 'Accept: application/json\nConnection: close';
const page = 'Accept: text/html\nConnection: close';

const start = (t: TestContext, options: SignOnSiteOptions) => startSignOnSite(t, signOn, options);

function send(site: SignOnSite, path: string, ...headers: string[]) {
  const request = `GET ${path} HTTP/1.1\nHost: grist.example.com\n${headers.join('\n')}\n\n`;
  const isHandshake = headers.includes(handshake);
  return sendRaw(site.nginx.port, request, { tls: true, body: !isHandshake });
}

const statusOf = async (...parameters: Parameters<typeof send>) =>
  (await send(...parameters)).status;

test('the line may stand before the lines of the sign-on as well', async (t) => {
  const site = await start(t, { before: fix });
  assert.equal(await statusOf(site, '/', handshake), 401);
  assert.equal(await statusOf(site, '/', page), 302);
  assert.equal(await statusOf(site, '/', handshake, session), 101);
});

test('an "if" of the location that matches too takes the line away, unless it stands before', async (t) => {
  const own = 'if ($request_uri ~ "^/dw/") { add_header X-Own 1 always; }';
  const inFront = await start(t, { after: `${own} ${fix}` });
  assert.equal(await statusOf(inFront, '/dw/self', handshake), 401);
  const behind = await start(t, { after: `${fix} ${own}` });
  assert.equal(await statusOf(behind, '/dw/self', handshake), 302);
  assert.equal(await statusOf(behind, '/elsewhere', handshake), 401);
});

test('a proxy_pass that rewrites the path goes on to do so', async (t) => {
  const site = await start(t, { after: fix, proxyPass: (url) => `proxy_pass ${url}/inner/;` });
  for (const headers of [handshake, script, page]) await send(site, '/a%20b?x=1', headers, session);
  const reached = site.reached.map((line) => line.split(' ')[1]);
  assert.deepEqual(reached, ['/inner/a%20b?x=1', '/inner/a%20b?x=1', '/inner/a%20b?x=1']);
});

test('locations without the line, inside and beside one that has it, stay as they were', async (t) => {
  const lines = `${signOn.location}
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_pass http://127.0.0.1:8484;`;
  const site = await start(t, {
    locations: `
      location / { ${lines} ${fix} location /inside { ${lines} } }
      location /beside { ${lines} }
      location /again { ${lines} ${fix} }`,
  });
  const expected = { '/': 401, '/again': 401, '/inside': 302, '/beside': 302 };
  for (const [path, status] of Object.entries(expected)) {
    assert.equal(await statusOf(site, path, handshake), status, path);
    assert.equal(await statusOf(site, path, handshake, session), 101, path);
  }
});

test('beside try_files the line is out of place, as its comment says: scripts lose the fallback', async (t) => {
  const locations = (line: string) => `
    location / { ${signOn.location} root /nowhere; try_files $uri @application; ${line} }
    location @application { proxy_pass http://127.0.0.1:8484; }`;
  const without = await start(t, { locations: locations('') });
  assert.equal(await statusOf(without, '/api', script, session), 200);
  const fixed = await start(t, { locations: locations(fix) });
  assert.equal(await statusOf(fixed, '/api', page, session), 200);
  assert.equal(await statusOf(fixed, '/api', script, session), 404);
});

test('the 401 carries what the sign-on says about how to authenticate', async (t) => {
  const basic: SignOn = {
    ...(vouch[0] as SignOn),
    answer: () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="sso"' } }),
  };
  const site = await startSignOnSite(t, basic, { after: fix });
  const { status, headers } = await send(site, '/', handshake);
  assert.deepEqual([status, headers['www-authenticate']], [401, 'Basic realm="sso"']);
});

test('header lines of the server block are on the 401 too', async (t) => {
  const hsts = 'add_header Strict-Transport-Security max-age=63072000 always;';
  const site = await start(t, { server: hsts, after: fix });
  const { headers } = await send(site, '/', handshake);
  assert.equal(headers['strict-transport-security'], 'max-age=63072000');
});
