import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartGate } from '../../seam/paths/gate.ts';
import { hosts } from '../../seam/paths/places.ts';
import { parseTarget } from '../../src/core/gate/handshake.ts';
import { isBelow } from '../../src/core/gate/path.ts';

/** How a stand-in reads a path as sent. It lets nobody in where this gives nothing. */
export type ReadPath = (path: string) => string | undefined;

/** In the place of Postern: the gates of the property, judged by one reading of the path. */
export function startStandIn(read: ReadPath): StartGate {
  return async () => {
    const server = createServer((request, response) => {
      const { host = '', authorization = '', 'x-original-uri': target = '' } = request.headers;
      const sent = parseTarget(String(target))?.path;
      const path = sent === undefined ? undefined : read(sent);
      const prefix = host === hosts.folder ? '/app' : '';
      const isIn =
        path !== undefined && admits(authorization.slice('Bearer '.length), prefix, path);
      response.writeHead(isIn ? 200 : 401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      listen: { kind: 'tcp', host: '127.0.0.1', port },
      tokenOf: (credential) => (credential === 'nobody' ? undefined : credential),
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  };
}

function admits(token: string, prefix: string, path: string): boolean {
  if (path === `${prefix}/` || isBelow(path, `${prefix}/status`)) return true;
  if (isBelow(path, `${prefix}/admin`)) return token === 'admin';
  if (token === 'guest') return isBelow(path, `${prefix}/rooms/1`);
  return token !== '';
}
