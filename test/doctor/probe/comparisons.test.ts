import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findingOf, probe, reportCodes, startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { startNodeApplication } from '../../../testkit/servers/applications/index.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';

const upgrade = (host: string) => `
  proxy_http_version 1.1; proxy_set_header Host ${host};
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`;

test('nothing is said about a credential where the handshake fails without one in the same way', async (t) => {
  const { url } = await startPlainNginx(t, 'location / { proxy_pass http://127.0.0.1:1; }');
  const report = await probe(url, {
    token: 'a-token-of-somebody',
    cookie: 'session=of-somebody',
    ticket: 'a-ticket-of-somebody',
  });
  assert.equal(reportCodes(report).filter((code) => code === 'credential-not-tested').length, 3);
  const blamed = ['token-refused', 'cookie-refused', 'ticket-refused'];
  assert.ok(!reportCodes(report).some((code) => blamed.includes(code)));
});

test('a gate that cannot tell now says nothing about the credential either', async (t) => {
  for (const [status, code] of [
    [503, 'service-unavailable'],
    [429, 'upgrade-throttled'],
  ] as const) {
    const { url } = await startRawServer(t, (socket, request) => {
      const answer = /^(?:authorization|cookie):|token/im.test(request) ? status : 401;
      socket.end(`HTTP/1.1 ${answer} x\r\nContent-Length: 0\r\n\r\n`);
    });
    const report = await probe(url, { token: 'a-token-of-somebody', cookie: 'a=of-somebody' });
    assert.match(findingOf(report, code).evidence, new RegExp(`with query HTTP ${status}`));
    const blamed = ['token-refused', 'cookie-refused', 'gate-admits', 'credential-not-tested'];
    assert.ok(!reportCodes(report).some((one) => blamed.includes(one)), reportCodes(report).join());
  }
});

describe('what a page load tells of a handshake that fails:', { concurrency: 2 }, () => {
  test('an application that drops handshakes is told from one that is not there', async (t) => {
    const port = await startNodeApplication(
      t,
      (_, response) => response.end('hello'),
      (socket) => void socket.destroy(),
    );
    const proxy = (to: number) =>
      `location / { ${upgrade('$http_host')} proxy_pass http://127.0.0.1:${to}; }`;
    const { url } = await startPlainNginx(t, proxy(port));
    const { evidence, speaker } = findingOf(await probe(url), 'application-drops-upgrade');
    assert.match(evidence, /^page HTTP 200, handshake HTTP 502/);
    assert.equal(speaker, 'nginx');
  });

  test('an auth service that takes the subrequest for a handshake is told from one that is away', async (t) => {
    // A WebSocket server on the port of the auth service sees the client's own upgrade headers.
    const auth = await startNodeApplication(
      t,
      (_, response) => response.writeHead(401).end(),
      (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    );
    const { url } = await startPlainNginx(
      t,
      `location / { auth_request /auth; proxy_pass http://127.0.0.1:1; }
       location = /auth { internal; ${upgrade('$http_host')} proxy_pass http://127.0.0.1:${auth}; }`,
    );
    const { evidence, speaker, change } = findingOf(await probe(url), 'auth-fails-on-upgrade');
    assert.match(evidence, /^page HTTP 401, handshake HTTP 500/);
    assert.equal(speaker, 'nginx');
    assert.match(change ?? '', /proxy_set_header Upgrade ""/);
  });
});

describe('a request that is too long for a buffer', { concurrency: 2 }, () => {
  const token = `eyJ.${'x'.repeat(9_000)}.sig`;

  test('is told, with the buffer of nginx, and is no fault of the credential', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 401; }');
    const report = await probe(url, { token });
    const { evidence, change } = findingOf(report, 'request-headers-too-large');
    assert.match(evidence, /with query HTTP 414/);
    assert.match(change ?? '', /large_client_header_buffers 4 32k/);
    assert.match(findingOf(report, 'token-long').evidence, /^it has 9008 characters$/);
    assert.ok(!reportCodes(report).includes('token-refused'));
  });

  test('is told of the application as well, once nginx takes it', async (t) => {
    const port = await startNodeApplication(t, (_, response) => response.writeHead(401).end());
    const { url } = await startPlainNginx(
      t,
      `large_client_header_buffers 4 32k;
       location / { proxy_pass http://127.0.0.1:${port}; }`,
    );
    const report = await probe(url, { token: 'y'.repeat(17_000) });
    assert.match(findingOf(report, 'request-headers-too-large').evidence, /HTTP 431/);
  });

  test('of many cookies is told by the words of the page', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 401; }');
    const report = await probe(url, { cookie: `session=${'z'.repeat(9_000)}` });
    assert.match(
      findingOf(report, 'request-headers-too-large').evidence,
      /HTTP 400.*Request Header Or Cookie Too Large/,
    );
  });
});
