import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; several lines of one name are joined by a line feed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends bytes as they are, which a client library would tidy, and resolves with the first answer as
 * soon as its head is complete. Lines may end in \n alone; they are sent with \r\n. With `tls`, any
 * certificate will do; with `body`, the answer is complete when the connection ends or has switched
 * protocols; `host` is another address of this machine.
 */
export function sendRaw(
  port: number,
  request: string,
  {
    tls = false,
    body = false,
    host = '127.0.0.1',
  }: { readonly tls?: boolean; readonly body?: boolean; readonly host?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const send = () => {
      socket.write(Buffer.from(request.replace(/\r?\n/g, '\r\n'), 'latin1'));
    };
    const socket = tls
      ? connectTls({ port, host, rejectUnauthorized: false }, send)
      : connect(port, host, send);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const isComplete = text.includes('\r\n\r\n') && (!body || /^HTTP\/1.1 101 /.test(text));
      if (isComplete) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = ''] = text.split('\r\n\r\n');
      const [statusLine = '', ...lines] = head.split('\r\n');
      const headers: Record<string, string> = {};
      for (const line of lines) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        const value = line.slice(colon + 1).trim();
        headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
      }
      resolve({ status: Number(statusLine.split(' ')[1] ?? 0), headers, text });
    });
  });
}
