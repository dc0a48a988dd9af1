import cluster from 'node:cluster';
import { existsSync, statSync, unlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type ListenAddress, renderListenAddress } from '../config/listen-address.ts';
import { OperatorError } from '../core/operator-error.ts';

/**
 * Connections that may wait to be accepted; the kernel allows as many as net.core.somaxconn. After a
 * restart of the application everybody reconnects at once, and nginx opens a connection for each.
 */
const backlog = 65_535;

/**
 * Starts an app at an address and returns the address in force (with the port the system chose, for
 * port 0). A socket file that nobody listens on any more is replaced. `socketMode` is the mode of a
 * Unix socket. Throws OperatorError, naming the setting, when the address cannot be had.
 */
export async function listen(
  app: FastifyInstance,
  address: ListenAddress,
  { setting, socketMode }: { setting: string; socketMode: number },
): Promise<ListenAddress> {
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
      `cannot listen on ${renderListenAddress(address)} (${setting}): ${explain(address, error as NodeJS.ErrnoException)}`,
    );
  }
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
