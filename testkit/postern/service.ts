import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { adminKey, temporaryDirectory } from './start.ts';
import { workersSetting } from './worker-count.ts';

/** A Postern in a process of its own, as people run it. */
export interface TestService {
  readonly gate: ListenAddress & { kind: 'unix' };
  readonly admin: ListenAddress & { kind: 'unix' };
  readonly pid: number;
  /** Standard output so far. */
  output(): string;
  /** Stops its processor time, as a machine in trouble would. */
  pause(): void;
  resume(): void;
  /** Ends it without warning. */
  kill(): Promise<void>;
}

/** Starts `postern serve` on Unix sockets and resolves when it is ready. */
export async function startService(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<TestService> {
  const directory = temporaryDirectory(t);
  const gate = { kind: 'unix', path: join(directory, 'gate.sock') } as const;
  const admin = { kind: 'unix', path: join(directory, 'admin.sock') } as const;
  const child = spawn(process.execPath, [join(packageRoot, 'src/cli/main.ts'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      POSTERN_DATA_DIR: join(directory, 'data'),
      POSTERN_GATE_LISTEN: `unix:${gate.path}`,
      POSTERN_ADMIN_LISTEN: `unix:${admin.path}`,
      POSTERN_ADMIN_KEY: adminKey,
      ...workersSetting(),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => end(child));
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes('"ready"')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${errors}`)));
  });
  return {
    gate,
    admin,
    pid: child.pid ?? 0,
    output: () => output,
    pause: () => signalAll(child, 'SIGSTOP'),
    resume: () => signalAll(child, 'SIGCONT'),
    kill: () => end(child),
  };
}

/** Sends a signal to a process and to its workers. */
function signalAll({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): void {
  const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? [];
  for (const one of [pid, ...workers.map(Number)]) process.kill(one, signal);
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
