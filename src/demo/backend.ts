import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request as the backend received it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Raw header lines: names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly upgrade: boolean;
}

/** A small application behind the gate: it sends each client the request that it received. */
export interface DemoBackend {
  readonly port: number;
  /** All requests, oldest first. */
  readonly seen: SeenRequest[];
  /** Open sockets. */
  readonly sockets: ReadonlySet<WebSocket>;
  close(): Promise<void>;
}

/** Starts the backend on a loopback address. Port 0: the system chooses. */
export async function startBackend(
  address: { host?: string; port?: number } = {},
): Promise<DemoBackend> {
  const seen: SeenRequest[] = [];
  const record = (request: IncomingMessage, upgrade: boolean): string => {
    const { method = '', url = '', headers, rawHeaders } = request;
    const saw = { method, url, headers, rawHeaders, upgrade };
    seen.push(saw);
    return JSON.stringify({ method, url, headers, upgrade });
  };
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(record(request, false));
  });
  const webSockets = new WebSocketServer({ server, clientTracking: true });
  webSockets.on('connection', (socket, request) => {
    socket.send(record(request, true));
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => socket.terminate());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port ?? 0, address.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    sockets: webSockets.clients,
    close: () =>
      new Promise((resolve) => {
        for (const socket of webSockets.clients) socket.terminate();
        webSockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
