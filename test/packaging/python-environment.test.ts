import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findNginxOfPython, needPython, requirementsFile } from '../../scripts/python.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

/** Makes an environment in a home of its own, with an index that nobody can reach. */
function makeWithoutIndex(t: TestContext, requirements: string) {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'requirements.txt');
  const home = join(directory, 'home');
  writeFileSync(file, requirements);
  const module = join(packageRoot, 'scripts/python.ts');
  const make = () =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { makePythonEnvironment } from '${module}';
         console.log(makePythonEnvironment({ home: '${home}', requirements: '${file}' }));`,
      ],
      {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, PIP_INDEX_URL: 'http://127.0.0.1:1/', PIP_RETRIES: '0' },
      },
    );
  return { home, file, make };
}

test('every Python package is pinned by version and hash, the ones that are asked for among them', () => {
  const pinned = readFileSync(requirementsFile, 'utf8').replaceAll(' \\\n', ' ');
  const pins = pinned.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const pin of pins) {
    assert.match(pin, /^[a-z\d_-]+==\d[\w.]*( +--hash=sha256:[\da-f]{64})+$/);
  }
  const asked = readFileSync(requirementsFile.replace(/txt$/, 'in'), 'utf8');
  const names = asked.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(names.length > 4);
  for (const name of names) assert.ok(pinned.includes(`\n${name} `), name);
});

test('without an index there is no environment and a clear error, and nothing half made stays', (t) => {
  const hash = 'a'.repeat(64);
  const { home, make } = makeWithoutIndex(t, `starlette==1.10.0 --hash=sha256:${hash}\n`);
  const { status, stderr } = make();
  assert.equal(status, 1);
  assert.match(stderr, /-m pip --python .* failed/);
  assert.match(stderr, /No matching distribution found for starlette/);
  assert.deepEqual(readdirSync(home), []);
});

test('an environment is made once, and again only for other packages', (t) => {
  const { home, file, make } = makeWithoutIndex(t, '# none\n');
  const first = make();
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /Making a Python environment/);
  assert.equal(make().stderr, '');
  // As one is left that was interrupted: no process has this number.
  mkdirSync(join(home, `${'0'.repeat(16)}.99999999`));
  writeFileSync(file, '# none, in other words\n');
  const second = make();
  assert.notEqual(second.stdout, first.stdout);
  assert.deepEqual(readdirSync(home), [second.stdout.trim().split('/').at(-1)]);
});

test('the environment of the tests has the nginx that it promises', () => {
  const nginx = findNginxOfPython(needPython());
  assert.ok(existsSync(nginx), nginx);
  assert.match(spawnSync(nginx, ['-v'], { encoding: 'utf8' }).stderr, /nginx\/1\.31\.3/);
});
