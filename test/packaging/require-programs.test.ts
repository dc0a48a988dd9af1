import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

/** Runs the script with a PATH in which there is nothing but an apt-get that only takes notes. */
function run(t: TestContext, names: string[], aptDoes = '') {
  const directory = temporaryDirectory(t);
  const notes = join(directory, 'notes');
  const script = `#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >> ${notes}
[ "$1" = update ] && exit 0
${aptDoes.replaceAll('BIN', directory)}
`;
  writeFileSync(join(directory, 'apt-get'), script, { mode: 0o755 });
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot, 'scripts/require-programs.ts'), ...names],
    { env: { PATH: directory }, encoding: 'utf8' },
  );
  return { status, stderr, apt: existsSync(notes) ? readFileSync(notes, 'utf8') : '' };
}

const isRoot = process.getuid?.() === 0;
const bringWrk = '/bin/ln -s /bin/false BIN/wrk; /bin/ln -s /bin/true BIN/openssl';

test('what is missing is installed in one go by root, and told to anybody else', (t) => {
  const { status, stderr, apt } = run(t, ['wrk', 'openssl'], bringWrk);
  if (isRoot) {
    assert.equal(status, 0, stderr);
    assert.equal(apt, 'update -qq\ninstall -y -qq --no-install-recommends wrk openssl\n');
  } else {
    assert.equal(status, 1);
    assert.match(stderr, /sudo apt-get install --no-install-recommends wrk openssl/);
    assert.equal(apt, '');
  }
});

test('nothing goes on without a program: a failed installation ends with its reason', (t) => {
  const failed = run(t, ['wrk'], 'echo "E: Unable to locate package" >&2; exit 100');
  assert.equal(failed.status, 1);
  if (isRoot) assert.match(failed.stderr, /apt-get install .*wrk failed:\nE: Unable to locate/);
  const useless = run(t, ['wrk'], 'exit 0');
  assert.equal(useless.status, 1);
  if (isRoot) assert.match(useless.stderr, /wrk cannot be used even after installation/);
});

test('a program that is not known is refused', (t) => {
  assert.match(run(t, ['emacs']).stderr, /emacs is none of the programs/);
});
