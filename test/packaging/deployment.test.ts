import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needProgram } from '../../scripts/programs.ts';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

const directory = join(packageRoot, 'deploy/systemd');
const read = (file: string) => readFileSync(join(directory, file), 'utf8');
const unit = read('postern.service');
const page = readFileSync(join(packageRoot, 'docs/deployment.md'), 'utf8');

/** Values of a directive, in order. */
function valuesOf(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** The unit with programs that are on this machine, in a file of the same name. */
function placeUnit(t: TestContext, change = (text: string) => text): string {
  const path = join(temporaryDirectory(t), 'postern.service');
  const here = unit.replace('/usr/bin/node /opt/postern', `${process.execPath} ${packageRoot}`);
  assert.notEqual(here, unit);
  writeFileSync(path, change(here));
  return path;
}

test('systemd understands every line of the unit', (t) => {
  const systemdAnalyze = needProgram('systemd-analyze');
  assert.equal(run(systemdAnalyze, ['verify', placeUnit(t)]), '');
  const wrong = placeUnit(t, (text) =>
    text.replace('ProtectSystem=strict', 'ProtectSistem=strict'),
  );
  const { stderr } = spawnSync(systemdAnalyze, ['verify', wrong], { encoding: 'utf8' });
  assert.match(stderr, /ProtectSistem/, 'what it does not understand is told');
});

test('systemd understands the socket unit, which opens what is configured by default', (t) => {
  const path = join(dirname(placeUnit(t)), 'postern.socket');
  const socket = read('postern.socket');
  writeFileSync(path, socket);
  assert.equal(run(needProgram('systemd-analyze'), ['verify', path]), '');
  const { config } = loadConfig({ env: {} });
  assert.match(
    socket,
    new RegExp(`^ListenStream=${renderListenAddress(config.gate.listen)}$`, 'm'),
  );
  assert.match(socket, /^FileDescriptorName=gate$/m);
});

test('systemd rates the unit as docs/deployment.md says', (t) => {
  const report = run(needProgram('systemd-analyze'), [
    ...['security', '--offline=true', '--no-pager'],
    placeUnit(t),
  ]);
  const [, rating] = /Overall exposure level for postern\.service: ([\d.]+) /.exec(report) ?? [];
  const [, told] = /rates it at ([\d.]+) of 10/.exec(page) ?? [];
  // A newer systemd may know one more thing to take away.
  assert.ok(Number(rating) <= Number(told) + 0.2, `${rating}, told ${told}`);
});

test('the unit takes away what Postern does without, and no more', () => {
  assert.deepEqual(valuesOf('CapabilityBoundingSet'), ['']);
  assert.deepEqual(valuesOf('ProtectSystem'), ['strict']);
  assert.deepEqual(valuesOf('SystemCallFilter'), ['@system-service', '~@privileged @resources']);
  assert.deepEqual(valuesOf('RestrictAddressFamilies'), ['AF_INET AF_INET6 AF_UNIX']);
  // JavaScript would not run.
  assert.deepEqual(valuesOf('MemoryDenyWriteExecute'), ['no']);
  assert.deepEqual(valuesOf('ReadWritePaths'), [], 'StateDirectory and RuntimeDirectory suffice');
});

test('the unit names settings that exist, and places that the other files make', () => {
  const environment = valuesOf('Environment').map((line) => line.split('='));
  const known = settings.map(({ variable }) => variable);
  const ours = environment.filter(([name = '']) => name.startsWith('POSTERN_'));
  assert.deepEqual(
    ours.map(([name = '']) => name).filter((name) => !known.includes(name)),
    [],
  );
  assert.deepEqual(ours.map(([, value]) => value).sort(), ['%d/admin.key', '/var/lib/postern']);
  assert.deepEqual(valuesOf('LoadCredential'), ['admin.key:/etc/postern/admin.key']);
  assert.match(valuesOf('ExecStart')[0] ?? '', /bin\/postern\.js serve$/);
  assert.equal(valuesOf('ExecReload')[0], '/bin/kill -HUP $MAINPID');
  for (const path of ['/etc/postern', '/var/lib/postern']) {
    assert.match(read('tmpfiles.conf'), new RegExp(`^d ${path} `, 'm'));
  }
});

// To make users takes root. These lines are few, and hold what matters to the letter.
test('the user cannot log in, and its directories are closed to others', () => {
  const lines = (file: string) =>
    read(file)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(lines('sysusers.conf'), [
    'u postern - "Postern" /var/lib/postern /usr/sbin/nologin',
  ]);
  assert.deepEqual(lines('tmpfiles.conf'), [
    'd /etc/postern 0750 root postern -',
    'z /etc/postern/postern.yaml 0640 root postern -',
    'z /etc/postern/admin.key 0600 root root -',
    'd /var/lib/postern 0700 postern postern -',
  ]);
});

test('docs/deployment.md installs every file of deploy/systemd', () => {
  for (const file of readdirSync(directory))
    assert.ok(page.includes(`deploy/systemd/${file}`), file);
});
