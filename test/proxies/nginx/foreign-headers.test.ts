import assert from 'node:assert/strict';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { defaultBundleOptions } from '../../../src/proxies/nginx/bundle-options.ts';
import { clearedHeaders } from '../../../src/proxies/nginx/cleared-headers.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startFastCgi, startUwsgi } from '../../../testkit/servers/parameter-backends.ts';

/** Some that nobody is to take off the list by accident. */
const expected = [
  ...['User', 'Email', 'Groups', 'Preferred-Username', 'Prefix'].map((x) => `X-Forwarded-${x}`),
  ...['User', 'Email', 'Name', 'Groups'].map((x) => `X-Remote-${x}`),
  ...['User', 'Email', 'Groups', 'Preferred-Username'].map((x) => `X-Auth-Request-${x}`),
  ...['Access-Token', 'Redirect'].map((x) => `X-Auth-Request-${x}`),
  ...['username', 'groups', 'email', 'name', 'uid', 'jwt'].map((x) => `X-authentik-${x}`),
  ...['jwks', 'outpost', 'provider', 'app', 'version'].map((x) => `X-authentik-meta-${x}`),
  ...['X-WEBAUTH-USER', 'X-WEBAUTH-EMAIL', 'X-WEBAUTH-NAME', 'X-Vouch-User'],
  ...['X-Original-URL', 'X-Rewrite-URL', 'Forwarded', 'Proxy', 'X-Postern-Gate'],
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'],
];

/** What the client writes into each. */
const own = 'of-the-client';

const foreign = clearedHeaders(defaultBundleOptions);
const spoofed = Object.fromEntries(foreign.map((name) => [name, own]));

test('headers of the best-known services and overrides are among those that no client can set', () => {
  for (const name of expected) assert.ok(foreign.includes(name), name);
});

for (const [flavour, start] of flavourSites) {
  test(`${flavour}: headers of other sign-on services, and those that change path or method, do not reach the backend`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await start(t, { gate: postern.gate });
    const { token } = await postern.issue();
    const asked = `/chat?token=${token}`;
    assert.equal((await tryPage(site.url + asked, spoofed)).status, 200);
    assert.equal((await tryPage(site.url + asked, spoofed, 'POST')).status, 200);
    assert.equal((await tryHandshake(site.socketUrl + asked, spoofed)).status, 101);
    assert.equal(site.backend.seen.length, 3);
    for (const { rawHeaders, headers } of site.backend.seen) {
      assert.ok(!rawHeaders.includes(own), rawHeaders.join('\n'));
      assert.equal(headers['remote-user'], 'alice');
      // None that nginx sets is there twice.
      const names = rawHeaders.filter((_, index) => index % 2 === 0);
      const lower = names.map((name) => name.toLowerCase()).sort();
      assert.deepEqual(lower, [...new Set(lower)]);
    }
  });

  test(`${flavour}: a line of the location keeps one of them, and it arrives once`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await start(t, {
      gate: postern.gate,
      location: `
        proxy_set_header X-Forwarded-Prefix /app;
        proxy_set_header X-HTTP-Method-Override $http_x_http_method_override;`,
    });
    const { token } = await postern.issue();
    assert.equal((await tryPage(`${site.url}/?token=${token}`, spoofed)).status, 200);
    const headers = site.backend.seen.at(-1)?.headers ?? {};
    assert.equal(headers['x-forwarded-prefix'], '/app');
    assert.equal(headers['x-http-method-override'], own);
    assert.equal(headers['x-forwarded-user'], undefined);
  });
}

test('a gate’s own header of such a name reaches the backend with what the gate says', async (t) => {
  const headers = { 'x-webauth-user': { field: 'subject' } };
  const postern = await startTestPostern(t, {
    env: { POSTERN_DEFAULT_GATE_HEADERS: JSON.stringify(headers) },
  });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: { headers: [...defaultBundleOptions.headers, 'x-webauth-user'] },
  });
  const { token } = await postern.issue();
  assert.equal((await tryPage(`${site.url}/?token=${token}`, spoofed)).status, 200);
  const seen = site.backend.seen.at(-1);
  assert.equal(seen?.headers['x-webauth-user'], 'alice');
  assert.equal(seen?.headers['x-webauth-email'], undefined);
});

/** A gRPC server, and the metadata that it was called with. */
async function startGrpc(t: TestContext) {
  const calls: Record<string, string | string[] | undefined>[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    calls.push({ ...headers });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return { port: (server.address() as AddressInfo).port, calls };
}

for (const keeps of [false, true]) {
  const what = keeps ? 'but the one that a line keeps' : 'and nginx has room for all lines';
  test(`FastCGI, uwsgi and gRPC backends get none of them either, ${what}`, async (t) => {
    const backends = {
      fastcgi: await startFastCgi(t),
      uwsgi: await startUwsgi(t),
      grpc: await startGrpc(t),
    };
    const postern = await startTestPostern(t);
    const site = await startSite(t, {
      gate: postern.gate,
      locations: (backend, include) => {
        const guard = include('postern-location.conf');
        const pass = (kind: keyof typeof backends, line: string) => `
          location /${kind} {
            ${guard}
            ${include(`postern-${kind}.conf`)}
            ${keeps ? line : ''}
            ${kind}_pass ${kind === 'grpc' ? 'grpc://' : ''}127.0.0.1:${backends[kind].port};
          }`;
        return `
          location / {
            ${guard}
            proxy_set_header X-Forwarded-Preferred-Username $remote_port;
            ${include('postern-proxy.conf')}
            ${backend}
          }
          ${pass('fastcgi', 'fastcgi_param HTTP_X_FORWARDED_PREFIX /app;')}
          ${pass('uwsgi', 'uwsgi_param HTTP_X_FORWARDED_PREFIX /app;')}
          ${pass('grpc', 'grpc_set_header X-Forwarded-Prefix /app;')}`;
      },
    });
    if (!keeps) assert.doesNotMatch(site.errorLog(), /\[(?:warn|emerg)\]/);
    const { token } = await postern.issue();
    const headers = { ...spoofed, authorization: `Bearer ${token}` };
    for (const [kind, { calls }] of Object.entries(backends)) {
      assert.equal((await tryPage(`${site.url}/${kind}`, headers)).status, 200, kind);
      const [first = []] = calls;
      const call: Record<string, unknown> = Object.fromEntries(
        Array.isArray(first) ? first : Object.entries(first),
      );
      const told = JSON.stringify(call);
      assert.ok(told.includes('alice') && !told.includes(own), told);
      const prefix = kind === 'grpc' ? 'x-forwarded-prefix' : 'HTTP_X_FORWARDED_PREFIX';
      assert.equal(call[prefix], keeps ? '/app' : undefined);
    }
  });
}
