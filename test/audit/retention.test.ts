import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import pino from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import { systemActor } from '../../src/core/model/audit.ts';
import { startPruning } from '../../src/maintenance/pruning.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { logEvents } from '../../src/telemetry/log/log-events.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { anEntry, recordsOf, tamper, verified } from '../../testkit/postern/audit.ts';

const day = 86_400_000;
const start = Date.parse('2027-01-01T00:00:00Z');

/** A store with an entry a day from the first of January on, and a clock that says which day it is. */
async function openFixture(t: TestContext, days: number) {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = openSqliteStore(dataDir);
  t.after(() => store.close());
  const entries = Array.from({ length: days }, (_, i) =>
    anEntry({ at: start + i * day, subject: `day ${i}` }),
  );
  await store.audit.append(entries);
  const fixture = { day: 0 };
  const { config } = loadConfig({ env: { POSTERN_AUDIT_RETENTION: '10d' } });
  const pruning = startPruning({
    isOn: false,
    store: store.tokens,
    jwts: store.jwts,
    audit: store.audit,
    limits: () => config,
    events: logEvents(pino({ level: 'silent' })),
    clock: () => start + fixture.day * day,
  });
  return { fixture, store, dataDir, prune: async () => (await pruning.run()).audit };
}

test('what is older than the retention goes, and the log says up to which entry', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 30);
  const before = await recordsOf(store);
  fixture.day = 30;
  assert.equal(await prune(), 20);
  const records = await recordsOf(store);
  assert.deepEqual(
    records.map(({ seq }) => seq),
    [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
  );
  const { event, actor, count, details } = records.at(-1) ?? {};
  assert.deepEqual([event, actor, count], ['retention', 'postern', 20]);
  assert.deepEqual(JSON.parse(details ?? ''), { deleted_to: 20, hash: before[19]?.hash });
  const { entries, first, fault } = await verified(store);
  assert.deepEqual([entries, first, fault], [11, 21, undefined]);
  assert.equal(await prune(), 0);
});

test('entries may stay a day longer, so that not each of them is announced by itself', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 3);
  fixture.day = 11;
  assert.equal(await prune(), 0);
  fixture.day = 11.5;
  assert.equal(await prune(), 2);
  assert.equal((await recordsOf(store)).filter(({ event }) => event === 'retention').length, 1);
});

test('round after round the log stays whole, and announcements age as well', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 5);
  for (fixture.day = 5; fixture.day < 60; fixture.day++) {
    await store.audit.append([anEntry({ at: start + fixture.day * day })]);
    await prune();
    assert.equal((await verified(store)).fault, undefined);
  }
  assert.ok((await recordsOf(store)).length < 30);
});

test('an old entry behind a young one waits for it: only the beginning goes', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 2);
  await store.audit.append([anEntry({ at: start + 30 * day }), anEntry({ at: start })]);
  fixture.day = 30;
  assert.equal(await prune(), 2);
  assert.equal((await verified(store)).first, 3);
});

test('deleting that was interrupted leaves a log that is whole, and is finished later', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 30);
  const { audit } = store;
  const entry = anEntry({ event: 'retention', actor: systemActor });
  const before = start + 20 * day;
  assert.equal(await audit.markForDeletion({ before, limit: 1_000 }, entry), 20);
  assert.equal(await audit.deleteMarked(7), 7);
  assert.deepEqual([(await verified(store)).first, (await verified(store)).fault], [8, undefined]);
  fixture.day = 20;
  assert.equal(await prune(), 13);
  assert.deepEqual([(await verified(store)).first, (await verified(store)).fault], [21, undefined]);
});

test('what was not announced cannot be deleted, before and after', async (t) => {
  const { fixture, dataDir, prune } = await openFixture(t, 30);
  fixture.day = 30;
  await prune();
  const db = new Database(join(dataDir, 'postern.db'));
  t.after(() => db.close());
  for (const seq of [21, 25, 31]) {
    assert.throws(() => db.exec(`DELETE FROM audit WHERE seq = ${seq}`), /by retention only/);
  }
});

test('more gone than was announced is found, and so is an announcement that was changed', async (t) => {
  const { fixture, store, dataDir, prune } = await openFixture(t, 30);
  fixture.day = 30;
  await prune();
  tamper(dataDir, (db) => db.exec('DELETE FROM audit WHERE seq < 25'));
  assert.deepEqual((await verified(store)).fault, { seq: 25, code: 'beginning_missing' });
  tamper(dataDir, (db) =>
    db.exec("UPDATE audit SET details = json_set(details, '$.deleted_to', 24) WHERE seq = 31"),
  );
  assert.equal((await verified(store)).fault?.code, 'retention_mismatch');
});

test('an anchor holds up to the last entry that was deleted, and is told to be too old after that', async (t) => {
  const { fixture, store, prune } = await openFixture(t, 30);
  const before = await recordsOf(store);
  fixture.day = 30;
  await prune();
  const anchor = (seq: number) => {
    const { hash = '' } = before[seq - 1] ?? {};
    return { seq, hash };
  };
  for (const seq of [20, 21, 30]) {
    assert.equal((await verified(store, [anchor(seq)])).fault, undefined, `${seq}`);
  }
  assert.deepEqual((await verified(store, [anchor(19)])).fault, {
    seq: 19,
    code: 'anchor_deleted',
  });
  const wrong = { seq: 20, hash: anchor(19).hash };
  assert.deepEqual((await verified(store, [wrong])).fault, { seq: 20, code: 'anchor_differs' });
});
