import { PassThrough } from 'node:stream';
import { headerOf } from '../../src/doctor/probe/answer.ts';
import { limits, readAnswer } from '../../src/doctor/probe/read-answer.ts';
import { expect, type Target } from '../target.ts';

const pieces = [
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.0 302 Found',
    'HTTP/1.1 100 C',
  ],
  ...[
    'HTTP/1.1 401',
    'HTTP/2 200',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Location: /',
  ],
  ...[
    '5',
    'hello',
    '0',
    'ffffff',
    '5;x',
    'Content-Length: -1',
    'no colon',
    ': x',
    'A: b',
    '\u0000',
  ],
];

/** What a server sends to the doctor. A line `--` stands for the end of what comes at once. */
export const answer: Target = {
  seeds: [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\u0081\u0000',
    'HTTP/1.1 4\n--\n01 U\r\n\r\n',
    '\u0015\u0003\u0001',
    '',
  ],
  words: [...pieces, '\r\n', '\r\n\r\n', '\n--\n', ': '],
  longest: 131_072,
  generate: (random) =>
    Array.from({ length: 1 + random.below(9) }, () => random.pick(pieces)).join(
      random.pick(['\r\n', '\r\n', '\n', '\r\n\r\n']),
    ),
  async run(text) {
    const connection = new PassThrough();
    const reading = readAnswer(connection, 60_000);
    for (const part of text.split('\n--\n')) connection.write(Buffer.from(part, 'latin1'));
    connection.end();
    const outcome = await reading;
    expect(connection.destroyed, 'the connection is given up');
    if (outcome.kind === 'failed') return outcome.code;
    const { answer: read } = outcome;
    const isFinal = read.status >= 200 || read.status === 101;
    expect(isFinal && read.status < 600, 'an answer is final', read.status);
    expect(read.headers.length <= limits.headers, 'an answer is bounded');
    expect(read.body.length <= limits.body, 'a body is bounded', read.body.length);
    for (const [name, value] of read.headers) {
      expect(name === name.toLowerCase(), 'names are in lower case', name);
      expect(!/[\r\n\0]/.test(value), 'a value is one line', value);
      expect(headerOf(read, name) !== undefined, 'a header is found by its name', name);
    }
    return `${Math.floor(read.status / 100)}xx`;
  },
};
