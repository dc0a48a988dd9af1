import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type AdminClient, connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { type ListenAddress, parseListenAddress } from '../../src/config/listen-address.ts';
import { temporaryDirectory } from '../directory.ts';
import { childrenOf, type StartedProcess } from '../processes.ts';
import type { Scope } from '../scope.ts';
import { adminKey } from './admin-key.ts';
import { ask } from './ask.ts';
import { type CommandOptions, spawnCommand } from './command.ts';
import type { Issued } from './issued.ts';
import { workersSetting } from './worker-count.ts';

/** Where a service of a test lives, and its settings. */
export interface ProgramEnvironment {
  readonly directory: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A directory for the test, and the settings of a service in it, on Unix sockets. */
export function programEnvironment(
  t: Scope,
  settings: Readonly<Record<string, string>> = {},
): ProgramEnvironment {
  const directory = temporaryDirectory(t);
  const dataDir = join(directory, 'data');
  return {
    directory,
    dataDir,
    env: {
      POSTERN_DATA_DIR: dataDir,
      POSTERN_GATE_LISTEN: `unix:${join(directory, 'gate.sock')}`,
      POSTERN_ADMIN_LISTEN: `unix:${join(directory, 'admin.sock')}`,
      POSTERN_ADMIN_KEY: adminKey,
      ...settings,
    },
  };
}

/** `postern serve` in a process of its own, ready, and what tests do with it. */
export interface TestProgram
  extends Pick<StartedProcess, 'pid' | 'stdout' | 'stderr' | 'end'>,
    Pick<AdminClient, 'send'> {
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
  /** Stops its processor time, as a machine in trouble would, and that of its workers. */
  pause(): void;
  resume(): void;
  issue(kind?: 'tokens' | 'tickets', body?: Record<string, unknown>): Promise<Issued>;
  revoke(token: Issued): Promise<void>;
  /** What the gate says to a token: `200`, or the status and the reason. */
  knock(token: Issued): Promise<string>;
}

/** Options of startTestProgram. */
export interface TestProgramOptions extends CommandOptions {
  /** Settings beside, or in the place of, those of `programEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs without workers always: the test does something to that one process. */
  readonly singleProcess?: true;
}

/** Starts `postern serve` as people run it, resolves when it is ready, and ends it after the test. */
export async function startTestProgram(
  t: Scope,
  { env = {}, singleProcess, ...options }: TestProgramOptions = {},
): Promise<TestProgram> {
  const program = spawnCommand(
    ['serve'],
    {
      ...programEnvironment(t).env,
      ...workersSetting(),
      ...env,
      ...(singleProcess && { POSTERN_WORKERS: '1' }),
    },
    options,
  );
  t.after(() => {
    program.child.kill('SIGKILL');
    return program.ended;
  });
  const ready = await readStart(program);
  const { pid, stdout, stderr, end } = program;
  const gate = addressIn(ready.gate);
  const admin = addressIn(ready.admin);
  const { send } = connectAdmin({ listen: admin, key: adminKey }, undefined);
  const signalAll = (signal: NodeJS.Signals) => {
    for (const one of [pid, ...childrenOf(pid)]) process.kill(one, signal);
  };
  return {
    ...{ gate, admin, pid, stdout, stderr, end, send },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async issue(kind = 'tokens', body = {}) {
      const answer = await send('POST', `/v1/${kind}`, { subject: 'alice', ...body });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body as Issued;
    },
    async revoke({ id }) {
      const { status, body } = await send('DELETE', `/v1/tokens/${id}`);
      assert.equal(status, 200, JSON.stringify(body));
    },
    async knock({ token }) {
      const { status, reason } = await ask(gate, { 'x-original-uri': `/?token=${token}` });
      return reason === undefined ? `${status}` : `${status} ${reason}`;
    },
  };
}

/** The line of the log by which a service says that it is ready, and where it listens. */
export function readStart({
  child,
  stdout,
  ended,
}: StartedProcess): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      const lines = stdout().split('\n').slice(0, -1);
      const line = lines.find((one) => one.includes('"event":"start"'));
      if (line !== undefined) resolve(JSON.parse(line));
    });
    ended.then(
      ({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)),
      reject,
    );
  });
}

function addressIn(text: unknown): ListenAddress {
  const address = parseListenAddress(String(text));
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}
