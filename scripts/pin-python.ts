/**
 * Pins Python packages: resolves requirements.in of a directory (default: testkit/python) for all
 * supported Python versions and platforms, and writes requirements.txt with versions and hashes of
 * the wheels. Run it after a change of requirements.in.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needProgram } from './programs.ts';
import { requirementsFile } from './python.ts';

const [place] = process.argv.slice(2);
const pinned = place === undefined ? requirementsFile : join(place, 'requirements.txt');

/** Debian 12, Ubuntu 24.04, Debian 13. */
const versions = ['3.11', '3.12', '3.13'];
const platforms = ['x86_64', 'aarch64'].map((processor) =>
  ['manylinux_2_28', 'manylinux_2_17', 'manylinux2014'].map((libc) => `${libc}_${processor}`),
);

/** A package in the report of `pip install --report`. */
interface Resolved {
  readonly metadata: { readonly name: string; readonly version: string };
  readonly download_info: {
    readonly archive_info: { readonly hashes: { readonly sha256: string } };
  };
}

const directory = mkdtempSync(join(tmpdir(), 'postern-pins-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const hashes = new Map<string, Set<string>>();
for (const version of versions) {
  for (const platform of platforms) {
    for (const { metadata, download_info: from } of resolve(version, platform)) {
      const pin = `${metadata.name.toLowerCase()}==${metadata.version}`;
      const known = hashes.get(pin) ?? new Set();
      hashes.set(pin, known.add(from.archive_info.hashes.sha256));
    }
  }
}
const names = [...hashes.keys()].map((pin) => pin.split('==')[0]);
const twice = names.find((name, index) => names.indexOf(name) !== index);
if (twice !== undefined) throw new Error(`${twice} has not the same version for every Python`);
const lines = [...hashes].sort(([a], [b]) => (a < b ? -1 : 1)).map(renderPin);
writeFileSync(
  pinned,
  `# Written by scripts/pin-python.ts from requirements.in, for Python ${versions.join(', ')} on Linux.\n${lines.join('\n')}\n`,
);

function renderPin([pin, sums]: [string, Set<string>]): string {
  return [pin, ...[...sums].sort().map((sum) => `    --hash=sha256:${sum}`)].join(' \\\n');
}

function resolve(version: string, platform: readonly string[]): readonly Resolved[] {
  const report = run(needProgram('pip'), [
    ...['-m', 'pip', 'install', '--quiet', '--dry-run', '--ignore-installed', '--report', '-'],
    ...['--only-binary', ':all:', '--python-version', version, '--target', join(directory, 'none')],
    ...platform.flatMap((tag) => ['--platform', tag]),
    ...['-r', pinned.replace(/\.txt$/, '.in')],
  ]);
  return (JSON.parse(report) as { install: Resolved[] }).install;
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}
