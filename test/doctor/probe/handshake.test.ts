import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startBackend } from '../../../src/demo/backend.ts';
import type { FindingCode } from '../../../src/doctor/probe/catalog.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import {
  findingOf,
  probe,
  reportCodes,
  startEcho,
  startPlainNginx,
} from '../../../testkit/doctor/probe.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';
import { startSocketServer } from '../../../testkit/servers/socket-server.ts';

/** The lines of a server block, the finding about a handshake, and what its evidence says. */
const answers: readonly [what: string, server: string, code: FindingCode, evidence: RegExp][] = [
  ['401', 'location / { return 401; }', 'upgrade-denied', /HTTP 401/],
  ['403', 'location / { return 403; }', 'upgrade-forbidden', /HTTP 403/],
  ['404', 'location / { return 404; }', 'upgrade-not-found', /HTTP 404/],
  ['429', 'location / { return 429; }', 'upgrade-throttled', /HTTP 429/],
  ['503', 'location / { return 503; }', 'service-unavailable', /HTTP 503/],
  ['504', 'location / { return 504; }', 'backend-timeout', /HTTP 504/],
  ['418', 'location / { return 418; }', 'upgrade-unexpected-status', /HTTP 418/],
  [
    'a login page with status 200',
    `location / { auth_request /auth; error_page 401 =200 /login; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; return 401; }
     location = /login { default_type text/html; return 200 '<title>Sign in here</title>'; }`,
    'upgrade-ignored',
    /HTTP 200.*page "Sign in here"/,
  ],
  [
    'a redirect to https',
    'location / { return 301 https://$host$request_uri; }',
    'upgrade-to-https',
    /HTTP 301, Location: https:\/\/127\.0\.0\.1\/ws/,
  ],
  [
    'a redirect to the same path with a slash',
    'location /ws/ { proxy_pass http://127.0.0.1:1; }',
    'upgrade-moved',
    /for a client that is ws:\/\/127\.0\.0\.1:\d+\/ws\/$/,
  ],
  [
    'a redirect to another host',
    'location / { return 308 https://www.example.com$request_uri; }',
    'upgrade-moved',
    /for a client that is wss:\/\/www\.example\.com\/ws$/,
  ],
  [
    'a redirect with an empty address',
    `set $nothing "";
     location / { auth_request /auth; error_page 401 =302 $nothing; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; return 401; }`,
    'upgrade-redirected',
    /HTTP 302/,
  ],
  [
    'a redirect that oauth2-proxy’s documentation makes by mistake',
    `location / { auth_request /auth; error_page 401 =401; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; return 401; }`,
    'upgrade-redirected',
    /Location: =401/,
  ],
  [
    '502 since the application is not there',
    'location / { proxy_pass http://127.0.0.1:1; }',
    'backend-unreachable',
    /HTTP 502/,
  ],
  [
    '500 since the auth service is not there',
    `location / { auth_request /auth; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; proxy_pass http://127.0.0.1:1; }`,
    'auth-service-broken',
    /HTTP 500/,
  ],
  [
    '500 since the auth service answers a redirect',
    `location / { auth_request /auth; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; return 302 https://login.example.com/; }`,
    'auth-service-broken',
    /HTTP 500/,
  ],
  ['nothing, and closes', 'location / { return 444; }', 'closed-without-answer', /not a byte came/],
];

describe('a server that answers a handshake with', { concurrency: 4 }, () => {
  for (const [what, server, code, evidence] of answers) {
    test(`${what}: ${code}`, async (t) => {
      const { url } = await startPlainNginx(t, server);
      const report = await probe(url);
      assert.match(findingOf(report, code).evidence, evidence);
    });
  }
});

/** Proxies to a real WebSocket server with these lines, and probes. */
const proxied: readonly [what: string, lines: string, code: FindingCode, evidence: RegExp][] = [
  ['all that is needed', '1.1 $http_upgrade upgrade', 'upgrade-open-to-everyone', /HTTP 101/],
  [
    'no header of the upgrade',
    '1.1 - -',
    'upgrade-headers-missing',
    /^Upgrade is missing: HTTP 426/,
  ],
  ['Upgrade alone', '1.1 $http_upgrade -', 'upgrade-headers-missing', /^Upgrade is missing/],
];

describe('a proxy that passes on', { concurrency: 4 }, () => {
  for (const [what, lines, code, evidence] of proxied) {
    const [version = '', upgrade = '', connection = ''] = lines.split(' ');
    test(`${what}: ${code}`, async (t) => {
      const backend = await startEcho(t);
      const set = (name: string, value: string) =>
        value === '-' ? '' : `proxy_set_header ${name} ${value};`;
      const { url } = await startPlainNginx(
        t,
        `location / {
           proxy_http_version ${version}; ${set('Upgrade', upgrade)} ${set('Connection', connection)}
           proxy_pass http://127.0.0.1:${backend.port};
         }`,
      );
      const report = await probe(url);
      assert.match(findingOf(report, code).evidence, evidence);
    });
  }
});

test('an application that takes a handshake for a page load: upgrade-ignored', async (t) => {
  const backend = await startBackend();
  t.after(() => backend.close());
  const { url } = await startPlainNginx(
    t,
    `location / { proxy_pass http://127.0.0.1:${backend.port}; }`,
  );
  const { evidence } = findingOf(await probe(url), 'upgrade-ignored');
  assert.match(evidence, /HTTP 200/);
});

/** What servers of other makes write when a header is missing, and which one it is. */
const complaints: readonly [status: string, body: string, missing: string][] = [
  ['400 Bad Request', 'Missing or invalid Sec-WebSocket-Key header', 'Sec-WebSocket-Key'],
  ['400 Bad Request', 'Missing or invalid Sec-WebSocket-Version header', 'Sec-WebSocket-Version'],
  ['400 Bad Request', "'upgrade' token not found in 'Connection' header", 'Connection'],
  ['426 Upgrade Required', 'missing Connection header.', 'Connection'],
  ['400 Bad Request', 'Can "Upgrade" only to "WebSocket".', 'Upgrade'],
  ['426 Upgrade Required', '', 'Upgrade'],
];

describe('a WebSocket server that complains of', { concurrency: 4 }, () => {
  for (const [status, body, missing] of complaints) {
    test(`${status} ${body || '(no body)'}: ${missing} is missing`, async (t) => {
      const { url } = await startRawServer(t, (socket) =>
        socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      );
      const { evidence } = findingOf(await probe(url), 'upgrade-headers-missing');
      assert.ok(evidence.startsWith(`${missing} is missing: HTTP ${status.slice(0, 3)}`), evidence);
    });
  }

  test('something else: upgrade-bad-request, with its words', async (t) => {
    const { url } = await startRawServer(t, (socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n{"code":0,"message":"Transport unknown"}'),
    );
    assert.match(findingOf(await probe(url), 'upgrade-bad-request').evidence, /Transport unknown/);
  });
});

/** What a page load gets, and what is said of it. */
const pages: readonly [server: string, code: FindingCode][] = [
  ['return 302 https://login.example.com/?rd=x;', 'page-redirected'],
  ['return 401;', 'page-denied'],
  ['return 403;', 'page-denied'],
  ['return 404;', 'page-not-found'],
  ['return 200 hello;', 'page-open'],
  ['return 426;', 'page-wants-upgrade'],
  ['return 500;', 'page-error'],
];

describe('a page load that gets', { concurrency: 4 }, () => {
  for (const [line, code] of pages) {
    test(`"${line}": ${code}`, async (t) => {
      const { url } = await startPlainNginx(t, `location / { ${line} }`);
      assert.equal(reportCodes(await probe(url))[0], code);
    });
  }
});

test('a site with Postern and a login for pages has no fault', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const report = await probe(`${site.socketUrl}/ws`);
  assert.deepEqual(reportCodes(report), [
    'page-redirected',
    'upgrade-denied',
    'upgrade-h2c-refused',
  ]);
  assert.equal(report.worst, 'ok');
  assert.deepEqual(site.backend.seen, []);
});

test('Postern that is down is told from an application that is down', async (t) => {
  const port = await findFreePort();
  const site = await startSite(t, { gate: { kind: 'tcp', host: '127.0.0.1', port } });
  const { evidence } = findingOf(await probe(site.socketUrl), 'service-unavailable');
  assert.match(evidence, /HTTP 503.*retry-after: 5/);
});

test('a 403 for want of an Origin is told from one for everybody', async (t) => {
  const backend = await startEcho(t);
  const { url } = await startPlainNginx(
    t,
    `location / {
       if ($http_origin = "") { return 403; }
       proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
       proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:${backend.port};
     }`,
  );
  const report = await probe(url);
  assert.match(findingOf(report, 'upgrade-wants-origin').evidence, /with Origin http:.* HTTP 101/);
});

test('run on the server itself, a denial is about its self-check, and an open door is meant', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const denied = await probe(site.socketUrl, { fromServer: true });
  assert.match(findingOf(denied, 'self-check-refused').change ?? '', /networks\.trust/);
  const backend = await startEcho(t);
  const open = await probe(`ws://127.0.0.1:${backend.port}/`, { fromServer: true });
  assert.equal(open.worst, 'ok');
  findingOf(open, 'self-check-passes');
});

test('a trusted network lets the self-check of a server in', async (t) => {
  const chat = { hosts: ['127.0.0.1'], networks: { trust: ['loopback'] } };
  const postern = await startTestPostern(t, { env: { POSTERN_GATES: JSON.stringify({ chat }) } });
  const site = await startSite(t, postern);
  const report = await probe(`${site.socketUrl}/ws`, { fromServer: true });
  findingOf(report, 'self-check-passes');
  findingOf(report, 'ping-answered');
  assert.equal(report.worst, 'ok');
});

test('an open door is a warning, and a fault where a token was given', async (t) => {
  const backend = await startEcho(t);
  const url = `ws://127.0.0.1:${backend.port}/`;
  assert.equal(findingOf(await probe(url), 'upgrade-open-to-everyone').severity, 'warning');
  const guarded = await probe(url, { token: 'a-token-of-somebody' });
  assert.equal(findingOf(guarded, 'upgrade-open-without-token').severity, 'fault');
  assert.ok(!reportCodes(guarded).includes('token-accepted'), 'a token proves nothing there');
});

test('a page load without an answer does not keep the probe from the handshake', async (t) => {
  const { port } = await startSocketServer(t);
  const report = await probe(`ws://127.0.0.1:${port}/`, { timeout: 500 });
  assert.match(findingOf(report, 'page-error').evidence, /not a byte came/);
  findingOf(report, 'upgrade-open-to-everyone');
});

test('a 101 that no client takes is a fault', async (t) => {
  for (const [headers, words] of [
    ['', /Upgrade is absent/],
    ['Upgrade: websocket\r\n', /Connection is absent/],
    ['Upgrade: websocket\r\nConnection: upgrade\r\n', /Sec-WebSocket-Accept is absent/],
    [
      'Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: no\r\n',
      /does not fit the key/,
    ],
  ] as const) {
    const { url } = await startRawServer(t, (socket) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`),
    );
    const report = await probe(url, { timeout: 1_000 });
    assert.match(findingOf(report, 'upgrade-bad-accept').evidence, words);
  }
});
