import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FindingCode } from '../../../src/doctor/probe/catalog.ts';
import { limits, readAnswer } from '../../../src/doctor/probe/read-answer.ts';
import { findingOf, probe, reportCodes } from '../../../testkit/doctor/probe.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';

/** Writes the same again and again for as long as somebody reads. */
function pour(socket: Socket, text: string): void {
  while (socket.writable && socket.write(text));
  if (socket.writable) socket.once('drain', () => pour(socket, text));
}

/** What a server does with a request, and what is said of it. */
const deeds: readonly [
  what: string,
  serve: (socket: Socket, request: string) => void,
  code: FindingCode,
  evidence: RegExp,
][] = [
  [
    'sends headers without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      pour(socket, `X-Filler: ${'x'.repeat(1_000)}\r\n`);
    },
    'answer-too-large',
    /more than 65536 bytes/,
  ],
  [
    'sends a thousand short headers',
    (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(1_000)}\r\n`),
    'answer-not-http',
    /1000 header lines/,
  ],
  [
    'drips its head',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      const drip = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drip));
    },
    'no-answer',
    /bytes came, but no complete head/,
  ],
  ['says nothing', () => {}, 'no-answer', /not a byte came/],
  [
    'sends garbage',
    (socket) => socket.end('\u0000\u0001\u0002 garbage'),
    'answer-not-http',
    /begins with/,
  ],
  ['speaks SSH', (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'), 'answer-not-http', /SSH-2/],
  [
    'closes in the middle',
    (socket) => socket.end('HTTP/1.1 40'),
    'closed-without-answer',
    /11 bytes came/,
  ],
  ['resets', (socket) => void socket.resetAndDestroy(), 'closed-without-answer', /./],
  [
    'says "continue" without end',
    (socket) => pour(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
    'answer-too-large',
    /interim/,
  ],
  [
    'sends a body without end',
    (socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n');
      pour(socket, 'x'.repeat(10_000));
    },
    'upgrade-not-found',
    /HTTP 404, content.*|HTTP 404, "x+/,
  ],
  [
    'drips its body',
    (socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
      const drip = setInterval(() => socket.write('1\r\nx\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    },
    'upgrade-not-found',
    /HTTP 404, "abcx*"/,
  ],
  [
    'sends a chunk size that is none',
    (socket) =>
      socket.end('HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc'),
    'upgrade-not-found',
    /HTTP 404/,
  ],
  [
    'folds a header',
    (socket) => socket.end('HTTP/1.1 401 No\r\nA: b\r\n c\r\n\r\n'),
    'answer-not-http',
    /header line has no name/,
  ],
];

describe('a server that', { concurrency: 4 }, () => {
  for (const [what, serve, code, evidence] of deeds) {
    test(`${what}: ${code}`, async (t) => {
      const { url } = await startRawServer(t, serve);
      const report = await probe(url, { timeout: 1_500 });
      assert.match(findingOf(report, code).evidence, evidence);
    });
  }

  test('sends control characters has them shown, not obeyed', async (t) => {
    const { url } = await startRawServer(t, (socket) =>
      socket.end(
        'HTTP/1.1 404 Not Found\r\nServer: \u001b[31mred\u0007\r\n\r\n\u001b]0;title\u0007',
      ),
    );
    const text = JSON.stringify(await probe(url));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get out.
    assert.doesNotMatch(JSON.parse(`[${text}]`)[0].findings[1].evidence, /[\u0000-\u001f]/);
  });

  test('echoes secrets, whole or in part, in any place, has them masked', async (t) => {
    const token = 'pst_0123456789abcdefghijklmnopqrstuvwxyz';
    const cookie = 'session=s3cr3t-c00kie-value-1234';
    const ticket = 'tkt/with+odd=characters&more-of-them';
    const inAddress = 'address-secret-987654';
    const { url } = await startRawServer(t, (socket, request) => {
      const all = Buffer.from(request, 'latin1');
      const echo = [
        ...[request, decodeURIComponent(request.split(' ')[1] ?? '')],
        ...[all.toString('base64'), token.slice(3, 25), token.toUpperCase()],
        ...[encodeURIComponent(ticket), Buffer.from(token).toString('base64url')],
      ];
      const line = echo.join(' ').replace(/[\r\n]+/g, ' ');
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nServer: ${line}\r\nWWW-Authenticate: ${line}\r\n` +
          `Set-Cookie: echoed=${line}\r\n\r\n<title>${line}</title>${line}`,
      );
    });
    const address = `${url}?token=${inAddress}&room=1`;
    const report = await probe(address, { token, cookie, ticket, gateReason: true });
    const text = JSON.stringify(report).toLowerCase();
    const parts = [token, cookie.slice(8), ticket, inAddress].flatMap((secret) =>
      Array.from({ length: secret.length - 7 }, (_, i) => secret.slice(i, i + 8).toLowerCase()),
    );
    assert.deepEqual(
      parts.filter((part) => text.includes(part)),
      [],
    );
    assert.match(text, /token=…&room=…/);
  });

  test('sends a body without end is left after its beginning', async (t) => {
    const sockets: Socket[] = [];
    const { url } = await startRawServer(t, (socket) => {
      sockets.push(socket);
      socket.write('HTTP/1.1 404 Not Found\r\n\r\n');
      pour(socket, 'x'.repeat(10_000));
    });
    await probe(url);
    // What the kernel holds on its way is not read; a second of reading would be far more.
    for (const { bytesWritten } of sockets) assert.ok(bytesWritten < 12e6, String(bytesWritten));
  });

  test('redirects is not followed, and nobody else is asked', async (t) => {
    const other = await startRawServer(t, (socket) => socket.end());
    const { url } = await startRawServer(t, (socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${other.url.replace('ws', 'http')}\r\n\r\n`),
    );
    await probe(url, { token: 'some-token-or-other' });
    assert.equal(other.connections(), 0);
  });

  test('is asked a bounded number of times, whatever is to be found out', async (t) => {
    const { url, connections } = await startRawServer(t, (socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
    );
    const report = await probe(url, {
      ...{ token: 'some-token-or-other', cookie: 'a=bcdefgh', ticket: 'a-ticket-or-other' },
      ...{ protocols: ['a', 'b'], gateReason: true, idle: 1_000, frame: 1_000 },
    });
    assert.ok(report.requests <= 25, String(report.requests));
    assert.ok(connections() <= report.requests + 5);
    assert.ok(reportCodes(report).includes('token-refused'));
  });
});

test('whatever bytes come, in whatever pieces, there is one outcome of known shape', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 ',
      '101',
      '200 OK',
      '\r\n',
      '\r\n\r\n',
      'a: b',
      ':',
      ' ',
      '0\r\n\r\n',
    ),
    fc.constantFrom('Transfer-Encoding: chunked\r\n', 'Content-Length: 3\r\n', 'ff\r\n', '\n'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const property = fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
    const stream = new PassThrough();
    const outcome = readAnswer(stream, 1_000);
    for (const text of pieces) stream.write(Buffer.from(text, 'latin1'));
    stream.end();
    const result = await outcome;
    assert.ok(stream.destroyed);
    if (result.kind === 'failed') return;
    const { status, headers, body } = result.answer;
    assert.ok(status === 101 || (status >= 200 && status < 600));
    assert.ok(headers.length <= limits.headers);
    assert.ok(Buffer.byteLength(body) <= 3 * limits.body);
  });
  await fc.assert(property, { numRuns: 300 });
});
