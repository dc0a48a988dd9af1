import cluster from 'node:cluster';
import { OperatorError } from '../lib/operator-error.ts';

/** A listener, by the name of its socket in systemd (`FileDescriptorName=`). */
export type ListenerName = 'gate' | 'admin';

/** The first passed descriptor (SD_LISTEN_FDS_START). */
const firstDescriptor = 3;

/**
 * Socket activation (sd_listen_fds(3)): the descriptor of a listening socket that systemd passed;
 * undefined without one of this name. Throws OperatorError for sockets with unknown names.
 */
export function inheritedSocket(
  name: ListenerName,
  env: NodeJS.ProcessEnv = process.env,
): number | undefined {
  // LISTEN_PID guards against variables inherited from an activated parent. Workers use their primary's.
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
