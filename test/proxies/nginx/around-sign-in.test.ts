import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

/** A site whose server block says these lines behind the include, or before the server block. */
async function startSignInSite(t: TestContext, { server = '', http = '' }) {
  const postern = await startTestPostern(t);
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'bodies'));
  writeFileSync(join(root, 'index.html'), 'the application');
  const fill = (text: string) => text.replaceAll('ROOT', root);
  const site = await startSite(t, {
    gate: postern.gate,
    http: fill(http),
    server: fill(server),
    locations: (backend, include) => `
      location /ws { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }
      location / { ${include('postern-location.conf')} root ${root}; }
      location @app { ${backend} }`,
  });
  const signIn = (token: string) =>
    fetch(`${site.url}/.postern/session`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  return { postern, site, root, signIn };
}

/** What is meant for backends, and none of it for sign-in. */
const aboutBackends = `
  proxy_set_body "hello";
  proxy_method GET;
  proxy_pass_request_body off;
  proxy_intercept_errors on;
  error_page 400 401 403 404 502 503 504 =200 @app;
  proxy_hide_header Set-Cookie;
  proxy_cookie_path / "/; Domain=evil.example";
  proxy_cookie_domain ~.* evil.example;
  proxy_redirect ~^(.*)$ https://evil.example$1;
  proxy_bind 192.0.2.1;
  proxy_store ROOT/bodies$uri;
  proxy_buffer_size 1k; proxy_buffers 2 1k; proxy_busy_buffers_size 1k;
  client_body_in_file_only on;
  client_body_buffer_size 128;
  client_body_temp_path ROOT/bodies;
  mirror /mirrored;
  ssi on;
  expires max;`;

test('sign-in is passed on and answered as it is, whatever is said of backends around it', async (t) => {
  const { postern, site, root, signIn } = await startSignInSite(t, { server: aboutBackends });
  const { token } = await postern.issue({ subject: 'alice' });
  const answer = await signIn(token);
  assert.equal(answer.status, 204);
  assert.match(answer.headers.get('set-cookie') ?? '', /^__Host-postern=pst_\w+; (?!.*Domain)/);
  assert.equal(answer.headers.get('expires'), null);
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';

  const ask = (method: string, headers: Record<string, string> = {}) =>
    fetch(`${site.url}/.postern/session`, {
      method,
      redirect: 'manual',
      headers: { cookie, origin: site.url, ...headers },
    });
  const who = await ask('GET');
  assert.deepEqual(
    [who.status, ((await who.json()) as { subject?: string }).subject],
    [200, 'alice'],
  );
  assert.doesNotMatch(who.headers.get('cache-control') ?? '', /max-age=[1-9]/);
  assert.equal((await signIn('pst_none')).status, 401);
  const page = await fetch(`${site.url}/.postern/login?rd=/`);
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors/);
  assert.equal((await ask('DELETE', { 'content-type': 'text/plain' })).status, 204);

  // In pieces, and without a length.
  const body = `${' '.repeat(4_000)}${JSON.stringify({ token })}`;
  const pieces = body.match(/.{1,512}/g) ?? [];
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\n${piece}\n`).join('');
  const chunked = await sendRaw(
    site.nginx.port,
    `POST /.postern/session HTTP/1.1\nHost: app.test\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n${chunks}0\n\n`,
  );
  assert.equal(chunked.status, 204);
  // Nothing of it was kept, nor sent elsewhere.
  assert.deepEqual(readdirSync(join(root, 'bodies')), []);
  assert.deepEqual(site.backend.seen, []);
  await postern.close();
  assert.equal((await signIn(token)).status, 502);
  assert.deepEqual(site.backend.seen, []);
});

const fallback = 'if (!-e $request_filename) { rewrite ^/(?!api/) /index.html last; }';

test('a fallback of the server block takes sign-in away unless it leaves /.postern/ out, and lets nobody in', async (t) => {
  const taken = await startSignInSite(t, { server: `root /nowhere; ${fallback}` });
  const { token } = await taken.postern.issue();
  assert.notEqual((await taken.signIn(token)).status, 204);
  assert.equal((await tryPage(`${taken.site.url}/some/route`)).status, 401);
  assert.equal((await tryHandshake(`${taken.site.socketUrl}/ws`)).status, 401);

  const left = await startSignInSite(t, {
    server: `root /nowhere; ${fallback.replace('api/', 'api/|ws|\\.postern/')}`,
  });
  const other = await left.postern.issue();
  assert.equal((await left.signIn(other.token)).status, 204);
  assert.equal((await tryHandshake(`${left.site.socketUrl}/ws?token=${other.token}`)).status, 101);
  assert.equal((await tryPage(`${left.site.url}/some/route`)).status, 401);
});

test('a block list of the server block holds for sign-in too, and a named denial runs none of it', async (t) => {
  const { postern, site, signIn } = await startSignInSite(t, {
    server: `
      if ($http_x_blocked) { return 403; }
      if ($uri ~ "^/\\.postern/(?:refused|unavailable)") { return 200; }
      rewrite ^/old/(.*)$ /new/$1;`,
  });
  const { token } = await postern.issue();
  const blocked = { 'x-blocked': 'yes' };
  assert.equal((await tryPage(`${site.url}/.postern/session`, blocked)).status, 403);
  assert.equal((await tryPage(`${site.url}/`, blocked)).status, 403);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`, blocked)).status, 403);
  assert.equal((await signIn(token)).status, 204);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  await postern.close();
  assert.equal((await tryPage(`${site.url}/`)).status, 503);
});

test('a browser does not keep the way to the login, and is sent there by its status', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    http: 'expires max; msie_refresh on; msie_padding on;',
  });
  const agent = { 'user-agent': 'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)' };
  const page = await tryPage(`${site.url}/`, agent);
  assert.deepEqual([page.status, page.headers.expires], [302, undefined]);
  assert.equal(page.headers['cache-control'], undefined);
});

test('a page of the server for a denial is one by choice, never serves what was asked for, and is no page of a program', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    server: 'recursive_error_pages on; error_page 403 503 = @app;',
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }
      location /own {
        set $postern_error_pages on;
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }
      location @app { ${backend} }`,
  });
  await postern.close();
  const tries = [
    await tryHandshake(`${site.socketUrl}/secret`),
    await tryPage(`${site.url}/secret`, {}, 'POST'),
    await tryPage(`${site.url}/secret?a=1`),
    await tryHandshake(`${site.socketUrl}/own`),
    await tryPage(`${site.url}/own`, {}, 'POST'),
  ];
  assert.deepEqual(
    tries.map(({ status }) => status),
    [503, 503, 503, 503, 503],
  );
  assert.deepEqual(site.backend.seen, []);
  await tryPage(`${site.url}/own?a=1`);
  assert.deepEqual(
    site.backend.seen.map(({ url }) => url),
    ['/.postern/unavailable'],
  );
});
