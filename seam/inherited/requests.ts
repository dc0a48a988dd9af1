import { connect } from 'node:net';

/** What the auth service is to say of a request, as its cookie has it. */
export const denyingVerdicts = ['401', '403', 'throttled', '500', '302', '503'] as const;
export type Verdict = 'allow' | (typeof denyingVerdicts)[number];

/** A request of a case. */
export interface Request {
  readonly kind: 'handshake' | 'page' | 'file' | 'post' | 'upload' | 'chunked' | 'lie' | 'sign-in';
  readonly verdict: Verdict;
}

/** What came back. */
export interface Response {
  /** 0 where there was none. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Size of what is uploaded. */
export const uploadSize = 2 * 1024 * 1024;

/** A second question, as a body. */
const smuggled = 'GET /auth HTTP/1.1\r\nHost: app.test\r\nX-Smuggled: yes\r\n\r\n';

/** The bytes of a request; `id` finds it again wherever it arrives. */
export function renderRequest({ kind, verdict }: Request, host: string, id: string, old: boolean) {
  const path = kind === 'file' ? `/files/secret.txt?${id}` : `/p/${id}`;
  const head = (method: string, lines: readonly string[] = [], target = path) =>
    [
      `${method} ${target} HTTP/1.1`,
      `Host: ${host}`,
      `X-Case: ${id}`,
      `Cookie: verdict=${verdict}`,
      'X-Smuggle: GET /auth HTTP/1.1',
      ...(old ? ['User-Agent: Mozilla/4.0 (compatible; MSIE 6.0)', 'Range: bytes=0-3'] : []),
      ...lines,
      '',
      '',
    ].join('\r\n');
  const close = 'Connection: close';
  switch (kind) {
    case 'handshake':
      return head('GET', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ]);
    case 'page':
    case 'file':
      return head('GET', [close]);
    case 'post':
      return head('POST', [close, `Content-Length: ${smuggled.length}`]) + smuggled;
    case 'upload':
      return head('POST', [close, `Content-Length: ${uploadSize}`]) + 'x'.repeat(uploadSize);
    case 'chunked':
      return `${head('POST', [close, 'Transfer-Encoding: chunked'])}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
    case 'lie':
      return `${head('POST', ['Content-Length: 40000'])}short`;
    case 'sign-in': {
      const body = JSON.stringify({ token: id });
      const lines = [close, 'Content-Type: application/json', `Content-Length: ${body.length}`];
      return head('POST', lines, '/.postern/session') + body;
    }
  }
}

/** Sends it, and resolves with the answer when it is complete, has switched protocols, or takes too long. */
export function send(port: number, text: string, patience: number): Promise<Response> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (isComplete(answer)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      const { head, body } = split(answer);
      resolve({ status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0), head, body });
    });
  });
}

function split(answer: string) {
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return { head: answer, body: '' };
  return { head: answer.slice(0, end), body: answer.slice(end + 4) };
}

function isComplete(answer: string): boolean {
  const { head, body } = split(answer);
  if (head.length === answer.length) return false;
  if (/^HTTP\/1\.1 (?:101|204|304)/.test(head)) return true;
  const length = /\r\nContent-Length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length);
  return /\r\nTransfer-Encoding: chunked/i.test(head) && body.endsWith('0\r\n\r\n');
}
