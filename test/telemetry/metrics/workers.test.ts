import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connectAdmin } from '../../../src/cli/toolkit/admin-client.ts';
import { createMetricTotals } from '../../../src/cluster/metric-totals.ts';
import { definitions } from '../../../src/telemetry/metrics/definitions.ts';
import type { Snapshot } from '../../../src/telemetry/metrics/snapshot.ts';
import { adminKey } from '../../../testkit/postern/admin-key.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { scrape } from '../../../testkit/postern/metrics.ts';
import { startTestProgram, type TestProgram } from '../../../testkit/postern/program.ts';
import { waitFor } from '../../../testkit/wait.ts';

/** Asks that many times, each over a connection of its own, so that any worker may get it. */
async function askOften({ gate }: TestProgram, times: number): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => ask(gate)));
}

const decided = async ({ admin }: TestProgram) =>
  (await scrape(admin)).sum(definitions.decisions.name, { reason: 'no_credential' });

/** Workers of a primary process. */
function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

test('whichever worker is asked answers with the sum over all', async (t) => {
  const served = await startTestProgram(t, { env: { POSTERN_WORKERS: '2' } });
  await askOften(served, 60);
  // Over a connection of its own each: some of them reach the one worker, some the other.
  for (let i = 0; i < 6; i++) assert.equal(await decided(served), 60);
  const { value, sum, samples } = await scrape(served.admin);
  assert.equal(value('postern_workers'), 2);
  assert.equal(value('postern_worker_restarts_total'), 0);
  assert.equal(value('postern_decision_duration_seconds_count'), 60);
  assert.equal(value('postern_config_last_reload_successful'), 1);
  assert.equal(value('postern_build_info'), 1);
  assert.equal(sum('postern_admin_requests_total', { route: '/metrics' }), 6);
  const lines = samples.map(({ name, labels }) => JSON.stringify([name, labels]));
  assert.equal(new Set(lines).size, lines.length, 'each series stands there once');
});

test('tokens are counted once for all workers', async (t) => {
  const served = await startTestProgram(t, { env: { POSTERN_WORKERS: '2' } });
  const client = connectAdmin({ listen: served.admin, key: adminKey }, undefined);
  for (let i = 0; i < 5; i++) await client.send('POST', '/v1/tokens', { subject: 'alice' });
  const counted = async () => (await scrape(served.admin)).sum('postern_tokens');
  await waitFor('the count', async () => (await counted()) > 0);
  for (let i = 0; i < 6; i++) assert.equal(await counted(), 5);
});

test('what a worker had counted when it was killed stays in the sums, and its end is told', async (t) => {
  const served = await startTestProgram(t, { env: { POSTERN_WORKERS: '2' } });
  await askOften(served, 40);
  assert.equal(await decided(served), 40);
  for (const [round, victim] of [0, 1].entries()) {
    const before = workersOf(served.pid);
    process.kill(before[victim] as number, 'SIGKILL');
    await waitFor(
      'the replacement',
      () => served.stdout().split('a worker was replaced').length - 1 === round + 1,
    );
    assert.equal(await decided(served), 40);
    const { value } = await scrape(served.admin);
    assert.equal(value('postern_worker_restarts_total'), round + 1);
    assert.equal(value('postern_workers'), 2);
  }
  await askOften(served, 10);
  assert.equal(await decided(served), 50);
});

test('a worker that hangs counts with what it said last', async (t) => {
  const served = await startTestProgram(t, { env: { POSTERN_WORKERS: '2' } });
  await askOften(served, 40);
  assert.equal(await decided(served), 40);
  const [hanging] = workersOf(served.pid) as [number];
  process.kill(hanging, 'SIGSTOP');
  const scrapes = Array.from({ length: 16 }, () => decided(served));
  try {
    // Those that reach the other worker are answered; the first that is, is enough.
    assert.equal(await Promise.any(scrapes), 40);
  } finally {
    process.kill(hanging, 'SIGCONT');
  }
  assert.deepEqual(new Set(await Promise.all(scrapes)), new Set([40]));
});

function snapshot(process: number, counted: number, measured: number): Snapshot {
  const one = (value: number) => [{ labels: {}, value }];
  return {
    process,
    families: [
      { name: 'c_total', help: '', type: 'counter', aggregator: 'sum', values: one(counted) },
      { name: 'g', help: '', type: 'gauge', aggregator: 'sum', values: one(measured) },
    ],
  };
}

/** The sums of all snapshots, by name. */
function sums(snapshots: readonly Snapshot[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { name, values } of snapshots.flatMap(({ families }) => families)) {
    for (const { value } of values) found[name] = (found[name] ?? 0) + value;
  }
  return found;
}

test('sums of counters never go down, whoever comes and goes', () => {
  const totals = createMetricTotals();
  const restarts = definitions.workerRestarts.name;
  totals.record(snapshot(1, 10, 1));
  totals.record(snapshot(2, 5, 1));
  assert.deepEqual(sums(totals.all()), { c_total: 15, g: 2, [restarts]: 0 });
  totals.ended(1);
  totals.replaced();
  assert.deepEqual(sums(totals.all()), { c_total: 15, g: 1, [restarts]: 1 });
  totals.record(snapshot(3, 4, 1));
  totals.record(snapshot(2, 6, 1));
  totals.ended(3);
  totals.ended(99);
  totals.ended(undefined);
  assert.deepEqual(sums(totals.all()), { c_total: 20, g: 1, [restarts]: 1 });
});
