import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { StoreMeter } from '../../../src/store/port/store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { createTokenCounts } from '../../../src/telemetry/metrics/token-counts.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { anEntry } from '../../../testkit/postern/audit.ts';
import { scrape, scrapeCounted } from '../../../testkit/postern/metrics.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { waitFor } from '../../../testkit/wait.ts';
import { newToken } from '../../store/contract.ts';

test('tokens are counted by kind and state', async (t) => {
  let now = Date.now();
  const postern = await startTestPostern(t, { clock: () => now });
  const used = await postern.issueTicket();
  await postern.issueTicket();
  const revoked = await postern.issue();
  await postern.issue();
  await postern.issue({ not_before: new Date(now + 60_000).toISOString() });
  await postern.issue({ expires_in: 1 });
  await ask(postern.gate, { 'x-original-uri': `/?token=${used.token}` });
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  now += 1_000;
  const { samples } = await scrapeCounted(postern.admin);
  const counts = samples
    .filter(({ name, value }) => name === 'postern_tokens' && value > 0)
    .map(({ labels: { kind, state }, value }) => [kind, state, value]);
  assert.deepEqual(counts.sort(), [
    ['ticket', 'active', 1],
    ['ticket', 'used', 1],
    ['token', 'active', 1],
    ['token', 'expired', 1],
    ['token', 'pending', 1],
    ['token', 'revoked', 1],
  ]);
});

test('tokens are counted in a thread of its own, which ends with the count', async (t) => {
  const reads: string[] = [];
  const meter: StoreMeter = {
    done: (operation) => void reads.push(operation),
    committed() {},
    failed() {},
  };
  const store = openSqliteStore(temporaryDirectory(t), meter);
  await store.tokens.insert(newToken('tok_1'), anEntry());
  const threads: Worker[] = [];
  const onWorker = (thread: Worker) => void threads.push(thread);
  process.on('worker', onWorker);
  t.after(() => process.off('worker', onWorker));
  reads.length = 0;
  const counted = await store.tokens.count(Date.now());
  assert.deepEqual(counted, [{ kind: 'token', state: 'active', count: 1 }]);
  assert.equal(threads.length, 1);
  assert.deepEqual(reads, [], 'the connection of decisions was asked for nothing');
  await new Promise((resolve) => threads[0]?.once('exit', resolve));
  await store.close();
});

test('a store that is closed while tokens are counted waits for nothing', async (t) => {
  const store = openSqliteStore(temporaryDirectory(t));
  const counting = assert.rejects(store.tokens.count(Date.now()), { name: 'StoreUnavailable' });
  await store.close();
  await counting;
});

test('a count that takes for ever holds up no scrape, and the next one sees the one before', async () => {
  let now = 0;
  const finish: ((count: number) => void)[] = [];
  const counts = createTokenCounts({
    count: () =>
      new Promise((resolve) => {
        finish.push((count) => resolve([{ kind: 'token', state: 'active', count }]));
      }),
    failed: () => assert.fail('nothing failed'),
    clock: () => now,
  });
  await counts.refresh();
  assert.deepEqual(counts.latest(), []);
  now += 100_000;
  await counts.refresh();
  assert.equal(finish.length, 1, 'one count at a time');
  finish[0]?.(3);
  await counts.refresh();
  assert.deepEqual(counts.latest()[0], { kind: 'token', state: 'active', count: 3 });
  assert.equal(counts.latest().length, 15, 'every kind in every state');
});

test('tokens are counted at most once in 30 seconds, and a failed count leaves the last one', async () => {
  let now = 0;
  let begun = 0;
  const failures: unknown[] = [];
  const counts = createTokenCounts({
    count: async () => {
      if (++begun === 3) throw new Error('no disk');
      return [{ kind: 'token', state: 'active', count: begun }];
    },
    failed: (error) => void failures.push(error),
    clock: () => now,
  });
  for (const [at, count] of [
    [0, 1],
    [29_999, 1],
    [30_000, 2],
    [59_999, 2],
    [60_000, 2],
    [-60_000, 4],
  ] as const) {
    now = at;
    await counts.refresh();
    assert.equal(counts.latest()[0]?.count, count, `at ${at}`);
  }
  assert.equal(failures.length, 1);
});

test('a store whose file cannot be read says so, and the scrape goes on without the numbers', async (t) => {
  const postern = await startTestPostern(t);
  for (const name of readdirSync(postern.dataDir)) rmSync(join(postern.dataDir, name));
  await waitFor('the fault', async () => {
    const { status, samples, value } = await scrape(postern.admin);
    assert.equal(status, 200);
    assert.ok(samples.every(({ name }) => name !== 'postern_tokens'));
    return value('postern_faults_total') === 1;
  });
  assert.equal(postern.log.at(-1)?.msg, 'tokens could not be counted');
});
