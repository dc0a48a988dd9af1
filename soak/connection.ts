import { connect, type Socket } from 'node:net';
import type { ListenAddress } from '../src/config/listen-address.ts';

/** A response: the parts that the load needs. */
export interface Reply {
  readonly status: number;
  /** Raw header lines. */
  readonly head: string;
  readonly body: string;
  /** Milliseconds from the request to the complete response. */
  readonly ms: number;
}

/** A kept-alive HTTP/1.1 connection with one request at a time. */
export interface Connection {
  /**
   * Reconnects when the server closed the connection: while idle, or after an announced last
   * response, as nginx does after a thousand. Rejects when the connection ends before the response
   * is complete.
   */
  send(request: string): Promise<Reply>;
  close(): void;
}

/** Opens a connection. A minimal client: a library takes several times the processor time. */
export async function openConnection(address: ListenAddress): Promise<Connection> {
  let line = await open(address);
  return {
    async send(request) {
      if (!line.isOpen()) line = await open(address);
      let reply = await line.send(request);
      // A 408 on an unused connection; the request may be repeated (RFC 9110, section 15.5.9).
      if (reply.status === 408) {
        line.close();
        line = await open(address);
        reply = await line.send(request);
      }
      if (/\r\nconnection: *close/i.test(reply.head)) line.close();
      return reply;
    },
    close: () => line.close(),
  };
}

interface Line extends Connection {
  isOpen(): boolean;
}

function open(address: ListenAddress): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket =
      address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(serve(socket));
    });
  });
}

function serve(socket: Socket): Line {
  let text = '';
  let startedAt = 0;
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;

  const end = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('data', (chunk: Buffer) => {
    // An unsolicited response, such as a 408, before the server closes the connection.
    if (waiting === undefined) return void socket.destroy();
    text += chunk.toString('latin1');
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = text.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (text.length < headEnd + 4 + length) return;
    const body = text.slice(headEnd + 4, headEnd + 4 + length);
    text = text.slice(headEnd + 4 + length);
    const done = waiting;
    waiting = undefined;
    const ms = performance.now() - startedAt;
    done?.resolve({ status: Number(head.slice(9, 12)), head, body, ms });
  });
  socket.on('error', end);
  socket.on('close', () => end(new Error('the connection was closed before an answer came')));
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        startedAt = performance.now();
        socket.write(request, 'latin1');
      });
    },
    isOpen: () => !socket.destroyed && socket.readyState === 'open',
    close: () => void socket.destroy(),
  };
}
