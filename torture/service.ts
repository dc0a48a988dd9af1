import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAdmin } from '../src/cli/toolkit/admin-client.ts';
import { packageRoot } from '../src/lib/resources.ts';
import { ask } from '../testkit/postern/ask.ts';

const source = join(packageRoot, 'src/cli/main.ts');

/** A service that is started and killed again and again, always on the same store. */
export interface Victim {
  /** Starts it and resolves when it is ready. Rejects with its words when it ends before that. */
  start(): Promise<void>;
  /** Starts it and kills it so many milliseconds later, ready or not. */
  startAndKill(afterMs: number): Promise<void>;
  /** `kill -9` of all of it at once. */
  kill(): Promise<void>;
  /** `kill -9` of one of several workers; false when none is there. */
  killWorker(choose: (pids: readonly number[]) => number | undefined): boolean;
  /** What the gate says to a secret: `200`, or the status and the reason. Rejects without an answer. */
  knock(secret: string): Promise<string>;
  /** A request to the admin API. Rejects without an answer. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Runs another command of the program on the same store. */
  command(...args: string[]): Promise<{ code: number | null; said: string }>;
}

/** Prepares a service with its store and sockets in a directory. */
export function createVictim(
  directory: string,
  {
    workers,
    program = source,
  }: { readonly workers: number; readonly program?: string | undefined },
): Victim {
  const gate = { kind: 'unix', path: join(directory, 'gate.sock') } as const;
  const admin = { kind: 'unix', path: join(directory, 'admin.sock') } as const;
  const key = `psa_${randomBytes(24).toString('hex')}`;
  const env = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: join(directory, 'cache'),
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_GATE_LISTEN: `unix:${gate.path}`,
    POSTERN_ADMIN_LISTEN: `unix:${admin.path}`,
    POSTERN_ADMIN_KEY: key,
    POSTERN_WORKERS: String(workers),
    POSTERN_TICKETS_MAX_TTL: '1d',
    POSTERN_LOG_LEVEL: 'info',
  };
  const { send } = connectAdmin({ listen: admin, key }, undefined);
  let child: ChildProcess | undefined;

  // A group of its own, so that the workers go down in the same moment.
  const launch = (args: readonly string[]) =>
    spawn(process.execPath, [program, ...args], { cwd: directory, env, detached: true });

  async function kill(): Promise<void> {
    const victim = child;
    child = undefined;
    if (victim === undefined) return;
    const ended = new Promise((resolve) => victim.once('close', resolve));
    if (!killGroup(victim)) return;
    await ended;
  }

  return {
    kill,
    send,
    async start() {
      const victim = launch(['serve']);
      child = victim;
      await new Promise<void>((resolve, reject) => {
        let said = '';
        const hear = (text: Buffer) => {
          said += text;
          if (said.includes('"event":"start"')) resolve();
        };
        victim.stdout.on('data', hear);
        victim.stderr.on('data', hear);
        victim.once('close', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
      });
    },
    async startAndKill(afterMs) {
      child = launch(['serve']);
      child.stdout?.resume();
      child.stderr?.resume();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill();
    },
    killWorker(choose) {
      const pid = child?.pid;
      if (pid === undefined) return false;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
      const chosen = choose(children.split(' ').filter(Boolean).map(Number));
      if (chosen === undefined) return false;
      process.kill(chosen, 'SIGKILL');
      return true;
    },
    async knock(secret) {
      const { status, reason } = await ask(gate, { 'x-original-uri': `/?token=${secret}` });
      return reason === undefined ? `${status}` : `${status} ${reason}`;
    },
    command(...args) {
      const running = launch(args);
      let said = '';
      for (const stream of [running.stdout, running.stderr]) {
        stream.on('data', (text: Buffer) => {
          said += text;
        });
      }
      return new Promise((resolve) => running.once('close', (code) => resolve({ code, said })));
    },
  };
}

/** False when all of it has ended already. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (pid === undefined || exitCode !== null || signalCode !== null) return false;
  process.kill(-pid, 'SIGKILL');
  return true;
}
