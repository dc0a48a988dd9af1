import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

/** What an auth service may say to nginx when somebody tries too often. */
const throttled = { status: 401, headers: { 'x-postern-status': '429', 'retry-after': '7' } };

/** Files of a site with error pages of its own. */
const ownPages = `
  set $postern_error_pages on;
error_page 401 =302 /sign-in;
  error_page 403 /forbidden;
  error_page 429 503 =302 /sorry;
  location = /sign-in { internal; add_header X-Page sign-in always; return 302 /; }
  location = /forbidden { internal; add_header X-Page forbidden always; return 403 "our own 403"; }
  location = /sorry { internal; add_header X-Page sorry always; return 302 /; }`;

for (const [flavour, start] of flavourSites) {
  test(`${flavour}: too many attempts are 429 for handshakes and programs, and say when to try again`, async (t) => {
    const { gate } = await startAuthService(t, () => throttled);
    const site = await start(t, { gate, location: 'set $postern_login "https://login.example/";' });
    for (const outcome of [
      await tryHandshake(`${site.socketUrl}/ws`),
      await tryPage(`${site.url}/`, { accept: 'application/json' }),
      await tryPage(`${site.url}/`, { 'x-requested-with': 'XMLHttpRequest' }),
      await tryPage(`${site.url}/`, {}, 'POST'),
    ]) {
      assert.equal(outcome.status, 429);
      assert.equal(outcome.headers['retry-after'], '7');
      assert.equal(outcome.headers.location, undefined);
    }
    assert.deepEqual(site.backend.seen, []);
  });

  test(`${flavour}: after too many attempts a page load may still sign in, and is 429 where it cannot`, async (t) => {
    const { gate } = await startAuthService(t, () => throttled);
    const login = 'https://login.example/';
    const site = await start(t, { gate, location: `set $postern_login "${login}";` });
    const sent = await tryPage(`${site.url}/`, { accept: 'text/html' });
    assert.deepEqual([sent.status, sent.headers.location], [302, login]);
    const without = await start(t, { gate });
    const page = await tryPage(`${without.url}/`, { accept: 'text/html' });
    assert.deepEqual([page.status, page.headers['retry-after']], [429, '7']);
  });

  test(`${flavour}: a 403 stays 403, and nobody but Postern can make a denial a 429`, async (t) => {
    const standIn = await startAuthService(t, () => ({ status: 403 }));
    const site = await start(t, {
      gate: standIn.gate,
      server: 'add_header X-From-Server yes always;',
    });
    const headers = { 'x-postern-status': '429', 'retry-after': '7' };
    for (const said of [{}, { 'x-postern-status': '200' }, { 'x-postern-status': '302' }]) {
      standIn.answer = () => ({
        status: 403,
        headers: { ...said, location: 'https://evil.example/' },
      });
      const outcome = await tryPage(`${site.url}/`, headers);
      assert.equal(outcome.status, 403);
      assert.equal(outcome.headers['retry-after'], undefined);
      assert.equal(outcome.headers.location, undefined);
      assert.equal(outcome.headers['x-from-server'], 'yes');
    }
    standIn.answer = () => ({ status: 401 });
    for (const outcome of [
      await tryPage(`${site.url}/`, headers),
      await tryHandshake(`${site.socketUrl}/ws`, headers),
    ]) {
      assert.deepEqual([outcome.status, outcome.headers['retry-after']], [401, undefined]);
    }
    assert.deepEqual(site.backend.seen, []);
  });

  test(`${flavour}: the server's pages for 403 and 503 count, for pages alone, and none for 401 and 429`, async (t) => {
    const standIn = await startAuthService(t, () => ({ status: 401 }));
    const site = await start(t, {
      gate: standIn.gate,
      server: ownPages,
    });
    for (const [status, headers, handshake, page, name] of [
      [401, {}, 401, 401, undefined],
      [403, {}, 403, 403, 'forbidden'],
      [401, throttled.headers, 429, 429, undefined],
      [500, {}, 503, 302, 'sorry'],
    ] as const) {
      standIn.answer = () => ({ status, headers });
      const upgrade = await tryHandshake(`${site.socketUrl}/ws`);
      assert.equal(upgrade.status, handshake);
      assert.equal(upgrade.headers['x-page'], undefined);
      const outcome = await tryPage(`${site.url}/`);
      assert.deepEqual([outcome.status, outcome.headers['x-page']], [page, name]);
    }
  });
}

test('what the application itself answers is left alone', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 200 }));
  const application = await startAuthService(t, () => ({}));
  const site = await startSite(t, {
    gate,
    locations: (_backend, include) => `
      location / {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        proxy_pass http://127.0.0.1:${application.gate.port};
      }`,
  });
  for (const status of [401, 403, 429, 500, 503]) {
    application.answer = () => ({ status, headers: { 'x-own': 'yes' } });
    const outcome = await tryPage(`${site.url}/`);
    assert.deepEqual([outcome.status, outcome.headers['x-own']], [status, 'yes']);
    assert.equal(outcome.headers['retry-after'], undefined);
  }
});

test('a page of one’s own says 503 and when to try again, and need not be there at all', async (t) => {
  const standIn = await startAuthService(t, () => ({ status: 500 }));
  const server = (location: string) => `error_page 503 /sorry.html; ${location}`;
  const start = flavourSites[0]?.[1];
  assert.ok(start);
  const site = await start(t, {
    gate: standIn.gate,
    server: server(`set $postern_error_pages on; location = /sorry.html {
      internal; default_type text/html; add_header Retry-After 60 always;
      proxy_pass http://${standIn.gate.host}:${standIn.gate.port}/page; proxy_intercept_errors off;
    }`),
  });
  standIn.answer = ({ url }) => ({ status: url === '/page' ? 200 : 500 });
  const page = await tryPage(`${site.url}/`);
  assert.deepEqual([page.status, page.headers['retry-after']], [503, '60']);
  // Where the page is protected itself, Postern is asked for it too, once.
  const without = await start(t, {
    gate: standIn.gate,
    server: server('set $postern_error_pages on;'),
  });
  standIn.asked.length = 0;
  assert.ok((await tryPage(`${without.url}/`)).status >= 500);
  assert.equal(standIn.asked.length, 2);
  assert.deepEqual(without.backend.seen, []);
});

test('an error_page before the include takes the place of ours', async (t) => {
  const standIn = await startAuthService(t, () => ({ status: 403 }));
  const start = flavourSites[0]?.[1];
  assert.ok(start);
  const site = await start(t, {
    gate: standIn.gate,
    location: 'error_page 403 /forbidden; error_page 500 =503 /forbidden;',
    server: 'location = /forbidden { internal; add_header X-Page own always; return 204; }',
  });
  const page = await tryPage(`${site.url}/`);
  assert.deepEqual([page.status, page.headers['x-page']], [403, 'own']);
});

test('bounds for handshakes count handshakes alone, each client for itself', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 200 }));
  const site = await startSite(t, {
    gate,
    http: `
      map $http_upgrade $postern_handshake_of { default ""; ~*^websocket$ $http_x_client; }
      limit_req_zone $postern_handshake_of zone=postern_handshakes:1m rate=1r/m;
      limit_conn_zone $postern_handshake_of zone=postern_sockets:1m;`,
    locations: (backend, include) => `
      location / {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        ${include('postern-limits.conf')} ${backend}
      }`,
  });
  const handshakes = Array.from({ length: 42 }, () =>
    tryHandshake(`${site.socketUrl}/ws`, { 'x-client': 'one' }),
  );
  const outcomes = await Promise.all(handshakes);
  const refused = outcomes.filter(({ status }) => status !== 101);
  assert.equal(refused.length, 1);
  assert.deepEqual([refused[0]?.status, refused[0]?.headers['retry-after']], [429, '5']);
  for (let i = 0; i < 60; i++) {
    assert.equal((await tryPage(`${site.url}/`, { 'x-client': 'one' })).status, 200);
  }
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, { 'x-client': 'two' })).status, 101);
});

test('the shipped zones of the bounds work with the shipped lines', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 200 }));
  const site = await startSite(t, {
    gate,
    kitHttp: ['postern-limits-http.conf'],
    locations: (backend, include) => `
      location / {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        ${include('postern-limits.conf')} ${backend}
      }`,
  });
  const all = Array.from({ length: 60 }, () => tryHandshake(`${site.socketUrl}/ws`));
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([101, 429]));
  assert.ok(statuses.filter((status) => status === 101).length >= 41);
});
