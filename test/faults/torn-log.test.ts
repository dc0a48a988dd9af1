import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { runCommand } from '../../testkit/postern/command.ts';
import type { Issued } from '../../testkit/postern/issued.ts';
import {
  type ProgramEnvironment,
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../testkit/postern/program.ts';

// What SQLite promises of a write-ahead log (https://sqlite.org/fileformat2.html#walformat): frames
// count up to the last commit whose checksums hold, and nothing behind it does.

/** What a service did, one acknowledged write after the other, and how long the log was after each. */
interface History {
  readonly before: ProgramEnvironment;
  readonly steps: readonly { readonly token: Issued; readonly end: number }[];
}

/** Issues tokens, and leaves the log behind as a crash does. */
async function makeHistory(t: TestContext, count: number): Promise<History> {
  const before = programEnvironment(t);
  const service = await startTestProgram(t, { env: before.env });
  const steps = [];
  for (let i = 0; i < count; i++) {
    const token = await service.issue('tickets');
    steps.push({ token, end: statSync(join(before.dataDir, 'postern.db-wal')).size });
  }
  await service.end('SIGKILL');
  return { before, steps };
}

/** Starts a service on a copy of the files, after something was done to the copy. */
async function startOnCopy(
  t: TestContext,
  { before }: History,
  change: (dataDir: string) => void,
): Promise<{ service: TestProgram; env: ProgramEnvironment['env'] }> {
  const { env, dataDir } = programEnvironment(t);
  mkdirSync(dataDir, { mode: 0o700 });
  cpSync(before.dataDir, dataDir, { recursive: true });
  change(dataDir);
  return { service: await startTestProgram(t, { env }), env };
}

describe('a write-ahead log that a crash left torn', () => {
  test('garbage at its end takes nothing away', async (t) => {
    const history = await makeHistory(t, 10);
    const { service, env } = await startOnCopy(t, history, (dataDir) => {
      appendFileSync(join(dataDir, 'postern.db-wal'), randomBytes(10_000));
    });
    for (const { token } of history.steps) assert.equal(await service.knock(token), '200');
    for (const { token } of history.steps) {
      assert.equal(await service.knock(token), '401 already_used');
    }
    assert.equal((await runCommand(['store', 'check'], env)).code, 0);
  });

  test('cut anywhere, it keeps every write before the cut and none behind it', async (t) => {
    const history = await makeHistory(t, 10);
    const { steps } = history;
    for (const [kept, end] of [
      [10, steps[9]?.end ?? 0],
      [9, (steps[9]?.end ?? 0) - 1],
      [5, steps[4]?.end ?? 0],
      [5, (steps[4]?.end ?? 0) + 30],
      [4, (steps[4]?.end ?? 0) - 4_000],
    ] as const) {
      const { service, env } = await startOnCopy(t, history, (dataDir) => {
        truncateSync(join(dataDir, 'postern.db-wal'), end);
      });
      const said = await Promise.all(steps.map(({ token }) => service.knock(token)));
      assert.deepEqual(
        said,
        steps.map((_, i) => (i < kept ? '200' : '401 unknown_token')),
        `cut at ${end}`,
      );
      assert.equal((await runCommand(['store', 'check'], env)).code, 0);
      await service.end('SIGTERM');
    }
  });

  test('a ticket that was used before the cut stays used', async (t) => {
    const before = programEnvironment(t);
    const first = await startTestProgram(t, { env: before.env });
    const [used, later] = [await first.issue('tickets'), await first.issue('tickets')];
    assert.equal(await first.knock(used), '200');
    const { size } = statSync(join(before.dataDir, 'postern.db-wal'));
    assert.equal(await first.knock(later), '200');
    await first.end('SIGKILL');
    const { service } = await startOnCopy(t, { before, steps: [] }, (dataDir) => {
      truncateSync(join(dataDir, 'postern.db-wal'), size);
    });
    assert.equal(await service.knock(used), '401 already_used');
    // The disk lost what it had said to be written: nothing on this machine knows of it.
    assert.equal(await service.knock(later), '200');
    assert.equal(await service.knock(later), '401 already_used');
  });

  test('a log of nothing but garbage, and one of no bytes, leave what the database has', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const token = await service.issue();
    await service.end('SIGTERM');
    const log = join(dataDir, 'postern.db-wal');
    assert.equal(existsSync(log), false);
    for (const bytes of [0, 20_000]) {
      appendFileSync(log, randomBytes(bytes));
      const again = await startTestProgram(t, { env });
      assert.equal(await again.knock(token), '200');
      await again.end('SIGTERM');
    }
  });
});
