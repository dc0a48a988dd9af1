import cluster from 'node:cluster';
import { OperatorError } from '../lib/operator-error.ts';

/** A listener of Postern, by the name that its socket has for systemd (`FileDescriptorName=`). */
export type ListenerName = 'gate' | 'admin';

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const firstDescriptor = 3;

/**
 * The descriptor of a listening socket that systemd opened and passed on (socket activation,
 * sd_listen_fds(3)); undefined where it passed none of this name. Throws OperatorError for sockets
 * that nobody here would listen on.
 */
export function passedSocket(
  name: ListenerName,
  env: NodeJS.ProcessEnv = process.env,
): number | undefined {
  // Variables of a parent that was passed sockets of its own mean nothing here; workers share theirs.
  const owner = cluster.isWorker ? process.ppid : process.pid;
  if (Number(env.LISTEN_PID) !== owner) return undefined;
  const count = Number(env.LISTEN_FDS ?? 0);
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  for (let i = 0; i < count; i++) {
    if (names[i] === 'gate' || names[i] === 'admin') continue;
    throw new OperatorError(
      `systemd passed a socket named "${names[i] ?? ''}": its unit needs FileDescriptorName=gate or FileDescriptorName=admin.`,
    );
  }
  const index = names.slice(0, count).indexOf(name);
  return index === -1 ? undefined : firstDescriptor + index;
}
