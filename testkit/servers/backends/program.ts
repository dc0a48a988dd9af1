/**
 * What every program of this folder that runs on Node.js has in common: it tells which handler ran,
 * and for which request, on its standard output.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** Says that a handler ran. The case is what the harness calls the request. */
export function record(handler: string, request: IncomingMessage, target = request.url): void {
  tell({ case: String(request.headers['x-case'] ?? ''), handler, target });
}

/** Gives the handler of a handshake by its request target. Throws where the target is none. */
export type SocketRoutes = (target: string) => string;

/** As the documentation of ws routes: by the path that the URL parser makes of the target. */
export const routesByUrl: SocketRoutes = (target) => {
  const { pathname } = new URL(target, 'http://x');
  if (pathname === '/admin' || pathname.startsWith('/admin/')) return 'admin';
  const room = /^\/rooms\/([^/]+)$/.exec(pathname)?.[1];
  if (room !== undefined) return `room:${decodeURIComponent(room)}`;
  return pathname === '/status' ? 'status' : pathname === '/' ? 'home' : 'other';
};

/**
 * By the beginning of the target as it came. What begins with "admin" and goes on as another word is
 * a mistake of the program that no gate can know of, so it gets a name of its own.
 */
export const routesByPrefix: SocketRoutes = (target) => {
  if (target.startsWith('/admin')) {
    return /^\/admin(?:$|[/?;\\#]|%(?:2f|5c|3b|3f))/i.test(target) ? 'admin' : 'admin-like';
  }
  const room = /^\/rooms\/([^/?]*)/.exec(target)?.[1];
  if (room !== undefined) return `room:${decodeURIComponent(room)}`;
  if (target.startsWith('/status')) return 'status';
  return target === '/' || target.startsWith('/?') ? 'home' : 'other';
};

/** Listens on a free port, says which, and ends with its standard input. */
export function serve(server: Server, routes: SocketRoutes): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const handler = routeOf(request, routes);
    record(handler, request);
    if (handler === 'other') return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    sockets.once('headers', (headers) => headers.push(`x-handler: ${encodeURI(handler)}`));
    sockets.handleUpgrade(request, socket, head, (open: WebSocket) => open.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
  createInterface({ input: process.stdin })
    // Everything that was told before has arrived when this comes back.
    .on('line', (mark) => tell({ mark }))
    .on('close', () => process.exit());
}

function routeOf({ url = '' }: IncomingMessage, routes: SocketRoutes): string {
  try {
    return routes(url);
  } catch {
    return 'other';
  }
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
