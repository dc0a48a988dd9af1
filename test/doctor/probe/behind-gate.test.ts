import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import type { FindingCode } from '../../../src/doctor/probe/catalog.ts';
import type { Speaker } from '../../../src/doctor/probe/speaker.ts';
import { findingOf, probe, reportCodes, startEcho } from '../../../testkit/doctor/probe.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import {
  type PythonApplication,
  startNodeApplication,
  startPythonApplication,
} from '../../../testkit/servers/applications/index.ts';

/** An application behind Postern and nginx. `lines` replace those that pass on the upgrade. */
async function startBehindGate(t: TestContext, port: number, lines?: string, program?: string) {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    ...(program !== undefined && { program }),
    locations: (_, include) => `
      location / {
        ${include('postern-location.conf')}
        ${lines ?? include('postern-proxy.conf')}
        proxy_pass http://127.0.0.1:${port};
      }`,
  });
  const { token } = await postern.issue();
  return { url: `${site.socketUrl}/ws`, token };
}

/** The application refuses a handshake that the gate has admitted: nobody blames the credential. */
async function assertRefused(
  { url, token }: { url: string; token: string },
  code: FindingCode,
  evidence: RegExp,
  speaker?: Speaker,
) {
  const report = await probe(url, { token });
  const found = findingOf(report, code);
  assert.equal(reportCodes(report).filter((one) => one === code).length, 1, 'told once');
  assert.ok(report.requests <= 25, `${report.requests} requests`);
  assert.match(found.evidence, evidence);
  assert.equal(found.speaker, speaker);
  assert.match(findingOf(report, 'gate-admits').evidence, /^no credential HTTP 401; query HTTP/);
  const blamed = ['token-refused', 'token-refused-in-some-ways', 'credential-not-tested'] as const;
  for (const other of blamed) assert.ok(!reportCodes(report).includes(other), other);
  assert.ok(!JSON.stringify(report).includes(token));
  return report;
}

const upgrade = (host: string) => `
  proxy_http_version 1.1; proxy_set_header Host ${host};
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`;

/** What real frameworks say once the gate has said yes. */
const frameworks: readonly [
  what: string,
  kind: PythonApplication,
  lines: string | undefined,
  code: FindingCode,
  evidence: RegExp,
][] = [
  [
    'Tornado that gets another Host than the page has',
    'tornado',
    upgrade('app.internal'),
    'application-refused-origin',
    /HTTP 403, .*"Cross origin websockets not allowed"/,
  ],
  [
    'Tornado without the upgrade headers',
    'tornado',
    'proxy_http_version 1.1;',
    'upgrade-headers-missing',
    /^Upgrade is missing: with query HTTP 400.*Can "Upgrade" only to "WebSocket"/,
  ],
  [
    'Tornado with Upgrade and without Connection',
    'tornado',
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;',
    'upgrade-headers-missing',
    /^Connection is missing: with query HTTP 400/,
  ],
  [
    'Django with DEBUG, that gets a Host it does not know',
    'django-debug',
    undefined,
    'application-refused-host',
    /HTTP 400.*DisallowedHost/,
  ],
  [
    'Django in production, that gets a Host it does not know',
    'django-production',
    undefined,
    'application-refused-host',
    /HTTP 400/,
  ],
  [
    'websockets with another origin than the page has',
    'websockets',
    undefined,
    'application-refused-origin',
    /HTTP 403.*invalid Origin header/,
  ],
  [
    'websockets that is asked in HTTP/1.0',
    'websockets',
    'proxy_http_version 1.0; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;',
    'upgrade-headers-missing',
    /^HTTP\/1\.1 is missing: with query HTTP 505/,
  ],
  [
    'an ASGI application that closes before it accepts',
    'uvicorn',
    undefined,
    'application-refused',
    /with query HTTP 403/,
  ],
];

/** What handlers of Node.js answer, to pages and to handshakes. */
const answers: readonly [
  what: string,
  page: RequestListener,
  handshake: ((socket: Duplex) => void) | undefined,
  code: FindingCode,
  evidence: RegExp,
  speaker: Speaker,
][] = [
  [
    'a page',
    (_, response) => response.end('hello'),
    undefined,
    'upgrade-ignored',
    /with query HTTP 200/,
    'application',
  ],
  [
    'an error of its own',
    (_, response) => response.writeHead(500).end('sorry'),
    undefined,
    'application-refused',
    /with query HTTP 500, .*"sorry"/,
    'application',
  ],
  [
    '400 without a word',
    (_, response) => response.writeHead(400).end(),
    undefined,
    'application-refused',
    /with query HTTP 400/,
    'application',
  ],
  [
    'a redirect to a login of its own',
    (_, response) => response.writeHead(302, { Location: '/users/sign_in' }).end(),
    undefined,
    'application-wants-login',
    /Location: \S*\/users\/sign_in/,
    'application',
  ],
  [
    'nothing to a handshake, and a page to a page load',
    (_, response) => response.end('hello'),
    (socket) => void socket.destroy(),
    'application-drops-upgrade',
    /^page HTTP 200, with query HTTP 502/,
    'nginx',
  ],
  [
    'a 101 without Upgrade',
    (_, response) => response.end('hello'),
    (socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n'),
    'upgrade-bad-accept',
    /with query HTTP 101, but Upgrade is absent/,
    'application',
  ],
];

for (const { name, program } of nginxPrograms) {
  describe(`after the gate has said yes, over nginx ${name},`, { concurrency: 2 }, () => {
    for (const [what, kind, lines, code, evidence] of frameworks) {
      test(`${what}: ${code}`, async (t) => {
        const port = await startPythonApplication(t, kind);
        const site = await startBehindGate(t, port, lines, program);
        await assertRefused(site, code, evidence, 'application');
      });
    }

    for (const [what, page, handshake, code, evidence, speaker] of answers) {
      test(`an application that answers ${what}: ${code}`, async (t) => {
        const port = await startNodeApplication(t, page, handshake);
        const site = await startBehindGate(t, port, undefined, program);
        await assertRefused(site, code, evidence, speaker);
      });
    }
  });
}

describe('after the gate has said yes,', { concurrency: 2 }, () => {
  test('an origin that is sent beside the token and that the application refuses is told by leaving it out', async (t) => {
    const echo = await startEcho(t, {
      verifyClient: ({ origin }, done) => done(origin === undefined, 403, 'no'),
    });
    const site = await startBehindGate(t, echo.port);
    const report = await assertRefused(
      site,
      'application-refused-origin',
      /^with Origin http:\S+ HTTP 403, without Origin HTTP 101$/,
      'application',
    );
    findingOf(report, 'ping-answered');
  });

  test('a 401 in the application’s own words is not the gate’s', async (t) => {
    const echo = await startEcho(t, { verifyClient: () => false });
    const site = await startBehindGate(t, echo.port);
    await assertRefused(site, 'application-refused', /HTTP 401, .*"Unauthorized"/, 'application');
  });

  test('an application that is not there: backend-unreachable', async (t) => {
    const site = await startBehindGate(t, 1);
    await assertRefused(site, 'backend-unreachable', /with query HTTP 502/, 'nginx');
  });

  test('a cookie and a ticket are not blamed either', async (t) => {
    const port = await startPythonApplication(t, 'uvicorn');
    const { url, token } = await startBehindGate(t, port);
    const withCookie = await probe(url, { cookie: `postern_token=${token}` });
    findingOf(withCookie, 'gate-admits');
    assert.ok(!reportCodes(withCookie).includes('cookie-refused'));
    const withTicket = await probe(url, { ticket: token });
    findingOf(withTicket, 'application-refused');
    assert.ok(!reportCodes(withTicket).includes('ticket-refused'));
  });

  test('an application that wants its subprotocol gets it with the first handshake', async (t) => {
    const echo = await startEcho(t, {
      handleProtocols: (names) => names.has('mqtt') && 'mqtt',
      verifyClient: ({ req }, done) =>
        done(/\bmqtt\b/.test(req.headers['sec-websocket-protocol'] ?? ''), 400, 'no mqtt'),
    });
    const { url, token } = await startBehindGate(t, echo.port);
    const report = await probe(url, { token, protocols: ['mqtt'] });
    findingOf(report, 'token-accepted');
    assert.match(findingOf(report, 'subprotocol-confirmed').evidence, /got (?:mqtt|postern)$/);
    findingOf(report, 'ping-answered');
  });
});
