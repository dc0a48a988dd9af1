/**
 * Runs the whole suite, or the files on the command line, in parallel. Exits with 0 only when every
 * test passed. With POSTERN_TEST_WORKERS=2 each service under test has two workers.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { workersVariable } from '../testkit/postern/worker-count.ts';

const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync('test/**/*.test.ts').sort();
// The environment of the user must not affect the tests.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !name.startsWith('POSTERN_') || name === workersVariable,
  ),
);
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-timeout=120000', ...files],
  { stdio: 'inherit', env },
);
process.exit(status ?? 1);
