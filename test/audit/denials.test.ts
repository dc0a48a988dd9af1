import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createDenialRecorder } from '../../src/audit/denials.ts';
import type { AuditEntry } from '../../src/core/model/audit.ts';
import type { DenialCode } from '../../src/core/model/denials.ts';
import { StoreUnavailable } from '../../src/core/model/errors.ts';
import type { DecisionRecord } from '../../src/core/model/events.ts';
import { deny } from '../../src/core/model/verdict.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { auditSampling, createSampler } from '../../src/telemetry/sampler.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { recordsOf, verified } from '../../testkit/postern/audit.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const handshake = { ...handshakeHeaders, 'x-postern-gate': 'chat' };

/** A denial of a handshake, but for these facts. */
function denied(reason: DenialCode, facts: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    requestId: 'r',
    at: 1_000,
    milliseconds: 1,
    gate: 'chat',
    matchedBy: undefined,
    verdict: deny(reason),
    method: 'GET',
    host: 'app.example.com',
    path: '/',
    origin: undefined,
    upgrade: true,
    clientAddress: '203.0.113.7',
    ...facts,
  };
}

/** Something that writes denials, and what it has written. */
function openFixture(t: TestContext) {
  const written: AuditEntry[] = [];
  const fixture = { failure: undefined as Error | undefined, reports: [] as unknown[], isOn: true };
  const denials = createDenialRecorder({
    store: {
      async append(entries) {
        if (fixture.failure !== undefined) throw fixture.failure;
        written.push(...entries);
      },
    },
    isOn: () => fixture.isOn,
    report: (error) => void fixture.reports.push(error),
    clock: () => 1_000,
  });
  t.after(() => denials.finish());
  return { fixture, denials, written };
}

const total = (entries: readonly { count?: number | null | undefined }[]) =>
  entries.reduce((sum, { count }) => sum + (count ?? 1), 0);

test('a denied handshake is told with who, where and why, and a page load without a credential is not', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue({ subject: 'alice', gates: ['grist'] });
  await ask(postern.gate, { 'x-postern-gate': 'chat' });
  await ask(postern.gate, { ...handshake });
  await ask(postern.gate, { ...handshake, authorization: `Bearer ${token}` });
  const { request_id } = postern.lastDecision();
  await ask(postern.gate, { 'x-postern-gate': 'chat', authorization: 'Bearer nonsense' });
  await postern.close();
  const store = openSqliteStore(postern.dataDir);
  t.after(() => store.close());
  // Each worker writes what it has denied, all of a second together.
  const records = (await recordsOf(store))
    .filter(({ event }) => event === 'denial')
    .sort((a, b) => a.at - b.at);
  const shown = records.map(({ reason, subject, tokenId, kind, gate, client, actor }) => {
    assert.deepEqual([gate, client, actor], ['chat', '203.0.113.7', 'postern']);
    return [reason, subject, tokenId, kind];
  });
  assert.deepEqual(shown, [
    ['no_credential', null, null, null],
    ['wrong_gate', 'alice', id, 'token'],
    ['unknown_token', null, null, null],
  ]);
  assert.equal(records[1]?.requestId, request_id);
  assert.deepEqual(JSON.parse(records[1]?.details ?? ''), { source: 'bearer', upgrade: true });
  assert.equal((await verified(store)).fault, undefined);
});

test('denials can be left out, and the refusals of the admin API cannot', async (t) => {
  const { fixture, denials, written } = openFixture(t);
  fixture.isOn = false;
  denials.events.decided(denied('revoked'));
  denials.events.adminDenied({ reason: 'unauthorized', key: undefined, client: undefined });
  await denials.finish();
  assert.deepEqual(
    written.map(({ event }) => event),
    ['admin_denial'],
  );
});

test('a reload puts another setting for denials in force', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, 'audit: { denials: false }');
  const postern = await startTestPostern(t, { config });
  await ask(postern.gate, handshake);
  writeFileSync(config, 'audit: { denials: true }');
  await postern.api('POST', '/v1/config/reload');
  await ask(postern.gate, { ...handshake, authorization: 'Bearer nonsense' });
  await postern.close();
  const store = openSqliteStore(postern.dataDir);
  t.after(() => store.close());
  const reasons = (await recordsOf(store)).map(({ event, reason }) => [event, reason]);
  assert.deepEqual(reasons, [
    ['reload', null],
    ['denial', 'unknown_token'],
  ]);
});

test('a flood of 20,000 denials is a few entries, and the counts are right', async (t) => {
  const store = openSqliteStore(join(temporaryDirectory(t), 'data'));
  t.after(() => store.close());
  const denials = createDenialRecorder({
    store: store.audit,
    isOn: () => true,
    report: assert.ifError,
    clock: () => 1_000,
  });
  const reasons = ['unknown_token', 'expired'] as const;
  for (let i = 0; i < 20_000; i++) {
    const clientAddress = `203.0.${i % 7}.${i % 250}`;
    const reason = reasons[i % 10 === 0 ? 1 : 0];
    denials.events.decided(denied(reason, { at: 1_000 + i, clientAddress }));
  }
  await denials.finish();
  const records = await recordsOf(store);
  assert.ok(
    records.length <= 2 * 7 * (auditSampling.fullEntriesPerKey + 1),
    `${records.length} entries`,
  );
  const sum = (reason: string) => total(records.filter((record) => record.reason === reason));
  assert.deepEqual([sum('unknown_token'), sum('expired')], [18_000, 2_000]);
  const counted = records.find(({ count, reason }) => count !== null && reason === 'expired');
  assert.match(counted?.client ?? '', /^203\.0\.\d\.0\/24$/);
  assert.match(counted?.details ?? '', /^{"first":"1970-01-01T00:00:\d\d\.\d{3}Z","last":"1970-/);
  assert.equal((await verified(store)).fault, undefined);
});

test('however many clients and gates there are, entries and memory are bounded, and nothing is uncounted', () => {
  const sampler = createSampler(auditSampling);
  const entries: AuditEntry[] = [];
  for (let i = 0; i < 50_000; i++) {
    const client = `2001:db8:${(i % 50_000).toString(16)}::1`;
    const entry = sampler.sample({
      ...{ at: i, event: 'denial', actor: { name: 'postern', client } },
      ...{ gate: `gate-${i % 300}`, reason: i % 2 === 0 ? 'unknown_token' : 'no_credential' },
    });
    if (entry !== undefined) entries.push(entry);
  }
  assert.equal(entries.length, auditSampling.fullEntries);
  const counted = sampler.endWindow();
  assert.ok(counted.length <= auditSampling.maxKeys + 2, `${counted.length} kinds`);
  assert.equal(total([...entries, ...counted]), 50_000);
  assert.deepEqual(sampler.endWindow(), []);
});

test('what happens seldom is told in full, in each window anew', () => {
  const sampler = createSampler(auditSampling);
  const entry: AuditEntry = {
    at: 1,
    event: 'denial',
    actor: { name: 'postern' },
    reason: 'expired',
  };
  for (let window = 0; window < 3; window++) {
    for (let i = 0; i < auditSampling.fullEntriesPerKey; i++)
      assert.equal(sampler.sample(entry), entry);
    assert.equal(sampler.sample(entry), undefined);
    assert.deepEqual(
      sampler.endWindow().map(({ count }) => count),
      [1],
    );
  }
});

test('counts are written at the end of the minute', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { denials, written } = openFixture(t);
  for (let i = 0; i < 100; i++) denials.events.decided(denied('revoked'));
  t.mock.timers.tick(1_000);
  assert.equal(written.length, auditSampling.fullEntriesPerKey);
  t.mock.timers.tick(58_000);
  assert.equal(written.length, auditSampling.fullEntriesPerKey);
  for (let second = 0; second < 2; second++) t.mock.timers.tick(1_000);
  assert.equal(written.at(-1)?.count, 100 - auditSampling.fullEntriesPerKey);
  denials.events.decided(denied('revoked'));
  t.mock.timers.tick(1_000);
  assert.equal(written.length, auditSampling.fullEntriesPerKey + 2);
});

test('while the store cannot be written denials wait, bounded, and are reported once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { fixture, denials, written } = openFixture(t);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  fixture.failure = new StoreUnavailable('token store: disk I/O error');
  for (let minute = 0; minute < 60; minute++) {
    for (let i = 0; i < 200; i++) denials.events.decided(denied('revoked', { gate: `g${i}` }));
    for (let second = 0; second < 60; second += 5) {
      t.mock.timers.tick(5_000);
      await settle();
    }
  }
  assert.deepEqual(fixture.reports, [fixture.failure]);
  fixture.failure = undefined;
  t.mock.timers.tick(5_000);
  await settle();
  assert.equal(written.length, 1_000);
});
