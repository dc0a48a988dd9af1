import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import {
  type BundleOptions,
  defaultBundleOptions,
} from '../../../src/proxies/nginx/bundle-options.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { type SiteOptions, startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startFastCgi, startUwsgi } from '../../../testkit/servers/parameter-backends.ts';

const kit = { sources: ['api_key', 'cookie'] } satisfies Partial<BundleOptions>;

/** Postern that searches `X-Api-Key`, and a site with the files for that. */
async function startKeyedSite(t: TestContext, options: Omit<SiteOptions, 'gate'> = {}) {
  const postern = await startTestPostern(t, {
    env: { POSTERN_DEFAULT_GATE_SOURCES: kit.sources.join() },
  });
  const site = await startSite(t, { kit, ...options, gate: postern.gate });
  const { token } = await postern.issue();
  return { postern, site, token, url: `${site.socketUrl}/ws` };
}

/** A handshake with these lines, byte by byte. */
function handshake(...lines: readonly string[]): string {
  return `GET /ws HTTP/1.1
Host: app.example.com
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
${lines.join('\n')}

`;
}

for (const { name, program } of nginxPrograms) {
  const over = (what: string, run: (t: TestContext) => Promise<void>) =>
    test(`nginx ${name}: ${what}`, run);

  over('X-Api-Key opens the socket, and neither the backend nor a log gets it', async (t) => {
    const { postern, site, token, url } = await startKeyedSite(t, { program });
    for (const spelled of ['X-Api-Key', 'x-API-key']) {
      const outcome = await tryHandshake(url, { [spelled]: token });
      assert.equal(outcome.status, 101, spelled);
      assert.equal(postern.lastDecision().source, 'api_key');
      assert.ok(!JSON.stringify(outcome.headers).includes(token));
    }
    const page = await tryPage(`${site.url}/page`, { 'x-api-key': token });
    assert.equal(page.status, 200);
    assert.equal(site.backend.seen.length, 3);
    assert.ok(!JSON.stringify(site.backend.seen).includes(token));
    assert.ok(!JSON.stringify(postern.log).includes(token));
    assert.ok(!(site.accessLog() + site.errorLog()).includes(token));
  });

  over('with underscores_in_headers, X_Api_Key reaches no backend either', async (t) => {
    const { site, token } = await startKeyedSite(t, {
      program,
      http: 'underscores_in_headers on;',
    });
    await tryPage(`${site.url}/page`, { X_Api_Key: token });
    assert.ok(!JSON.stringify(site.backend.seen).includes(token));
  });

  over('an X-Api-Key that is no token is denied, and no other credential helps', async (t) => {
    const { postern, site, token, url } = await startKeyedSite(t, { program });
    const cookie = { cookie: `postern_token=${token}`, origin: site.url };
    for (const [key, reason] of [
      [`${token} ${token}`, 'malformed_credential'],
      [`Bearer ${token}`, 'malformed_credential'],
      ['\u00fc', 'malformed_credential'],
      ['of-somebody-else', 'unknown_token'],
    ] as const) {
      const outcome = await tryHandshake(url, { ...cookie, 'x-api-key': key });
      assert.equal(outcome.status, 401, key);
      assert.equal(postern.lastDecision().reason, reason, key);
    }
    assert.equal((await tryHandshake(url, { ...cookie, 'x-api-key': '' })).status, 101);
    assert.equal(postern.lastDecision().source, 'cookie');
  });

  over('of two lines of X-Api-Key none reaches the backend', async (t) => {
    const { postern, site, token } = await startKeyedSite(t, { program });
    const send = (...keys: string[]) =>
      sendRaw(site.nginx.port, handshake(...keys.map((key) => `X-Api-Key: ${key}`)));
    assert.equal((await send('pst_other', token)).status, 401);
    // nginx before 1.23 knows the first line only; newer ones join all.
    const joined = await send(token, 'pst_other');
    if (joined.status !== 101) {
      assert.equal(joined.status, 401);
      assert.equal(postern.lastDecision().reason, 'malformed_credential');
    }
    assert.ok(!JSON.stringify(site.backend.seen).includes(token));
    assert.ok(!JSON.stringify(site.backend.seen).includes('pst_other'));
  });
}

test('a page of another site may use X-Api-Key, but gets no permission from Postern to send it', async (t) => {
  const { postern, site, token, url } = await startKeyedSite(t);
  const origin = 'https://elsewhere.example';
  assert.equal((await tryHandshake(url, { origin, 'x-api-key': token })).status, 101);
  const preflight = await sendRaw(
    site.nginx.port,
    `OPTIONS /ws HTTP/1.1\nHost: app.example.com\nOrigin: ${origin}\nAccess-Control-Request-Method: GET\nAccess-Control-Request-Headers: x-api-key\nConnection: close\n\n`,
  );
  assert.equal(preflight.status, 401);
  assert.equal(postern.lastDecision().reason, 'no_credential');
  assert.equal(preflight.headers['access-control-allow-origin'], undefined);
});

for (const [flavour, start] of flavourSites) {
  test(`${flavour}: X-Api-Key opens the socket, and the backend does not get it`, async (t) => {
    const postern = await startTestPostern(t, { env: { POSTERN_DEFAULT_GATE_SOURCES: 'api_key' } });
    const site = await start(t, { gate: postern.gate, kit });
    const { token } = await postern.issue();
    const outcome = await tryHandshake(`${site.socketUrl}/ws`, { 'x-api-key': token });
    assert.equal(outcome.status, 101);
    assert.equal(outcome.seen?.headers['remote-user'], 'alice');
    assert.equal(outcome.seen?.headers['x-api-key'], undefined);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  });
}

test('FastCGI and uwsgi backends do not get X-Api-Key either', async (t) => {
  const backends = { fastcgi: await startFastCgi(t), uwsgi: await startUwsgi(t) };
  const { site, token } = await startKeyedSite(t, {
    locations: (_backend, include) =>
      Object.entries(backends)
        .map(
          ([kind, { port }]) => `
            location /${kind} {
              ${include('postern-location.conf')}
              ${include(`postern-${kind}.conf`)}
              ${kind}_pass 127.0.0.1:${port};
            }`,
        )
        .join('\n'),
  });
  for (const [kind, { calls }] of Object.entries(backends)) {
    assert.equal((await tryPage(`${site.url}/${kind}`, { 'x-api-key': token })).status, 200, kind);
    assert.equal(calls.length, 1);
    assert.ok(!JSON.stringify(calls).includes(token), kind);
  }
});

test('without the source, the X-Api-Key of an application passes as it is', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, { gate: postern.gate });
  const { token } = await postern.issue();
  const headers = { authorization: `Bearer ${token}`, 'x-api-key': 'of-the-application' };
  const outcome = await tryHandshake(`${site.socketUrl}/ws`, headers);
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.headers['x-api-key'], 'of-the-application');
});

test('files that were not rendered for the source do not ask with it: no leak, and no entry', async (t) => {
  const { postern, site, token, url } = await startKeyedSite(t, { kit: {} });
  assert.equal((await tryHandshake(url, { 'x-api-key': token })).status, 401);
  assert.equal(postern.lastDecision().reason, 'no_credential');
  assert.deepEqual(site.backend.seen, []);
});

test('a gate may give the backend a key of its own beside', async (t) => {
  const postern = await startTestPostern(t, {
    env: {
      POSTERN_DEFAULT_GATE_SOURCES: 'api_key',
      POSTERN_DEFAULT_GATE_HEADERS: '{"X-Api-Key":{"value":"of-the-backend"}}',
    },
  });
  const headers = [...defaultBundleOptions.headers, 'X-Api-Key'];
  const site = await startSite(t, { gate: postern.gate, kit: { ...kit, headers } });
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${site.socketUrl}/ws`, { 'x-api-key': token });
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.headers['x-api-key'], 'of-the-backend');
});

test('a line of the location passes X-Api-Key on to an application that has keys itself', async (t) => {
  const { site, token } = await startKeyedSite(t, {
    locations: (backend, include) => `
      location / {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        proxy_set_header X-Api-Key $http_x_api_key;
        ${backend}
      }`,
  });
  const cookie = `postern_token=${token}`;
  const page = await tryPage(`${site.url}/`, { cookie });
  assert.equal(page.status, 200);
  assert.equal(page.seen?.headers['x-api-key'], undefined);
  assert.equal((await tryPage(`${site.url}/`, { 'x-api-key': token })).status, 200);
  assert.deepEqual(
    site.backend.seen.map(({ headers }) => headers['x-api-key']),
    [undefined, token],
  );
});

test('signing in asks with X-Api-Key, too', async (t) => {
  const { site, token } = await startKeyedSite(t);
  const state = await fetch(`${site.url}/.postern/session?path=/ws`, {
    headers: { 'x-api-key': token },
  });
  assert.equal(((await state.json()) as { signed_in: boolean }).signed_in, true);
});
