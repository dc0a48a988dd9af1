import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { nginxFiles, packageRoot, version } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { readExample } from '../../testkit/doctor/pages.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startRegistry } from '../../testkit/servers/registry.ts';

// The package as it would be published: packed, looked through, installed into an empty folder, and
// used there by the Node.js of the checkout and by that of the oldest line that is supported. The
// registry that it is installed from is on loopback.

/** The archive, and what npm says of it. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Bytes and files; to ship more than this takes a decision. */
const limits = { size: 1_200_000, unpackedSize: 4_600_000, files: 160 };

/** Folders and files of the package; npm itself adds package.json, README.md and LICENSE. */
const shipped =
  /^(?:(?:bin|dist|docs\/doctor|migrations|nginx|schema)\/|[A-Z]+(?:\.md)?$|package\.json$)/;

const execute = promisify(execFile);

test('the packed package', async (t) => {
  const directory = temporaryDirectory(t);
  const npm = npmIn(directory, await startRegistry(t));
  const copy = join(directory, 'copy');
  copyCheckout(copy);
  await execute(process.execPath, ['scripts/build.ts'], { cwd: copy });
  const packing = await npm(
    copy,
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    directory,
  );
  const [packed] = Object.values(JSON.parse(packing) as Record<string, Packed>);
  assert.ok(packed);
  const archive = join(directory, packed.filename);

  await t.test('has what it ships and nothing else, and is as small as was decided', () => {
    const paths = packed.files.map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => !shipped.test(path)),
      [],
    );
    for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'schema/postern.schema.json']) {
      assert.ok(paths.includes(path), path);
    }
    for (const name of ['size', 'unpackedSize'] as const) {
      assert.ok(packed[name] <= limits[name], `${name} is ${packed[name]}`);
    }
    assert.ok(paths.length <= limits.files, `${paths.length} files`);
  });

  await t.test('publint finds nothing wrong with it', async () => {
    const { buffer } = new Uint8Array(readFileSync(archive));
    const { messages, pkg = {} } = await publint({ pack: { tarball: buffer }, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      [],
    );
  });

  const home = join(directory, 'empty');
  mkdirSync(home);
  await npm(home, 'install', archive);
  const program = join(home, 'node_modules/.bin/postern');
  for (const place of ['.', 'testkit/node22']) {
    const node = join(packageRoot, place, 'node_modules/node/bin/node');
    const { stdout } = await execute(node, ['--version']);
    await t.test(`installed, works by Node.js ${stdout.trim()}`, (t) => use(t, [node, program]));
  }
});

/** The checkout without what is in no commit. */
function copyCheckout(to: string): void {
  const leaveOut = ['.git', 'node_modules', 'dist', 'data', '.env'];
  cpSync(packageRoot, to, {
    recursive: true,
    filter: (path) => !leaveOut.includes(relative(packageRoot, path)),
  });
  symlinkSync(join(packageRoot, 'node_modules'), join(to, 'node_modules'));
}

/** Runs npm with a configuration and a cache of its own. */
function npmIn(directory: string, registry: string) {
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    npm_config_registry: registry,
    npm_config_cache: join(directory, 'cache'),
    npm_config_globalconfig: '/dev/null',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
  return async (cwd: string, ...args: string[]) => {
    const { stdout } = await execute('npm', args, { cwd, env });
    return stdout;
  };
}

/** Serves, renders and diagnoses by the installed program. */
async function use(t: TestContext, postern: readonly string[]): Promise<void> {
  const { env, directory } = programEnvironment(t);
  const options = { postern, cwd: directory };
  assert.equal(succeeded(await runCommand(['--version'], {}, options)), `${version}\n`);

  const { gate } = await startTestProgram(t, { env, ...options });
  const token = succeeded(await runCommand(['token', 'issue', 'alice'], env, options)).trim();
  const allowed = await ask(gate, { authorization: `Bearer ${token}` });
  assert.deepEqual([allowed.status, allowed.headers['remote-user']], [200, 'alice']);
  assert.equal((await ask(gate, { authorization: 'Bearer pst_wrong' })).status, 401);

  succeeded(await runCommand(['nginx', 'render', '--out', 'rendered'], {}, options));
  const rendered = join(directory, 'rendered');
  assert.ok(readdirSync(rendered).includes('postern-server.conf'));
  for (const name of readdirSync(rendered).filter((name) => name.endsWith('.conf'))) {
    const text = readFileSync(join(rendered, name), 'utf8');
    assert.equal(text, readFileSync(join(nginxFiles, name), 'utf8'), name);
  }

  for (const [name, text] of Object.entries(readExample('PD001', 'Wrong'))) {
    writeFileSync(join(directory, name), text);
  }
  const diagnosis = await runCommand(['doctor', 'config', 'site.conf'], {}, options);
  assert.equal(diagnosis.code, 1, diagnosis.stderr);
  assert.match(diagnosis.stdout, /^fault PD001 A denied handshake is redirected\n/);
}
