import cluster from 'node:cluster';
import { existsSync, statSync, unlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type ListenAddress, renderListenAddress } from '../config/listen-address.ts';
import { inheritedSocket, type ListenerName } from '../config/socket-activation.ts';
import { OperatorError } from '../lib/operator-error.ts';

/**
 * Connections that may wait to be accepted; the kernel allows as many as net.core.somaxconn. After a
 * restart of the application everybody reconnects at once, and nginx opens a connection for each.
 */
const backlog = 65_535;

/**
 * Starts an app at an address and returns the address in force (with the port the system chose, for
 * port 0). A socket that systemd opened there is taken over as it is. A socket file that nobody
 * listens on any more is replaced. `socketMode` is the mode of a Unix socket. Throws OperatorError,
 * naming the setting, when the address cannot be had.
 */
export async function listen(
  app: FastifyInstance,
  address: ListenAddress,
  { name, socketMode }: { name: ListenerName; socketMode: number },
): Promise<ListenAddress> {
  const passed = inheritedSocket(name);
  if (passed !== undefined) return takeOver(app, address, { name, fd: passed });
  try {
    if (address.kind === 'unix') {
      if (!cluster.isWorker) await removeStaleSocket(address);
      await app.listen({ path: address.path, backlog });
      await chmod(address.path, socketMode);
      return address;
    }
    await app.listen({ host: address.host, port: address.port, backlog });
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    return { ...address, port };
  } catch (error) {
    throw new OperatorError(
      `cannot listen on ${renderListenAddress(address)} (${name}.listen): ${explain(address, error as NodeJS.ErrnoException)}`,
    );
  }
}

/** What is configured has to be true all the same: commands and nginx files go by it. */
async function takeOver(
  app: FastifyInstance,
  address: ListenAddress,
  { name, fd }: { name: ListenerName; fd: number },
): Promise<ListenAddress> {
  const { server } = app;
  // Fastify listens on hosts, ports and paths only, and closes only what it listens on itself.
  app.addHook('preClose', () => new Promise<void>((resolve) => server.close(() => resolve())));
  await app.ready();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  if (isSame(address, bound)) return address;
  const there =
    typeof bound === 'object' && bound !== null ? `port ${bound.port}` : 'another place';
  throw new OperatorError(
    `systemd passed a socket at ${there} for ${name}.listen, which is ${renderListenAddress(address)}. Let ListenStream= of the socket unit and the setting say the same.`,
  );
}

function isSame(address: ListenAddress, bound: string | AddressInfo | null): boolean {
  // Of a Unix socket that it did not open itself Node does not know the path.
  if (address.kind === 'unix') return typeof bound === 'string' || bound === null;
  if (typeof bound !== 'object' || bound === null || bound.port !== address.port) return false;
  return bound.address === (address.host === 'localhost' ? '127.0.0.1' : address.host);
}

function explain(address: ListenAddress, { code, message }: NodeJS.ErrnoException): string {
  if (address.kind === 'unix' && !existsSync(dirname(address.path))) {
    return 'the directory does not exist.';
  }
  if (code === 'EADDRINUSE') {
    return 'something listens there already, perhaps another Postern. Stop it, or choose another address.';
  }
  if (code === 'EACCES') return 'this user may not. Choose a port above 1023 or another directory.';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine has no such address.';
  return message;
}

/** A crash leaves the socket file behind: it is in the way only if somebody answers there. */
export async function removeStaleSocket(address: ListenAddress): Promise<void> {
  if (address.kind !== 'unix') return;
  const { path } = address;
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });
  if (!answered) unlinkSync(path);
}
