import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/resources.ts';
import {
  type Ended,
  type ProcessOptions,
  type StartedProcess,
  spawnProcess,
} from '../processes.ts';

/** The program as it is in the repository, without a build. */
export const programFile = join(packageRoot, 'src/cli/main.ts');

/** An empty directory to run in, so that no postern.yaml of anybody's is found. */
const home = mkdtempSync(join(tmpdir(), 'postern-cli-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

/** Milliseconds after which what should have ended is killed, so that its test fails and not hangs. */
const patienceMs = 100_000;

/** How a program of a test is started. */
export interface CommandOptions extends Pick<ProcessOptions, 'through'> {
  readonly cwd?: string;
  /** The command that is `postern`. Default: the sources of the checkout, by the Node.js of the test. */
  readonly postern?: readonly string[];
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
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: CommandOptions = {},
): Promise<Ended> {
  return spawnCommand(args, env, { ...options, timeout: patienceMs }).ended;
}

/** Starts a command of the program, for those who do not wait for its end. */
export function spawnCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  {
    postern = [process.execPath, programFile],
    ...options
  }: CommandOptions & Pick<ProcessOptions, 'timeout'> = {},
): StartedProcess {
  return spawnProcess([...postern, ...args], {
    cwd: home,
    ...options,
    env: { NODE_COMPILE_CACHE: join(home, 'cache'), ...env },
  });
}

/** The command ended as it should; returns what it said on standard output. */
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
