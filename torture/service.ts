import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { connectAdmin } from '../src/cli/toolkit/admin-client.ts';
import { ask } from '../testkit/postern/ask.ts';
import { programFile } from '../testkit/postern/command.ts';
import { readStart } from '../testkit/postern/program.ts';
import { childrenOf, type Ended, type StartedProcess, spawnProcess } from '../testkit/processes.ts';

/** A service that is started and killed repeatedly, on one store. */
export interface Victim {
  /** Starts it; resolves when it is ready. Rejects with its output when it ends before. */
  start(): Promise<void>;
  /** Starts it and kills it after so many milliseconds, ready or not. */
  startAndKill(afterMs: number): Promise<void>;
  /** Kills all of its processes at once (SIGKILL). */
  kill(): Promise<void>;
  /** Kills one of several workers (SIGKILL); false when there is none. */
  killWorker(choose: (pids: readonly number[]) => number | undefined): boolean;
  /**
   * The gate's answer to a secret: `200`, or the status and the reason. Rejects without an answer.
   */
  knock(secret: string): Promise<string>;
  /** Sends a request to the admin API. Rejects without an answer. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Runs another command on the same store. */
  command(...args: string[]): Promise<Ended>;
}

/** Prepares a service with its store and sockets in a directory. */
export function createVictim(
  directory: string,
  {
    workers,
    program = programFile,
  }: { readonly workers: number; readonly program?: string | undefined },
): Victim {
  const gate = { kind: 'unix', path: join(directory, 'gate.sock') } as const;
  const admin = { kind: 'unix', path: join(directory, 'admin.sock') } as const;
  const key = `psa_${randomBytes(24).toString('hex')}`;
  const env = {
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
  let child: StartedProcess | undefined;

  // Its own process group, so that all workers die at the same moment.
  const launch = (args: readonly string[]) =>
    spawnProcess([process.execPath, program, ...args], { cwd: directory, env, detached: true });

  async function kill(): Promise<void> {
    const victim = child;
    child = undefined;
    if (victim === undefined || victim.hasEnded()) return;
    process.kill(-victim.pid, 'SIGKILL');
    await victim.ended;
  }

  return {
    kill,
    send,
    async start() {
      child = launch(['serve']);
      await readStart(child);
    },
    async startAndKill(afterMs) {
      child = launch(['serve']);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill();
    },
    killWorker(choose) {
      if (child === undefined) return false;
      const chosen = choose(childrenOf(child.pid));
      if (chosen === undefined) return false;
      process.kill(chosen, 'SIGKILL');
      return true;
    },
    async knock(secret) {
      const { status, reason } = await ask(gate, { 'x-original-uri': `/?token=${secret}` });
      return reason === undefined ? `${status}` : `${status} ${reason}`;
    },
    command: (...args) => launch(args).ended,
  };
}
