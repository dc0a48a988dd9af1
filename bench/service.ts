import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ListenAddress, renderListenAddress } from '../src/config/listen-address.ts';
import { packageRoot } from '../src/lib/resources.ts';
import { findFreePort } from '../src/proxies/nginx/process.ts';
import { ask, handshakeHeaders } from '../testkit/postern/ask.ts';
import type { FilledStore } from './token-store.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** Milliseconds from its start to the first subrequest that it let through. */
  readonly startMs: number;
  /** Stops it in order. Rejects when it had ended before or did not end well. */
  stop(): Promise<void>;
}

/** Milliseconds within which a server has to answer, where nothing else is said, and has to stop. */
const usualPatienceMs = 10_000;

/**
 * Starts `postern serve` from the build, or from `program`, with its log in a file of `directory`, and resolves once it
 * lets a handshake through. `env` holds further `POSTERN_*` variables.
 */
export async function startService(options: {
  readonly directory: string;
  readonly store: Pick<FilledStore, 'dataDir' | 'cookie'>;
  readonly gate: ListenAddress;
  /** Path in the repository. Default `bin/postern.js`. */
  readonly program?: string;
  /** Milliseconds within which it has to answer. */
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

/** Starts the least that Node can do in Postern's place: a server that answers 200 to everything. */
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
  mkdirSync(directory, { recursive: true });
  const log = openSync(join(directory, 'service.log'), 'w');
  const errors = openSync(join(directory, 'service.err'), 'w');
  const startedAt = performance.now();
  // An environment of its own: what the person at the keyboard has set must not change the numbers.
  const child = spawn(process.execPath, parameters, {
    cwd: directory,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', log, errors],
  });
  closeSync(log);
  closeSync(errors);
  const words = () => readFileSync(join(directory, 'service.err'), 'utf8').trim();
  try {
    while (!(await letsThrough(gate, cookie))) {
      signal.throwIfAborted();
      if (hasEnded(child)) throw new Error(`the service did not start: ${words()}`);
      if (performance.now() - startedAt > patienceMs) throw new Error('the service is too slow');
      await sleep(2);
    }
  } catch (error) {
    await stopChild(child);
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    startMs: performance.now() - startedAt,
    async stop() {
      const early = hasEnded(child);
      const code = await stopChild(child);
      // Ctrl-C on a terminal reaches the service too.
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
    // Nobody listens yet.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw error;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Resolves with the exit code, null when it took a signal. */
function stopChild(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (hasEnded(child)) return resolve(child.exitCode);
    const last = setTimeout(() => child.kill('SIGKILL'), usualPatienceMs);
    child.once('exit', (code) => {
      clearTimeout(last);
      resolve(code);
    });
    child.kill('SIGTERM');
  });
}
