import { WebSocket } from 'ws';
import type { Probe } from './probe.ts';
import type { ProbeRequest } from './request.ts';
import { hostHeader } from './target.ts';

/** What a ping came to. Times in milliseconds. */
export type PingResult =
  | { readonly kind: 'answered'; readonly after: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed'; readonly how: string };

/** How a time of silence ended. */
export interface IdleResult {
  readonly kind: 'kept' | 'cut';
  readonly after: number;
  /** Messages and pings that the server sent meanwhile. */
  readonly received: number;
  /** How the socket was closed, if it was. */
  readonly how: string;
}

/** An open socket of the probe. */
export interface LiveSocket {
  ping(timeout: number): Promise<PingResult>;
  send(text: string): void;
  idle(time: number): Promise<IdleResult>;
  /** Says good-bye, and resolves when the connection is gone. */
  end(): Promise<void>;
}

/** Bytes of a message, and of all messages, that a server may send before it is left alone. */
const maxBytes = { message: 1 << 20, all: 16 << 20 };

/** Milliseconds that a server may take to close its side. */
const closeTimeoutMs = 500;

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
    maxPayload: maxBytes.message,
    perMessageDeflate: false,
  });
  const monitored = monitor(socket);
  const opened = new Promise<undefined>((resolve) => {
    socket.once('open', () => resolve(undefined));
  });
  return Promise.race([opened, monitored.closed]).then(
    (how) => how ?? controlSocket(socket, monitored),
  );
}

interface SocketMonitor {
  /** Resolves, with how it happened, when the socket is closed. */
  readonly closed: Promise<string>;
  received(): number;
}

function monitor(socket: WebSocket): SocketMonitor {
  let received = 0;
  let bytes = 0;
  let trouble = '';
  socket.on('ping', () => received++);
  socket.on('message', (data) => {
    received++;
    bytes += Buffer.isBuffer(data) ? data.length : 0;
    if (bytes > maxBytes.all) {
      trouble = `more than ${maxBytes.all} bytes came`;
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
  return { closed, received: () => received };
}

function controlSocket(socket: WebSocket, { closed, received }: SocketMonitor): LiveSocket {
  return {
    async ping(timeout) {
      const start = Date.now();
      const pong = new Promise<PingResult>((resolve) => {
        socket.once('pong', () => resolve({ kind: 'answered', after: Date.now() - start }));
      });
      const gone = closed.then((how): PingResult => ({ kind: 'closed', how }));
      if (socket.readyState === WebSocket.OPEN) socket.ping();
      return withTimeout(timeout, [pong, gone], (): PingResult => ({ kind: 'silent' }));
    },
    send: (text) => socket.send(text),
    async idle(time) {
      const start = Date.now();
      const before = received();
      const end = (kind: IdleResult['kind'], how: string): IdleResult => {
        return { kind, after: Date.now() - start, received: received() - before, how };
      };
      return withTimeout(time, [closed.then((how) => end('cut', how))], () => end('kept', ''));
    },
    async end() {
      socket.close(1_000);
      await withTimeout(closeTimeoutMs, [closed], () => '');
      socket.terminate();
    },
  };
}

/** The first of these, or what `late` says when none comes in time. */
async function withTimeout<T>(
  time: number,
  some: readonly Promise<T>[],
  late: () => T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), time);
  });
  return Promise.race([...some, over]).finally(() => clearTimeout(timer));
}
