import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogOutput } from '../../src/telemetry/log/log-output.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { waitFor } from '../../testkit/wait.ts';

test('a pipe that nobody reads holds a bounded part of the log, which says later how much was lost', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(pipe));
  const output = openLogOutput(pipe, 65_536);
  const count = 8_000;
  for (let i = 0; i < count; i++) output.write(`${String(i).padStart(999)}\n`);
  output.flush(() => {});

  let received = '';
  const bytes = Buffer.alloc(65_536);
  const read = () => {
    try {
      received += bytes.toString('latin1', 0, readSync(pipe, bytes));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    }
    return received.includes('"event":"log"') && received.endsWith('\n');
  };
  await waitFor('the line about lost ones', read);
  const lines = received.split('\n').slice(0, -1);
  const told = JSON.parse(lines.at(-1) ?? '') as { lost: number; level: string };
  assert.equal(told.level, 'warn');
  assert.equal(lines.length - 1 + told.lost, count, 'every line came or was counted');
  assert.ok(told.lost > 0 && received.length < 5_000_000, `${received.length} bytes`);
  assert.deepEqual(
    lines.slice(0, 3).map((line) => Number(line)),
    [0, 1, 2],
    'in order',
  );
});
