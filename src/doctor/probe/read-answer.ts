import type { Duplex } from 'node:stream';
import { isHttpToken } from '../../lib/http-token.ts';
import { type Answer, headerOf, type Outcome, type ReadFailure } from './answer.ts';

/** Bytes of a head, headers of it, and bytes of a body that are looked at. */
export const limits = { head: 65_536, headers: 200, body: 16_384 } as const;

/** Answers such as "100 Continue" that may come before the one that counts. */
const maxInterim = 8;

/** Milliseconds that a body may take after its head: only its beginning is of interest. */
const bodyTimeoutMs = 1_000;

/**
 * Reads one answer (RFC 9112) from a connection and destroys the connection. Strict about the head,
 * bounded in bytes and by `deadline` (milliseconds from now) whatever the server sends.
 */
export function readAnswer(connection: Duplex, deadline: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const head = Buffer.allocUnsafe(limits.head + 65_536);
    let length = 0;
    let interim = 0;
    let body: { answer: Answer; bytes: Buffer[]; size: number } | undefined;
    let timer = setTimeout(() => fail('no-answer', progress()), deadline);

    const progress = () =>
      length === 0 ? 'not a byte came' : `${length} bytes came, but no complete head`;
    const done = (outcome: Outcome) => {
      clearTimeout(timer);
      connection.removeListener('data', onData);
      connection.on('error', () => {});
      connection.destroy();
      resolve(outcome);
    };
    const fail = (code: ReadFailure, detail: string) => done({ kind: 'failed', code, detail });
    const finish = () => {
      if (body === undefined) return fail('closed-without-answer', progress());
      const { answer, bytes } = body;
      const raw = Buffer.concat(bytes);
      const plain = isChunked(answer) ? joinChunks(raw) : raw;
      const text = plain.subarray(0, limits.body).toString('utf8');
      done({ kind: 'answer', answer: { ...answer, body: text } });
    };
    const onBody = (chunk: Buffer) => {
      if (body === undefined) return;
      body.bytes.push(chunk);
      body.size += chunk.length;
      const { answer, size } = body;
      const expected = Number(headerOf(answer, 'content-length') ?? Number.NaN);
      const isComplete = isChunked(answer)
        ? /(?:^|\r\n)0\r\n/.test(Buffer.concat(body.bytes).toString('latin1'))
        : size >= expected;
      if (hasNoBody(answer) || isComplete || size >= limits.body) finish();
    };
    const onHead = (chunk: Buffer) => {
      const from = Math.max(0, length - 3);
      length += chunk.copy(head, length);
      for (let start = from; ; start = 0) {
        const end = head.subarray(0, length).indexOf('\r\n\r\n', start);
        if (end > limits.head || (end === -1 && length > limits.head)) {
          return fail('answer-too-large', `more than ${limits.head} bytes of headers came`);
        }
        if (end === -1) {
          const early = detectNonHttp(head.subarray(0, length));
          return early === undefined ? undefined : fail('answer-not-http', early);
        }
        const answer = parseHead(head.toString('latin1', 0, end));
        if (typeof answer === 'string') return fail('answer-not-http', answer);
        head.copyWithin(0, end + 4, length);
        length -= end + 4;
        // "100 Continue", "103 Early Hints": the answer is still to come.
        if (answer.status < 200 && answer.status !== 101) {
          if (++interim <= maxInterim) continue;
          return fail('answer-too-large', `more than ${maxInterim} interim answers came`);
        }
        body = { answer, bytes: [], size: 0 };
        clearTimeout(timer);
        timer = setTimeout(finish, Math.min(bodyTimeoutMs, deadline));
        return onBody(Buffer.from(head.subarray(0, length)));
      }
    };
    const onData = (chunk: Buffer) => (body === undefined ? onHead(chunk) : onBody(chunk));

    connection.on('data', onData);
    connection.on('error', finish);
    connection.on('end', finish);
    connection.on('close', finish);
  });
}

/** What cannot become a status line any more, in words. */
function detectNonHttp(bytes: Buffer): string | undefined {
  // A SETTINGS frame (RFC 9113, section 6.5) on stream 0 is what an HTTP/2 server says first.
  if (bytes.length >= 9 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0) {
    return 'it begins with an HTTP/2 SETTINGS frame';
  }
  if (bytes[0] === 0x15 && bytes[1] === 3) return 'it begins with a TLS alert';
  const start = 'HTTP/1.';
  const begun = bytes.toString('latin1', 0, start.length);
  return start.startsWith(begun) ? undefined : `it begins with ${JSON.stringify(begun)}`;
}

/** The head of an answer, or what is wrong with it. */
function parseHead(text: string): Answer | string {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, status, reason = ''] =
    /^HTTP\/1\.[01] ([1-5]\d\d)(?: ([^\r\n]*))?$/.exec(statusLine) ?? [];
  if (status === undefined) return `its first line is ${JSON.stringify(statusLine.slice(0, 80))}`;
  if (lines.length > limits.headers) return `it has ${lines.length} header lines`;
  const headers: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon === -1 || !isHttpToken(name) || /[\r\n\0]/.test(line)) {
      return `a header line has no name: ${JSON.stringify(line.slice(0, 80))}`;
    }
    headers.push([name.toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return { status: Number(status), reason, headers, body: '' };
}

function hasNoBody({ status }: Answer): boolean {
  return status === 101 || status === 204 || status === 304;
}

function isChunked(answer: Answer): boolean {
  return headerOf(answer, 'transfer-encoding')?.toLowerCase() === 'chunked';
}

/** The data of complete chunks (RFC 9112, section 7.1), and of the last one as far as it came. */
function joinChunks(raw: Buffer): Buffer {
  const data: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf('\r\n', at);
    const size = /^([0-9a-f]{1,6})(?:;|$)/i.exec(raw.toString('latin1', at, end))?.[1];
    if (end === -1 || size === undefined) break;
    const length = Number.parseInt(size, 16);
    data.push(raw.subarray(end + 2, end + 2 + length));
    if (length === 0) break;
    at = end + 2 + length + 2;
  }
  return Buffer.concat(data);
}
