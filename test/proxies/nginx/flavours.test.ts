import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import {
  type FlavourSite,
  flavourSites,
  type StartFlavour,
} from '../../../testkit/nginx/flavours.ts';
import { startTestPostern, type TestPostern } from '../../../testkit/postern/start.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

// What has to hold whatever nginx Postern stands behind.

interface FlavouredSite {
  readonly postern: TestPostern;
  readonly site: FlavourSite;
}

async function startFlavouredSite(
  t: TestContext,
  start: StartFlavour,
  options: { location?: string; server?: string } = {},
): Promise<FlavouredSite> {
  const postern = await startTestPostern(t);
  return { postern, site: await start(t, { gate: postern.gate, ...options }) };
}

const returning = 'set $postern_login "https://login.example.com/?rd=";';

for (const [flavour, start] of flavourSites) {
  const flavoured = (name: string, run: (t: TestContext) => Promise<void>) =>
    test(`${flavour}: ${name}`, run);

  flavoured('tokens let in, nothing else does, and the answer is no redirect', async (t) => {
    const { postern, site } = await startFlavouredSite(t, start);
    const denied = await tryHandshake(`${site.socketUrl}/ws`);
    assert.equal(denied.status, 401);
    assert.equal(denied.headers.location, undefined);
    const { token } = await postern.issue({ claims: { email: 'alice@example.com' } });
    const query = await tryHandshake(`${site.socketUrl}/ws?a=1&token=${token}`, {}, ['postern']);
    assert.equal(query.status, 101);
    assert.equal(query.seen?.url, '/ws?a=1');
    assert.equal(query.seen?.headers['remote-email'], 'alice@example.com');
    assert.equal(query.headers['sec-websocket-protocol'], 'postern');
    const cookie = { cookie: `postern_token=${token}`, origin: site.url };
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, cookie)).status, 101);
    assert.equal(site.backend.seen.length, 2);
  });

  flavoured(
    'of a request line and a Host header that disagree, one decides everywhere',
    async (t) => {
      const { postern, site } = await startFlavouredSite(t, start);
      const { token } = await postern.issue();
      const request = (origin: string) => `GET http://pub.example/x HTTP/1.1
Host: private.example
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Cookie: postern_token=${token}
Origin: ${origin}

`;
      const { port } = site.nginx;
      assert.equal((await sendRaw(port, request('http://private.example'))).status, 401);
      assert.equal((await sendRaw(port, request('http://pub.example'))).status, 101);
      assert.equal(postern.lastDecision().host, 'pub.example');
      // The line that says Host to the backend is the controller's own there.
      const backendHost = flavour === 'ingress-nginx' ? 'private.example' : 'pub.example';
      assert.equal(site.backend.seen.at(-1)?.headers.host, backendHost);
    },
  );

  flavoured('an auth service that says anything odd, or nothing, lets nobody in', async (t) => {
    const standIn = await startAuthService(t, () => ({}));
    const site = await start(t, { gate: standIn.gate, location: returning });
    const checkBoth = async (what: string) => {
      const [handshake, page] = await Promise.all([
        tryHandshake(`${site.socketUrl}/ws`),
        tryPage(`${site.url}/`),
      ]);
      for (const { status, headers } of [handshake, page]) {
        assert.equal(status, 503, what);
        assert.equal(headers['retry-after'], '5');
        assert.equal(headers.location, undefined);
      }
    };
    await checkBoth('no answer');
    for (const status of [302, 404, 429, 431, 500]) {
      standIn.answer = () => ({ status, headers: { location: 'https://evil.example/' } });
      await checkBoth(String(status));
    }
    const gone = { kind: 'tcp', host: '127.0.0.1', port: await findFreePort() } as const;
    const away = await start(t, { gate: gone });
    assert.equal((await tryHandshake(`${away.socketUrl}/ws`)).status, 503);
    assert.deepEqual([...site.backend.seen, ...away.backend.seen], []);
  });

  flavoured(
    'a login is told where to lead back to, without token, cookie or injected header',
    async (t) => {
      const { site } = await startFlavouredSite(t, start, {
        location: returning,
        server: 'add_header X-From-Server yes always;',
      });
      const headers = { cookie: 'postern_token=secret-1', authorization: 'Basic secret-2' };
      const target = '/x?token=secret-3&b=%0d%0aX:1&rd=https://evil.example/&rd=2';
      const page = await tryPage(`${site.url}${target}`, headers);
      assert.equal(page.status, 302);
      const back = `${site.url}/x?b=%0d%0aX:1&rd=https://evil.example/&rd=2`;
      assert.equal(
        page.headers.location,
        `https://login.example.com/?rd=${encodeURIComponent(back)}`,
      );
      const odd = await tryPage(`${site.url}/x%0d%0aSet-Cookie:a=1?token=secret-3`, headers);
      assert.equal(odd.headers.location, 'https://login.example.com/?rd=');
      assert.equal(odd.headers['set-cookie'], undefined);
      assert.equal(page.headers['set-cookie'], undefined);
      assert.equal(page.headers.x, undefined);
      assert.equal(page.headers['x-from-server'], 'yes');
      assert.doesNotMatch(JSON.stringify(page.headers), /secret-/);
    },
  );

  flavoured(
    'identity headers are nginx’s own, beside proxy_set_header lines of others too',
    async (t) => {
      const { postern, site } = await startFlavouredSite(t, start, {
        location: 'proxy_set_header X-Own yes;',
        server: 'proxy_set_header X-From-Server yes;',
      });
      const { token } = await postern.issue();
      const outcome = await tryPage(`${site.url}/?token=${token}`, {
        'remote-user': 'admin',
        'remote-email': 'admin@example.com',
        'x-postern-assertion': 'forged',
      });
      assert.equal(outcome.seen?.headers['x-own'], 'yes');
      assert.equal(outcome.seen?.headers['remote-user'], 'alice');
      assert.equal(outcome.seen?.headers['remote-email'], undefined);
      assert.equal(outcome.seen?.headers['x-postern-assertion'], undefined);
    },
  );

  flavoured(
    'other spellings of identity headers are dropped, and Connection cannot remove one',
    async (t) => {
      const { postern, site } = await startFlavouredSite(t, start);
      const { token } = await postern.issue();
      const answer = await sendRaw(
        site.nginx.port,
        `GET /?token=${token} HTTP/1.1
Host: app.example.com
Remote_User: admin
Remote.User: admin
REMOTE-USER: admin
Connection: close, Remote-User, X-Real-IP

`,
      );
      assert.equal(answer.status, 200);
      const seen = site.backend.seen.at(-1);
      const names = seen?.rawHeaders.filter((_, index) => index % 2 === 0) ?? [];
      assert.deepEqual(
        names.filter((name) => /^remote/i.test(name)),
        ['Remote-User'],
      );
      assert.equal(seen?.headers['remote-user'], 'alice');
      assert.equal(seen?.headers['x-real-ip'], '127.0.0.1');
    },
  );

  flavoured('no other upgrade than WebSocket gets through', async (t) => {
    const { postern, site } = await startFlavouredSite(t, start);
    const { token } = await postern.issue();
    for (const upgrade of ['h2c', 'websocket, h2c', 'h2c, websocket', 'TLS/1.0']) {
      const denied = await tryPage(`${site.url}/?token=${token}`, {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade,
        'http2-settings': 'AAMAAABk',
      });
      assert.equal(denied.status, 401, upgrade);
      assert.equal(postern.lastDecision().reason, 'upgrade_not_websocket');
    }
    assert.deepEqual(site.backend.seen, []);
  });

  flavoured('large requests and large answers are judged as any other', async (t) => {
    const { postern, site } = await startFlavouredSite(t, start);
    const { token } = await postern.issue();
    const bulk = Object.fromEntries([1, 2, 3].map((n) => [`x-bulk-${n}`, 'x'.repeat(7_000)]));
    assert.equal((await tryPage(`${site.url}/?token=${token}`, bulk)).status, 200);
    assert.equal((await tryPage(`${site.url}/`, bulk, 'POST')).status, 401);
    const standIn = await startAuthService(t, () => ({
      status: 200,
      headers: { 'remote-name': 'n'.repeat(9_000) },
    }));
    const large = await start(t, { gate: standIn.gate });
    const outcome = await tryPage(`${large.url}/`);
    assert.equal(outcome.status, 200);
    assert.equal(String(outcome.seen?.headers['remote-name']).length, 9_000);
  });
}
