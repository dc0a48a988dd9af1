import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { authLocationInSwagsManner, startSwag } from '../../../testkit/nginx/swag.ts';
import { startTestPostern, type TestPostern } from '../../../testkit/postern/start.ts';

function portOf({ gate }: TestPostern): number {
  return gate.kind === 'tcp' ? gate.port : 0;
}

async function startShipped(t: TestContext) {
  const postern = await startTestPostern(t);
  const site = await startSwag(t, {
    posternPort: portOf(postern),
    server: 'include /config/nginx/postern-server.conf;',
    location: `
      set $postern_gate "grist";
      set $postern_login "https://login.example.com/";
      include /config/nginx/postern-location.conf;`,
  });
  return { postern, site };
}

test("SWAG's two includes give 401 to a handshake, the login to a page, and let tokens in", async (t) => {
  const { postern, site } = await startShipped(t);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  const page = await tryPage(`${site.url}/`);
  assert.deepEqual([page.status, page.headers.location], [302, 'https://login.example.com/']);
  const { token } = await postern.issue({ gates: ['grist'] });
  const headers = { cookie: `postern_token=${token}`, origin: site.url };
  const cookie = await tryHandshake(`${site.socketUrl}/ws`, headers);
  assert.equal(cookie.status, 101);
  assert.equal(cookie.seen?.headers['remote-user'], 'alice');
  assert.equal(cookie.seen?.headers['x-forwarded-host'], '127.0.0.1');
  const query = await tryHandshake(`${site.socketUrl}/ws?a=1&token=${token}`);
  assert.equal(query.seen?.url, '/ws?a=1');
  const foreign = await tryHandshake(`${site.socketUrl}/ws`, {
    ...headers,
    origin: 'https://evil.example',
  });
  assert.equal(foreign.status, 401);
});

test("SWAG's proxy.conf would tunnel h2c: the answer denies it", async (t) => {
  const { postern, site } = await startShipped(t);
  const { token } = await postern.issue();
  const outcome = await tryPage(`${site.url}/?token=${token}`, {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQAAP__',
  });
  assert.equal(outcome.status, 401);
  assert.equal(postern.lastDecision().reason, 'upgrade_not_websocket');
  assert.deepEqual(site.backend.seen, []);
});

test('an auth location with proxy.conf in it, upgrade headers and doubled X-Forwarded headers, is answered', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSwag(t, {
    posternPort: portOf(postern),
    server: authLocationInSwagsManner(portOf(postern)),
    location: 'auth_request /postern-auth;',
    proxy: 'proxy.conf',
  });
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, {}, ['chat'])).status, 401);
  assert.equal(postern.lastDecision().reason, 'no_credential');
  assert.equal(postern.lastDecision().upgrade, true);
  const { token } = await postern.issue();
  const headers = { cookie: `postern_token=${token}`, origin: site.url };
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?x=1`, headers)).status, 101);
  assert.equal(postern.lastDecision().path, '/ws');
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status, 101);
  const page = await tryPage(`${site.url}/page`, { cookie: `postern_token=${token}` });
  assert.equal(page.status, 200);
});

test('with proxy.conf in the auth location a client cannot tell Postern another story', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSwag(t, {
    posternPort: portOf(postern),
    server: authLocationInSwagsManner(portOf(postern)),
    location: 'auth_request /postern-auth;',
    proxy: 'proxy.conf',
  });
  const { token } = await postern.issue();
  const lies: Record<string, string>[] = [
    { 'x-original-uri': `/ws?token=${token}` },
    { 'x-original-upgrade': 'websocket', upgrade: 'h2c', connection: 'Upgrade' },
  ];
  for (const lie of lies) {
    const outcome = await tryPage(`${site.url}/private?token=${token}`, lie);
    assert.ok([401, 403].includes(outcome.status), JSON.stringify(lie));
  }
  assert.deepEqual(site.backend.seen, []);
});

test('a POST with a body through SWAG is judged and reaches the backend', async (t) => {
  const postern = await startTestPostern(t);
  for (const options of [
    {
      server: 'include /config/nginx/postern-server.conf;',
      location: 'include /config/nginx/postern-location.conf;',
    },
    {
      server: authLocationInSwagsManner(portOf(postern)),
      location: 'auth_request /postern-auth;',
      proxy: 'proxy.conf',
    } as const,
  ]) {
    const site = await startSwag(t, { posternPort: portOf(postern), ...options });
    const { token } = await postern.issue();
    const send = (cookie: string) =>
      fetch(`${site.url}/form`, {
        method: 'POST',
        body: 'a=1',
        headers: { cookie },
        redirect: 'manual',
      });
    assert.equal((await send(`postern_token=${token}`)).status, 200);
    assert.equal(postern.lastDecision().method, 'POST');
    assert.equal((await send('postern_token=nonsense')).status, 401);
  }
});
