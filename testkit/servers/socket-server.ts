import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import type { TestPostern } from '../postern/start.ts';
import type { Scope } from '../scope.ts';

/** A WebSocket server of an application, for a framework to take over. */
export interface SocketServer {
  readonly port: number;
  readonly webSockets: WebSocketServer;
  /** How many sockets were opened so far. */
  connections(): number;
  /** Cuts all connections, as a server that goes away does. */
  drop(): void;
}

/** Starts a WebSocket server on a loopback port and stops it after the test. */
export async function startSocketServer(t: Scope): Promise<SocketServer> {
  const server = createServer();
  const webSockets = new WebSocketServer({ server });
  let opened = 0;
  webSockets.on('connection', () => opened++);
  const drop = () => {
    for (const socket of webSockets.clients) socket.terminate();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    drop();
    webSockets.close();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    webSockets,
    connections: () => opened,
    drop,
  };
}

/** What an application needs to ask Postern, with a key of this role. */
export async function makeKey(
  postern: TestPostern,
  role: 'issuer' | 'introspector',
): Promise<{ url: string; key: string }> {
  const { body } = await postern.api('POST', '/v1/keys', { name: role, role });
  const { key } = body as { key: string };
  return { url: `http://${renderListenAddress(postern.admin)}`, key };
}
