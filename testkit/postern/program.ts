import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ListenAddress, parseListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { adminKey, temporaryDirectory } from './start.ts';
import { workersSetting } from './worker-count.ts';

/** How a command ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `postern serve` in a process of its own, ready. */
export interface Served {
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Sends a signal and resolves when the process has ended. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

type Environment = Readonly<Record<string, string>>;

const program = join(packageRoot, 'src/cli/main.ts');
/** An empty directory to run in, so that no postern.yaml of anybody's is found. */
const home = mkdtempSync(join(tmpdir(), 'postern-cli-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

/** Milliseconds after which what should have ended is killed, so that its test fails and not hangs. */
const patienceMs = 60_000;

/** Where a service of a test lives. */
export interface Surroundings {
  readonly directory: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A directory for the test, and the settings of a service in it, on Unix sockets. */
export function surroundings(t: TestContext, settings: Record<string, string> = {}): Surroundings {
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

/** How a program of a test is started. */
interface StartOptions {
  readonly cwd?: string;
  /** A command that starts what follows it in its own place, as `nice` does. */
  readonly through?: readonly string[];
}

/**
 * File modes count for root as for everybody else: a command for `through`. Without root's right to
 * overlook them, since tests run as root in many a container.
 */
export const obeyingModes: readonly string[] =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--']
    : [];

/** Runs a command of the program to its end, with these variables and nothing of POSTERN_* besides. */
export function run(
  args: readonly string[],
  env: Environment = {},
  options: StartOptions = {},
): Promise<Ended> {
  return start(args, env, { ...options, timeout: patienceMs }).ended;
}

/** Starts `postern serve`, resolves when it is ready, and ends it after the test. */
export async function serve(
  t: TestContext,
  env: Environment,
  options: StartOptions = {},
): Promise<Served> {
  const { child, ended, said } = start(['serve'], { ...workersSetting(), ...env }, options);
  t.after(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const lines = said.stdout.split('\n').slice(0, -1);
      const line = lines.find((line) => line.includes('"event":"start"'));
      if (line !== undefined) resolve(JSON.parse(line));
    });
    ended.then(({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
  });
  return {
    gate: addressIn(ready.gate),
    admin: addressIn(ready.admin),
    pid: child.pid ?? 0,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    end(signal) {
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      return ended.finally(() => clearTimeout(patience));
    },
  };
}

/** The command ended as it should, and what it said on standard output. */
export function succeeded({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The command said what is wrong in one line, without a stack trace. */
export function failedInOneLine(ended: Ended, code: number, words: RegExp): void {
  assert.match(ended.stderr, words);
  assert.match(ended.stderr, /^postern: [^\n]+\n$/);
  assert.equal(ended.code, code);
  assert.equal(ended.stdout, '');
}

function start(
  args: readonly string[],
  env: Environment,
  { cwd = home, through = [], timeout }: StartOptions & { readonly timeout?: number } = {},
) {
  const [command = '', ...rest] = [...through, process.execPath, program, ...args];
  const child: ChildProcess = spawn(command, rest, {
    cwd,
    ...(timeout !== undefined && { timeout, killSignal: 'SIGKILL' }),
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: join(home, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
  return { child, ended, said };
}

function addressIn(text: unknown): ListenAddress {
  const address = parseListenAddress(String(text));
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}
