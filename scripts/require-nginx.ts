/**
 * Makes sure that the programs named (nginx, when none is) are there. On Debian and Ubuntu, as root,
 * what is missing is installed; anybody else is told what to install. Nothing goes on without.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian packages by the program they bring. */
const packages: Readonly<Record<string, string>> = { nginx: 'nginx', wrk: 'wrk' };

const wanted = ['nginx', ...process.argv.slice(2)];
const missing = wanted.filter((program) => !isInstalled(program));
if (missing.length > 0) install(missing);

function isInstalled(program: string): boolean {
  // Debian keeps nginx in /usr/sbin, which is not in every user's PATH.
  process.env.PATH = `${process.env.PATH}:/usr/sbin`;
  return spawnSync(program, ['-v']).error === undefined;
}

function install(programs: string[]): void {
  const names = programs.map((program) => packages[program] ?? program);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync('/usr/bin/apt-get')) {
    fail(
      `${programs.join(' and ')} ${programs.length > 1 ? 'are' : 'is'} missing. Install it first; on Debian and Ubuntu:\n  sudo apt-get install ${names.join(' ')}`,
    );
  }
  process.stderr.write(`Installing ${names.join(' ')} …\n`);
  const steps = [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ];
  for (const step of steps) {
    const { status, stdout, stderr } = spawnSync('apt-get', step, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
    });
    if (status !== 0) fail(`apt-get ${step.join(' ')} failed:\n${stdout}${stderr}`);
  }
  const still = programs.filter((program) => !isInstalled(program));
  if (still.length > 0) fail(`${still.join(', ')} cannot be found even after installation.`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
