import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ListenAddress, renderListenAddress } from '../src/config/listen-address.ts';
import { packageRoot } from '../src/lib/resources.ts';
import { findFreePort } from '../src/proxies/nginx/process.ts';
import { ask, handshakeHeaders } from '../testkit/postern/ask.ts';
import { spawnProcess } from '../testkit/processes.ts';
import type { FilledStore } from './token-store.ts';

/** A server process. */
export interface ServerProcess {
  readonly pid: number;
  /** Milliseconds from its start to the first admitted subrequest. */
  readonly startMs: number;
  /** Stops it gracefully. Rejects when it had already ended, or ended with an error. */
  stop(): Promise<void>;
}

/** Default timeout for start and stop, in milliseconds. */
const usualPatienceMs = 10_000;

/**
 * Starts `postern serve` from the build, or from `program`, with its log in `directory`, and
 * resolves once it admits a handshake. `env` holds further `POSTERN_*` variables.
 */
export async function startMeasuredService(options: {
  readonly directory: string;
  readonly store: Pick<FilledStore, 'dataDir' | 'cookie'>;
  readonly gate: ListenAddress;
  /** Path in the repository. Default `bin/postern.js`. */
  readonly program?: string;
  /** Timeout for the start, in milliseconds. */
  readonly patienceMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<ServerProcess> {
  const { directory, store, gate, program = 'bin/postern.js', env, patienceMs, signal } = options;
  return startServer({
    directory,
    gate,
    parameters: [join(packageRoot, program), 'serve'],
    env: {
      POSTERN_DATA_DIR: store.dataDir,
      POSTERN_GATE_LISTEN: renderListenAddress(gate),
      POSTERN_ADMIN_LISTEN: `127.0.0.1:${await findFreePort()}`,
      POSTERN_ADMIN_KEY: randomBytes(32).toString('base64'),
      POSTERN_LOG_LEVEL: 'info',
      ...env,
    },
    cookie: store.cookie,
    ...(patienceMs !== undefined && { patienceMs }),
    signal,
  });
}

/** Starts the baseline: a bare Node server that answers 200 to everything. */
export function startBareServer(options: {
  readonly directory: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<ServerProcess> {
  const { directory, port, signal } = options;
  const script = `require('node:http').createServer((_, answer) => answer.end()).listen(${port}, '127.0.0.1')
    .on('listening', () => process.once('SIGTERM', () => process.exit()))`;
  return startServer({
    directory,
    gate: { kind: 'tcp', host: '127.0.0.1', port },
    parameters: ['-e', script],
    env: {},
    cookie: '',
    signal,
  });
}

async function startServer(options: {
  directory: string;
  gate: ListenAddress;
  parameters: string[];
  env: Record<string, string>;
  cookie: string;
  patienceMs?: number;
  signal: AbortSignal;
}): Promise<ServerProcess> {
  const { directory, gate, parameters, env, cookie, signal } = options;
  const { patienceMs = usualPatienceMs } = options;
  const startedAt = performance.now();
  const server = spawnProcess([process.execPath, ...parameters], {
    ...{ cwd: directory, env, outputDirectory: directory },
    patienceMs: usualPatienceMs,
  });
  const words = () => server.stderr().trim();
  const stop = async () => (server.hasEnded() ? server.ended : server.end('SIGTERM'));
  try {
    while (!(await letsThrough(gate, cookie))) {
      signal.throwIfAborted();
      if (server.hasEnded()) throw new Error(`the service did not start: ${words()}`);
      if (performance.now() - startedAt > patienceMs) throw new Error('the service is too slow');
      await sleep(2);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: server.pid,
    startMs: performance.now() - startedAt,
    async stop() {
      const early = server.hasEnded();
      const { code } = await stop();
      // Ctrl-C on a terminal also signals the service.
      if ((early && !signal.aborted) || code !== 0) {
        throw new Error(
          `the service ended ${early ? 'early ' : ''}(exit code ${code}): ${words()}`,
        );
      }
    },
  };
}

async function letsThrough(gate: ListenAddress, cookie: string): Promise<boolean> {
  try {
    const { status, reason } = await ask(gate, { ...handshakeHeaders, cookie });
    if (status !== 200) throw new Error(`the service answers ${status} (${reason})`);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not listening yet.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw error;
  }
}
