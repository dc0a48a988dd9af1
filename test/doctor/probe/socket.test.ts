import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import {
  findingOf,
  probe,
  reportCodes,
  startEcho,
  startPlainNginx,
} from '../../../testkit/doctor/probe.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';

/** An echo server behind nginx, with these lines in its location. */
async function startBehindNginx(t: TestContext, lines: string) {
  const echo = await startEcho(t);
  const { url } = await startPlainNginx(
    t,
    `location / {
       proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
       proxy_set_header Connection upgrade; ${lines}
       proxy_pass http://127.0.0.1:${echo.port};
     }`,
  );
  return { echo, url };
}

/** Agrees to a handshake, and nothing more. */
function agree(socket: Socket, request: string): void {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1];
  if (key === undefined) {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

describe('an open socket', { concurrency: 4 }, () => {
  test('that is silent for longer than proxy_read_timeout is cut, and it is told after how long', async (t) => {
    const { url } = await startBehindNginx(t, 'proxy_read_timeout 1s;');
    const report = await probe(url, { idle: 60_000 });
    const { evidence, change } = findingOf(report, 'idle-cut');
    assert.match(evidence, /^close code 1006 after \d+ s$/);
    assert.match(change ?? '', /proxy_read_timeout 1d;/);
  });

  test('that is kept survives, and what the server sends meanwhile is counted', async (t) => {
    const { echo, url } = await startBehindNginx(t, '');
    echo.webSockets.on('connection', (socket) => {
      // The last thing the probe asks before it falls silent.
      socket.on('ping', () => socket.send('news'));
    });
    const report = await probe(url, { idle: 300 });
    const { evidence } = findingOf(report, 'idle-survived');
    assert.match(evidence, /^open for 0 s(; the server sent 1 messages or pings meanwhile)?$/);
  });

  test('takes a large message', async (t) => {
    const { url } = await startBehindNginx(t, '');
    const report = await probe(url, { frame: 200_000 });
    assert.match(findingOf(report, 'large-frame-passed').evidence, /200000 bytes.*pong behind it/);
  });

  test('whose application limits messages says so, with the close code', async (t) => {
    const echo = await startEcho(t, { maxPayload: 65_536 });
    const report = await probe(`ws://127.0.0.1:${echo.port}/`, { frame: 200_000 });
    assert.match(findingOf(report, 'large-frame-refused').evidence, /close code 1009/);
  });

  test('that is closed by the application at once says so, with its words', async (t) => {
    const echo = await startEcho(t);
    echo.webSockets.on('connection', (socket) => socket.close(4_401, 'sign in first'));
    const report = await probe(`ws://127.0.0.1:${echo.port}/`);
    assert.match(findingOf(report, 'socket-closed').evidence, /close code 4401, sign in first/);
  });

  test('that answers no ping is a fault', async (t) => {
    const { url } = await startRawServer(t, agree);
    const report = await probe(url, { timeout: 500 });
    assert.match(findingOf(report, 'ping-unanswered').evidence, /no pong within 0\.5 s/);
  });

  test('that sends garbage is closed, and the probe ends', async (t) => {
    const { url } = await startRawServer(t, (socket, request) => {
      agree(socket, request);
      socket.write(Buffer.alloc(1_000, 0xff));
    });
    findingOf(await probe(url), 'socket-closed');
  });

  test('that floods is cut off by the probe', async (t) => {
    const echo = await startEcho(t);
    const chunk = Buffer.alloc(1 << 19);
    echo.webSockets.on('connection', (socket) => {
      const flood = () => socket.readyState === socket.OPEN && socket.send(chunk, flood);
      flood();
    });
    const report = await probe(`ws://127.0.0.1:${echo.port}/`, { idle: 600_000 });
    assert.match(
      report.findings.map(({ evidence }) => evidence).join('\n'),
      /more than 16777216 bytes came/,
    );
    assert.ok(!reportCodes(report).includes('idle-survived'));
  });
});
