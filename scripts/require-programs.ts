/**
 * Ensures that the programs on the command line are installed. As root on Debian and Ubuntu it
 * installs missing ones; otherwise it prints what to install and fails.
 */
import { spawnSync } from 'node:child_process';
import { findProgram, isProgramName, type ProgramName, packageOf } from './programs.ts';

const wanted = process.argv.slice(2).map((name) => {
  return isProgramName(name)
    ? name
    : fail(`${name} is none of the programs in scripts/programs.ts`);
});
const missing = wanted.filter((name) => findProgram(name) === undefined);
if (missing.length > 0) install(missing);

function install(names: ProgramName[]): void {
  const packages = names.map((name) => packageOf(name).package);
  const command = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    fail(
      `Missing: ${names.join(', ')}. Install what brings them first; on Debian and Ubuntu:
  sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
      names,
    );
  }
  process.stderr.write(`Installing ${packages.join(' ')} …\n`);
  for (const step of [['update', '-qq'], command]) {
    const { status, stdout, stderr } = spawnSync('apt-get', step, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
    });
    if (status !== 0) fail(`apt-get ${step.join(' ')} failed:\n${stdout}${stderr}`, names);
  }
  const still = names.filter((name) => findProgram(name) === undefined);
  if (still.length > 0) fail(`${still.join(', ')} cannot be used even after installation.`, still);
}

function fail(message: string, about: ProgramName[] = []): never {
  const hints = about.flatMap((name) => packageOf(name).hint ?? []);
  process.stderr.write(`${[message, ...hints].join('\n')}\n`);
  process.exit(1);
}
