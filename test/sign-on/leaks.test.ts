import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSecret, tokenPrefix } from '../../src/lib/secret.ts';
import { startRawServer } from '../../testkit/servers/raw-server.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { openBridge } from './fixture.ts';

const own = createSecret(tokenPrefix);
const planted = {
  path: '/board',
  query: `token=${own}&a=1&to%6ben=S3cret-query`,
  cookie: `postern_token=${own}; other=S3cret-other; tinyauth-session-1a=S3cret-session; tinyauth-session-2=${own}`,
  subprotocols: `postern, postern.token.${own}`,
  origin: 'https://S3cret-origin.example',
};

test('of everything secret the service gets its session and no more', async (t) => {
  const server = await startAnswering(t, (_question, response) => {
    response.writeHead(200, { 'remote-user': 'alice' }).end();
  });
  for (const headers of ['original', 'forwarded'] as const) {
    const bridge = openBridge(t, { url: server.url, headers });
    for (const authorization of [
      `Bearer ${own}`,
      `Basic ${Buffer.from(`alice:${own}`).toString('base64')}`,
    ]) {
      await bridge.about(planted, 0, authorization);
      const { path, rawHeaders } = server.last();
      const sent = [path, ...rawHeaders].join('\n');
      assert.ok(sent.includes('tinyauth-session-1a=S3cret-session'));
      assert.doesNotMatch(sent.replace('S3cret-session', ''), /S3cret|pst_|Basic|Bearer|postern/i);
    }
  }
});

test('whatever goes wrong, no word of it holds a secret of the question or of the answer', async (t) => {
  const answers = [
    ...[302, 400, 401, 403, 404, 500].map(
      (status) =>
        `HTTP/1.1 ${status} S3cret-reason\r\nLocation: javascript:S3cret-answer\r\nContent-Length: 12\r\n\r\nS3cret-answe`,
    ),
    'HTTP/1.1 200 OK\r\nRemote-User: S3cret\x01answer\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nRemote-User: S3cret\xffanswer\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nS3cret answer\r\n\r\n',
    'S3cret-answer\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: S3cret-answer\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'S3cret'.repeat(10_000)}\r\n\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nS3cret-answer',
  ];
  for (const answer of answers) {
    const { url } = await startRawServer(
      t,
      (socket) => {
        socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')));
      },
      { immediately: true },
    );
    const bridge = openBridge(t, { url });
    const found = await bridge.about(planted, 0, 'Bearer S3cret-bearer');
    assert.equal('verdict' in found && found.verdict, 'deny', answer.slice(0, 40));
    assert.doesNotMatch(JSON.stringify([found, bridge.reports]), /S3cret|pst_/);
  }
});
