import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { unitTests } from '../../scripts/unit-tests.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

/** Runs one test, whose body is given, as a unit test. */
function runAsUnitTest(t: TestContext, body: string) {
  const file = join(temporaryDirectory(t), 'one.test.ts');
  writeFileSync(
    file,
    `import { spawnSync } from 'node:child_process';
     import { Worker } from 'node:worker_threads';
     import { test } from 'node:test';
     test('one', () => { ${body} });`,
  );
  // Not as a part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, ['scripts/run-unit-tests.ts', file], {
    cwd: packageRoot,
    env,
    encoding: 'utf8',
  });
}

test('every unit test of the list exists', () => {
  for (const pattern of unitTests) {
    assert.notDeepEqual(globSync(pattern, { cwd: packageRoot }), [], pattern);
  }
});

test('a unit test that starts a program or a thread fails, and any other does not', (t) => {
  const plain = runAsUnitTest(t, '');
  assert.equal(plain.status, 0, plain.stdout + plain.stderr);
  assert.match(plain.stdout, /pass 1\n/);
  for (const body of ["spawnSync('true');", "new Worker('', { eval: true });"]) {
    const { status, stdout } = runAsUnitTest(t, body);
    assert.equal(status, 1, body);
    assert.match(stdout, /ERR_ACCESS_DENIED/);
  }
});
