import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Scope } from '../scope.ts';

/** A server that speaks whatever a test writes. */
export interface RawServer {
  readonly port: number;
  /** `http://127.0.0.1:port`; a client of WebSockets takes it as well. */
  readonly url: string;
  /** Connections so far. */
  connections(): number;
}

/** Options of startRawServer. */
export interface RawServerOptions {
  /** Hands over each connection at once, without a request. */
  readonly immediately?: boolean;
}

/**
 * Starts a server that does with each connection what it is told to, once the head of a request is there, and
 * ends all of them after the test.
 */
export async function startRawServer(
  t: Scope,
  serve: (socket: Socket, request: string) => void,
  { immediately = false }: RawServerOptions = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    // A client that gives up resets the connection, which is no fault of the server's.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (immediately) serve(socket, '');
    else readHead(socket, (request) => serve(socket, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, connections: () => connections };
}

function readHead(socket: Socket, handle: (request: string) => void): void {
  let text = '';
  const onData = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (!text.includes('\r\n\r\n')) return;
    socket.off('data', onData);
    handle(text);
  };
  socket.on('data', onData);
}
