import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Addresses } from '../../src/cluster/messages.ts';
import type { Scope } from '../scope.ts';
import type { RunningPostern, StartOptions } from './start.ts';

/** What Node has compiled, for the next start of the same tests. */
const compiled = mkdtempSync(join(tmpdir(), 'postern-compiled-'));
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }));

/** Milliseconds to stop in order. */
const patienceMs = 10_000;

/** Starts a Postern with workers, which has the same log and the same clock as one in this process. */
export async function startWithWorkers(
  t: Scope,
  { directory, env, config, clock }: StartOptions,
): Promise<RunningPostern> {
  const files = { log: join(directory, 'log'), clock: join(directory, 'clock') };
  writeFileSync(files.log, '');
  let told: number | undefined;
  const setClock = () => {
    const now = clock?.();
    if (now === undefined || now === told) return;
    told = now;
    // In one step: a worker may look at any moment.
    writeFileSync(`${files.clock}.new`, String(now));
    renameSync(`${files.clock}.new`, files.clock);
  };
  setClock();
  const child = fork(join(import.meta.dirname, 'serve-with-workers.ts'), {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: compiled,
      TEST_LOG: files.log,
      ...(clock && { TEST_CLOCK: files.clock }),
      ...(config !== undefined && { TEST_CONFIG: config }),
      ...env,
    },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(patience);
  };
  t.after(close);
  const { gate, admin } = await new Promise<Addresses>((resolve, reject) => {
    child.once('message', (addresses: Addresses) => resolve(addresses));
    child.once('exit', () => reject(new Error(`the workers did not start: ${errors}`)));
  });
  return {
    // A test that moves the clock on asks for the address again before it asks anything else.
    get gate() {
      setClock();
      return gate;
    },
    get admin() {
      setClock();
      return admin;
    },
    get pruning(): never {
      throw new Error(
        'what prunes is in another process: this test has to say { singleProcess: true }',
      );
    },
    reload: () => void child.kill('SIGHUP'),
    close,
    rawLog: () => readFileSync(files.log, 'utf8'),
  };
}
