import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  findingOf,
  probe,
  reportCodes,
  startEcho,
  startPlainNginx,
} from '../../../testkit/doctor/probe.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startSwag } from '../../../testkit/nginx/swag.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';
import { createCertificate } from '../../../testkit/tls/certificate.ts';
import { waitFor } from '../../../testkit/wait.ts';

/** A site with Postern, over TLS, so that Origin and scheme fit as they do for people. */
async function startGuarded(t: TestContext, env: Record<string, string> = {}) {
  const postern = await startTestPostern(t, { env });
  const { gate } = postern;
  const site = await startSite(t, { gate, certificate: createCertificate(t, []) });
  return { postern, site, url: `${site.socketUrl}/ws?room=1` };
}

describe('a token', { concurrency: 2 }, () => {
  test('opens the socket of a good site in every way, and nothing of it comes back', async (t) => {
    const { postern, site, url } = await startGuarded(t);
    const { token } = await postern.issue();
    const report = await probe(url, { token });
    const { evidence } = findingOf(report, 'token-accepted');
    assert.equal(
      evidence,
      ['query', 'subprotocol', 'Bearer', 'Basic', 'cookie']
        .map((way) => `${way} HTTP 101`)
        .join(', '),
    );
    assert.match(findingOf(report, 'subprotocol-confirmed').evidence, /got postern$/);
    assert.match(findingOf(report, 'cross-site-refused').evidence, /postern-doctor\.invalid, null/);
    assert.match(
      findingOf(report, 'upgrade-h2c-refused').evidence,
      /client that may enter: HTTP 401/,
    );
    findingOf(report, 'ping-answered');
    // The certificate of the test is signed by itself and short-lived.
    const bad = report.findings.filter(({ severity }) => severity !== 'ok');
    assert.deepEqual(
      bad.map(({ code }) => code).filter((code) => !code.startsWith('tls-')),
      [],
    );
    assert.ok(!JSON.stringify(report).includes(token));
    await waitFor('no socket is left open', () => site.backend.sockets.size === 0);
    assert.ok(report.requests <= 20, `${report.requests} requests`);
  });

  test('that the gate looks for in some places only is a warning that names the others', async (t) => {
    const { postern, url } = await startGuarded(t, {
      POSTERN_DEFAULT_GATE_SOURCES: 'query,bearer',
    });
    const { token } = await postern.issue();
    const report = await probe(url, { token });
    assert.equal(findingOf(report, 'token-accepted').evidence, 'query HTTP 101, Bearer HTTP 101');
    const { evidence, severity } = findingOf(report, 'token-refused-in-some-ways');
    assert.equal(evidence, 'subprotocol HTTP 401, Basic HTTP 401, cookie HTTP 401');
    assert.equal(severity, 'warning');
  });

  test('that is revoked is refused, and with --gate-reason the reason is explained', async (t) => {
    const postern = await startTestPostern(t);
    const site = await startSite(t, {
      gate: postern.gate,
      locations: (backend, include) => `
        location / {
          auth_request_set $postern_reason $upstream_http_x_postern_reason;
          add_header X-Postern-Reason $postern_reason always;
          set $postern_location_uri $uri;
          auth_request /.postern/auth;
          ${include('postern-proxy.conf')} ${backend}
        }`,
    });
    const { token, id } = await postern.issue();
    await postern.api('DELETE', `/v1/tokens/${id}`);
    const report = await probe(`${site.socketUrl}/ws`, { token, gateReason: true });
    findingOf(report, 'token-refused');
    const reasons = report.findings.filter(({ code }) => code === 'gate-reason');
    assert.deepEqual(
      reasons.map(({ evidence, meaning }) => `${evidence} – ${meaning}`),
      [
        'no_credential: handshake with no credential – The request has no token in any place where the gate looks for one.',
        'revoked: handshake with query, subprotocol, Bearer, Basic, cookie – The token was revoked.',
      ],
    );
  });

  test('with --gate-reason and the shipped files, it is told how to see the reason', async (t) => {
    const { url } = await startGuarded(t);
    const report = await probe(url, { gateReason: true });
    assert.match(findingOf(report, 'gate-reason-absent').change ?? '', /auth_request_set/);
  });

  test('that the application chooses as subprotocol is a fault, and stays hidden', async (t) => {
    const token = 'app-token-0123456789abcdef';
    const echo = await startEcho(t, {
      handleProtocols: (protocols) => [...protocols][0] ?? false,
      verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) =>
        JSON.stringify(req.headers).includes(token),
    });
    const report = await probe(`ws://127.0.0.1:${echo.port}/`, { token });
    const { evidence } = findingOf(report, 'token-echoed');
    assert.match(
      evidence,
      /in sec-websocket-protocol of the answer to the handshake with subproto/,
    );
    assert.ok(!reportCodes(report).includes('subprotocol-not-offered'));
    assert.ok(!JSON.stringify(report).includes(token));
  });

  test('that a login redirect carries on is a fault, and stays hidden', async (t) => {
    const token = 'query-token-0123456789abcdef';
    const { url } = await startPlainNginx(
      t,
      'location / { return 302 https://login.example.com/login?rd=$request_uri; }',
    );
    const report = await probe(url, { token });
    assert.match(findingOf(report, 'token-echoed').evidence, /location of the answer .* query/);
    assert.ok(!JSON.stringify(report).includes(token));
  });
});

describe('a cookie', { concurrency: 2 }, () => {
  test('of a session opens the socket from its own host and from nowhere else', async (t) => {
    const { postern, url } = await startGuarded(t);
    const { token } = await postern.issue();
    const report = await probe(url, { cookie: `postern_token=${token}; theme=dark` });
    findingOf(report, 'cookie-accepted');
    findingOf(report, 'cross-site-refused');
    assert.ok(!JSON.stringify(report).includes(token));
  });

  test('that any page can use is a fault, for each careless comparison', async (t) => {
    const echo = await startEcho(t);
    const proxy = (condition: string) => `
      location / {
        if ($cookie_session != "abcdefgh") { return 401; }
        ${condition}
        proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:${echo.port};
      }`;
    for (const [condition, accepted] of [
      ['', /^HTTP 101 with Origin https:\/\/postern-doctor\.invalid, and with null, and/],
      ['if ($http_origin !~ "127.0.0.1") { return 403; }', /127\.0\.0\.1\.postern-doctor\.invalid/],
      [
        'if ($http_origin !~ "127.0.0.1:$PORT$") { return 403; }',
        /:\/\/postern-doctor-127\.0\.0\.1/,
      ],
      ['if ($http_origin !~ "^http://127.0.0.1") { return 403; }', /1\.postern-doctor\.invalid$/],
    ] as const) {
      const { url } = await startPlainNginx(t, proxy(condition));
      const report = await probe(url, { cookie: 'session=abcdefgh' });
      assert.match(findingOf(report, 'cross-site-accepted').evidence, accepted, condition);
    }
  });

  test('that is good for nothing is a fault, with where it was sent', async (t) => {
    const { url } = await startPlainNginx(
      t,
      'location / { return 302 https://login.example.com/; }',
    );
    const { evidence } = findingOf(await probe(url, { cookie: 'session=old' }), 'cookie-refused');
    assert.match(evidence, /HTTP 302, redirected to a login/);
  });
});

describe('a ticket', { concurrency: 2 }, () => {
  test('opens one socket and no second one', async (t) => {
    const { postern, url } = await startGuarded(t);
    const { token: ticket } = await postern.issueTicket();
    const report = await probe(url, { ticket });
    assert.equal(findingOf(report, 'ticket-single-use').evidence, 'first HTTP 101, then HTTP 401');
    assert.ok(!JSON.stringify(report).includes(ticket));
  });

  test('that is a token is told by its second socket', async (t) => {
    const { postern, url } = await startGuarded(t);
    const { token: ticket } = await postern.issue();
    findingOf(await probe(url, { ticket }), 'ticket-reusable');
  });

  test('that was used already is refused', async (t) => {
    const { postern, url } = await startGuarded(t);
    const { token: ticket } = await postern.issueTicket();
    await probe(url, { ticket });
    assert.equal(findingOf(await probe(url, { ticket }), 'ticket-refused').evidence, 'HTTP 401');
  });
});

describe('a subprotocol', { concurrency: 2 }, () => {
  test('of the application is confirmed, also beside a token', async (t) => {
    const echo = await startEcho(t, { handleProtocols: (names) => names.has('chat') && 'chat' });
    const report = await probe(`ws://127.0.0.1:${echo.port}/`, { protocols: ['v2', 'chat'] });
    const { evidence } = findingOf(report, 'subprotocol-confirmed');
    assert.equal(evidence, 'offered v2, chat, got chat');
  });

  test('that is not confirmed is a fault', async (t) => {
    const echo = await startEcho(t, { handleProtocols: () => false });
    const report = await probe(`ws://127.0.0.1:${echo.port}/`, { protocols: ['chat'] });
    assert.equal(findingOf(report, 'subprotocol-missing').evidence, 'offered chat, got none');
  });

  test('that nobody offered is a fault', async (t) => {
    const echo = await startEcho(t, { handleProtocols: () => false });
    echo.webSockets.on('headers', (lines, request) => {
      if (request.headers['sec-websocket-protocol']) lines.push('Sec-WebSocket-Protocol: other');
    });
    const url = `ws://127.0.0.1:${echo.port}/`;
    const report = await probe(url, { protocols: ['chat'] });
    assert.match(findingOf(report, 'subprotocol-not-offered').evidence, /offered chat, got other/);
  });
});

test('h2c that SWAG’s proxy.conf tunnels is a fault', async (t) => {
  // An application that speaks h2c agrees to the upgrade, as RFC 7540 had it.
  const { port } = await startRawServer(t, (socket, request) => {
    const upgrade = /^upgrade: h2c\r$/im.test(request);
    socket.write(
      upgrade
        ? 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
        : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
  });
  const { url } = await startPlainNginx(
    t,
    `location / {
       proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
       proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:${port};
     }`,
  );
  findingOf(await probe(url), 'upgrade-h2c-tunnelled');
});

test('SWAG with Postern’s two includes has no fault', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSwag(t, {
    posternPort: postern.gate.kind === 'tcp' ? postern.gate.port : 0,
    server: 'include /config/nginx/postern-server.conf;',
    location: `
      set $postern_login "https://login.example.com/";
      include /config/nginx/postern-location.conf;`,
  });
  const { token } = await postern.issue();
  const report = await probe(`${site.socketUrl}/ws`, { token });
  assert.equal(report.worst, 'ok', reportCodes(report).join());
});
