import { WebSocket } from 'ws';
import type { Probe } from './probe.ts';
import type { ProbeRequest } from './request.ts';
import { hostHeader } from './target.ts';

/** What a ping came to. Times in milliseconds. */
export type Pong =
  | { readonly kind: 'answered'; readonly after: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed'; readonly how: string };

/** How a time of silence ended. */
export interface Silence {
  readonly kind: 'kept' | 'cut';
  readonly after: number;
  /** Messages and pings that the server sent meanwhile. */
  readonly said: number;
  /** How the socket was closed, if it was. */
  readonly how: string;
}

/** An open socket of the probe. */
export interface LiveSocket {
  ping(timeout: number): Promise<Pong>;
  send(text: string): void;
  idle(time: number): Promise<Silence>;
  /** Says good-bye, and resolves when the connection is gone. */
  end(): Promise<void>;
}

/** Bytes of a message, and of all messages, that a server may send before it is left alone. */
const mostBytes = { message: 1 << 20, all: 16 << 20 };

/** Milliseconds that a server may take to close its side. */
const goodbye = 500;

/** Repeats a handshake that was admitted and keeps the socket; a text says why that failed. */
export async function openSocket(
  { target, timeout, open }: Probe,
  { path = target.path, headers = {} }: ProbeRequest,
): Promise<LiveSocket | string> {
  const connection = await open();
  if (connection.kind === 'failed') return connection.detail;
  const { 'Sec-WebSocket-Protocol': protocols, ...others } = headers;
  const url = `${target.secure ? 'wss' : 'ws'}://${hostHeader(target)}${path}`;
  const socket = new WebSocket(url, protocols?.split(', ') ?? [], {
    createConnection: () => connection.socket,
    headers: { 'User-Agent': 'postern-doctor', ...others },
    handshakeTimeout: timeout,
    maxPayload: mostBytes.message,
    perMessageDeflate: false,
  });
  const life = watch(socket);
  const opened = new Promise<undefined>((resolve) => {
    socket.once('open', () => resolve(undefined));
  });
  return Promise.race([opened, life.closed]).then((how) => how ?? control(socket, life));
}

interface Life {
  /** Resolves, with how it happened, when the socket is closed. */
  readonly closed: Promise<string>;
  said(): number;
}

function watch(socket: WebSocket): Life {
  let said = 0;
  let bytes = 0;
  let trouble = '';
  socket.on('ping', () => said++);
  socket.on('message', (data) => {
    said++;
    bytes += Buffer.isBuffer(data) ? data.length : 0;
    if (bytes > mostBytes.all) {
      trouble = `more than ${mostBytes.all} bytes came`;
      socket.terminate();
    }
  });
  socket.on('error', ({ message }) => {
    trouble ||= message;
  });
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code, reason) => {
      const words = [`close code ${code}`, String(reason), trouble].filter((word) => word !== '');
      resolve(words.join(', '));
    });
  });
  return { closed, said: () => said };
}

function control(socket: WebSocket, { closed, said }: Life): LiveSocket {
  return {
    async ping(timeout) {
      const start = Date.now();
      const pong = new Promise<Pong>((resolve) => {
        socket.once('pong', () => resolve({ kind: 'answered', after: Date.now() - start }));
      });
      const gone = closed.then((how): Pong => ({ kind: 'closed', how }));
      if (socket.readyState === WebSocket.OPEN) socket.ping();
      return within(timeout, [pong, gone], (): Pong => ({ kind: 'silent' }));
    },
    send: (text) => socket.send(text),
    async idle(time) {
      const start = Date.now();
      const before = said();
      const end = (kind: Silence['kind'], how: string): Silence => {
        return { kind, after: Date.now() - start, said: said() - before, how };
      };
      return within(time, [closed.then((how) => end('cut', how))], () => end('kept', ''));
    },
    async end() {
      socket.close(1_000);
      await within(goodbye, [closed], () => '');
      socket.terminate();
    },
  };
}

/** The first of these, or what `late` says when none comes in time. */
async function within<T>(time: number, some: readonly Promise<T>[], late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), time);
  });
  return Promise.race([...some, over]).finally(() => clearTimeout(timer));
}
