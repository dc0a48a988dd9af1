/**
 * Runs the unit tests, or the files named on the command line, in one process that may start no
 * other program and no thread: a test that tries fails.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { unitTests } from './unit-tests.ts';

const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync([...unitTests]).sort();
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_')),
);
const { status } = spawnSync(
  process.execPath,
  [
    ...['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'],
    ...['--test', '--test-isolation=none', '--test-reporter=spec', '--test-timeout=60000'],
    ...files,
  ],
  { stdio: 'inherit', env },
);
process.exitCode = status ?? 1;
