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
 * Listen backlog; the kernel caps it at net.core.somaxconn. After an application restart all
 * clients reconnect at once, and nginx opens a connection for each.
 */
const backlog = 65_535;

/**
 * Starts an app on an address and returns the actual one (for port 0, with the port that the system
 * chose). A socket passed by systemd is used as it is. A stale socket file is replaced.
 * `socketMode` is the mode of a Unix socket. Throws OperatorError, which names the setting, when
 * the address is not available.
 */
export async function listen(
  app: FastifyInstance,
  address: ListenAddress,
  { name, socketMode }: { name: ListenerName; socketMode: number },
): Promise<ListenAddress> {
  const fd = inheritedSocket(name);
  if (fd !== undefined) return listenOnPassedSocket(app, address, { name, fd });
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
      `cannot listen on ${renderListenAddress(address)} (${name}.listen): ${explainListenError(address, error as NodeJS.ErrnoException)}`,
    );
  }
}

/**
 * Uses a socket that systemd opened. It must match the configured address: commands and nginx files
 * rely on that.
 */
async function listenOnPassedSocket(
  app: FastifyInstance,
  address: ListenAddress,
  { name, fd }: { name: ListenerName; fd: number },
): Promise<ListenAddress> {
  const { server } = app;
  // Fastify cannot listen on a file descriptor, and closes only sockets that it opened.
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
  const actual =
    typeof bound === 'object' && bound !== null ? `port ${bound.port}` : 'another place';
  throw new OperatorError(
    `systemd passed a socket at ${actual} for ${name}.listen, which is ${renderListenAddress(address)}. Set ListenStream= of the socket unit and the setting to the same value.`,
  );
}

function isSame(address: ListenAddress, bound: string | AddressInfo | null): boolean {
  // Node does not know the path of a Unix socket that it did not open.
  if (address.kind === 'unix') return typeof bound === 'string' || bound === null;
  if (typeof bound !== 'object' || bound === null || bound.port !== address.port) return false;
  return bound.address === (address.host === 'localhost' ? '127.0.0.1' : address.host);
}

function explainListenError(
  address: ListenAddress,
  { code, message }: NodeJS.ErrnoException,
): string {
  if (address.kind === 'unix' && !existsSync(dirname(address.path))) {
    return 'the directory does not exist.';
  }
  if (code === 'EADDRINUSE') {
    return 'another process listens there, perhaps another Postern. Stop it, or choose another address.';
  }
  if (code === 'EACCES') return 'permission denied. Choose a port above 1023 or another directory.';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine has no such address.';
  return message;
}

/** Removes a socket file left by a crash, unless a process still answers on it. */
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
