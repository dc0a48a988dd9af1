import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { type AuditRecord, encodeRecord, genesisHash } from '../../src/core/model/audit.ts';
import { StoreUnavailable } from '../../src/core/model/errors.ts';
import type { NewAdminKey } from '../../src/store/port/admin-keys.ts';
import type { Store } from '../../src/store/port/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { anEntry, recordsOf, tamper, verified } from '../../testkit/postern/audit.ts';
import { newToken } from '../store/contract.ts';
import type { WriterTask } from './writer.ts';

/** A store in a directory of the test, and its audit log. */
function openStore(t: TestContext, dataDir = join(temporaryDirectory(t), 'data')) {
  const store = openSqliteStore(dataDir);
  t.after(() => store.close());
  return { store, dataDir };
}

const eventsOf = async (store: Store) =>
  (await recordsOf(store)).map(({ event, tokenId }) => [event, tokenId]);

test('what changes something brings its entry, and what changes nothing brings none', async (t) => {
  const { store } = openStore(t);
  const { tokens, adminKeys, jwts } = store;
  const of = (event: Parameters<typeof anEntry>[0], tokenId: string) =>
    anEntry({ ...event, tokenId });
  const ticket = newToken('tok_a', { kind: 'ticket', maxUses: 1 });
  await tokens.insert(ticket, of({ event: 'issue' }, 'tok_a'));
  await assert.rejects(tokens.insert(ticket, of({ event: 'issue' }, 'again')), StoreUnavailable);
  assert.equal(await tokens.redeem('tok_a', 2_000, of({ event: 'redemption' }, 'tok_a')), true);
  assert.equal(await tokens.redeem('tok_a', 2_000, of({ event: 'redemption' }, 'again')), false);
  assert.equal(await tokens.update('tok_a', { label: 'x' }, of({}, 'tok_a')), true);
  assert.equal(await tokens.update('none', { label: 'x' }, of({}, 'none')), false);
  const secret = { hash: createHash('sha256').update('x').digest(), previousUntil: 0 };
  assert.equal(await tokens.rotate('tok_a', secret, of({ event: 'rotation' }, 'tok_a')), true);
  assert.equal(await tokens.rotate('none', secret, of({ event: 'rotation' }, 'none')), false);
  assert.equal(await tokens.revoke('tok_a', 3_000, of({ event: 'revocation' }, 'tok_a')), true);
  assert.equal(await tokens.revoke('tok_a', 3_000, of({ event: 'revocation' }, 'again')), false);
  assert.equal(await tokens.revokeAll({}, 3_000, of({ event: 'revocation' }, 'none')), 0);
  await tokens.renew('tok_a', 9_000);
  tokens.touch('tok_a', 9_000);
  const key: NewAdminKey = {
    ...{ name: 'web', role: 'admin', gates: [], maxTtl: undefined, createdAt: 1 },
    expiresAt: undefined,
    hash: secret.hash,
  };
  assert.equal(await adminKeys.insert(key, of({ event: 'key' }, 'made')), true);
  assert.equal(await adminKeys.insert(key, of({ event: 'key' }, 'again')), false);
  assert.equal(await adminKeys.insertFirst(key, of({ event: 'key' }, 'again')), false);
  assert.equal(await adminKeys.delete('web', of({ event: 'key' }, 'revoked')), true);
  assert.equal(await adminKeys.delete('web', of({ event: 'key' }, 'again')), false);
  const jwt = { iss: 'i', jti: 'j', subject: 's', issuedAt: 1 };
  assert.equal(await jwts.redeem(jwt, 9_000, 1, of({ event: 'redemption' }, 'j')), true);
  assert.equal(await jwts.redeem(jwt, 9_000, 1, of({ event: 'redemption' }, 'again')), false);
  assert.deepEqual(await eventsOf(store), [
    ['issue', 'tok_a'],
    ['redemption', 'tok_a'],
    ['change', 'tok_a'],
    ['rotation', 'tok_a'],
    ['revocation', 'tok_a'],
    ['key', 'made'],
    ['key', 'revoked'],
    ['redemption', 'j'],
  ]);
});

test('a revocation says how many tokens and sessions it ended', async (t) => {
  const { store } = openStore(t);
  const { tokens } = store;
  const insert = (id: string, facts = {}) => tokens.insert(newToken(id, facts), anEntry());
  await insert('tok_a');
  await insert('tok_b', { subject: 'bob' });
  await insert('tok_s', { kind: 'session', parent: 'tok_a', subject: 'guest' });
  await insert('tok_t', { kind: 'session', parent: 'tok_b', subject: 'guest' });
  await tokens.revoke('tok_a', 2_000, anEntry({ event: 'revocation' }));
  await tokens.revokeAll({ subject: 'bob' }, 2_000, anEntry({ event: 'revocation' }));
  const counts = (await recordsOf(store)).filter(({ event }) => event === 'revocation');
  assert.deepEqual(
    counts.map(({ count }) => count),
    [2, 2],
  );
});

test('when the entry cannot be written the change is taken back, and others are not', async (t) => {
  const { store, dataDir } = openStore(t);
  const { tokens } = store;
  for (const id of ['tok_a', 'tok_b']) {
    await tokens.insert(newToken(id, { kind: 'ticket', maxUses: 1 }), anEntry());
  }
  const db = new Database(join(dataDir, 'postern.db'));
  db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audit WHEN NEW.subject = 'refused'
    BEGIN SELECT RAISE(ABORT, 'no room'); END`);
  db.close();
  const [refused, written] = await Promise.allSettled([
    tokens.redeem('tok_a', 2_000, anEntry({ subject: 'refused' })),
    tokens.redeem('tok_b', 2_000, anEntry({ subject: 'written' })),
  ]);
  assert.ok(refused.status === 'rejected' && refused.reason instanceof StoreUnavailable);
  assert.deepEqual(written, { status: 'fulfilled', value: true });
  assert.equal((await tokens.findById('tok_a'))?.uses, 0);
  assert.equal((await tokens.findById('tok_b'))?.uses, 1);
  assert.equal((await verified(store)).fault, undefined);
});

test('each entry holds the hash of the one before, over all that it says', async (t) => {
  const { store } = openStore(t);
  await store.audit.append([anEntry({ subject: 'a' }), anEntry({ subject: 'b' })]);
  await store.audit.append([anEntry({ subject: 'c' })]);
  let previous = genesisHash;
  for (const [index, record] of (await recordsOf(store)).entries()) {
    assert.equal(record.seq, index + 1);
    assert.equal(record.previous, previous);
    assert.equal(record.hash, createHash('sha256').update(encodeRecord(record)).digest('hex'));
    previous = record.hash;
  }
  assert.deepEqual(await store.audit.head(), { seq: 3, hash: previous });
});

test('whatever stands in an entry is read as it was written, and its hash fits', async (t) => {
  const { store } = openStore(t);
  const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.record({ subject: text, tokenId: text, gate: text, reason: text }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      fc.string({ unit: 'binary' }),
      async (facts, details, name) => {
        await store.audit.append([anEntry({ ...facts, details, actor: { name } })]);
      },
    ),
    { numRuns: 100 },
  );
  await store.audit.append([anEntry({ subject: '\ud800 half, and \0 nothing' })]);
  assert.equal((await recordsOf(store)).at(-1)?.subject, '\ufffd half, and \0 nothing');
  assert.equal((await verified(store)).fault, undefined);
});

test('no entry can be changed, replaced, deleted or put between two', async (t) => {
  const { store, dataDir } = openStore(t);
  await store.audit.append([anEntry(), anEntry(), anEntry()]);
  const db = new Database(join(dataDir, 'postern.db'));
  t.after(() => db.close());
  const columns = `at, event, actor, token_id, kind, subject, gate, reason, client, request_id, count,
    details, previous, hash`;
  for (const [sql, words] of [
    ["UPDATE audit SET actor = 'evil' WHERE seq = 2", /never changed/],
    ['DELETE FROM audit WHERE seq = 2', /deleted by retention only/],
    ['DELETE FROM audit', /deleted by retention only/],
    [`REPLACE INTO audit SELECT 2, ${columns} FROM audit WHERE seq = 3`, /behind the last one/],
    [`INSERT INTO audit SELECT 9, ${columns} FROM audit WHERE seq = 3`, /behind the last one/],
    [`INSERT INTO audit SELECT -1, ${columns} FROM audit WHERE seq = 3`, /behind the last one/],
  ] as const) {
    assert.throws(() => db.exec(sql), words, sql);
  }
  assert.equal((await recordsOf(store)).length, 3);
});

/** What somebody did to the log who got past the triggers, and where verifying notices. */
const tamperings: readonly {
  readonly what: string;
  readonly sql: (db: Database.Database) => void;
  readonly fault: { seq: number; code: string } | undefined;
  /** What is found with an anchor of the end, where that differs. */
  readonly anchored?: { seq: number; code: string };
}[] = [
  ...['at = 5', "event = 'issue'", "actor = 'nobody'", "token_id = 'x'", "kind = 'x'"].map(plain),
  ...["subject = 'x'", "gate = 'x'", 'gate = NULL', "reason = 'x'", "client = 'x'"].map(plain),
  ...["request_id = 'x'", 'count = 1', "details = '{}'"].map(plain),
  {
    what: 'an entry in the middle is deleted',
    sql: (db) => db.exec('DELETE FROM audit WHERE seq = 3'),
    fault: { seq: 4, code: 'missing' },
  },
  {
    what: 'the first entries are deleted',
    sql: (db) => db.exec('DELETE FROM audit WHERE seq < 3'),
    fault: { seq: 3, code: 'beginning_missing' },
  },
  {
    what: 'the last entries are deleted',
    sql: (db) => db.exec('DELETE FROM audit WHERE seq > 3'),
    fault: undefined,
    anchored: { seq: 6, code: 'end_missing' },
  },
  {
    what: 'all entries are deleted',
    sql: (db) => db.exec('DELETE FROM audit'),
    fault: undefined,
    anchored: { seq: 6, code: 'end_missing' },
  },
  {
    what: 'two entries change places',
    sql(db) {
      db.exec('UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4');
      db.exec('UPDATE audit SET seq = 4 WHERE seq = -3');
    },
    fault: { seq: 3, code: 'altered' },
  },
  {
    what: 'an entry is put between two',
    sql(db) {
      for (const seq of [6, 5, 4, 3])
        db.exec(`UPDATE audit SET seq = ${seq + 1} WHERE seq = ${seq}`);
      copy(db, 2, { seq: 3 });
    },
    fault: { seq: 3, code: 'altered' },
  },
  {
    what: 'an entry is put between two with a hash that fits to it',
    sql(db) {
      for (const seq of [6, 5, 4, 3])
        db.exec(`UPDATE audit SET seq = ${seq + 1} WHERE seq = ${seq}`);
      const [before] = rowsOf(db).filter(({ seq }) => seq === 2);
      copy(db, 2, { seq: 3, previous: before?.hash ?? '' });
      rehash(db, 3);
    },
    fault: { seq: 4, code: 'altered' },
  },
  {
    what: 'an entry is changed and has the hash that fits to it',
    sql(db) {
      db.exec("UPDATE audit SET subject = 'mallory' WHERE seq = 3");
      rehash(db, 3);
    },
    fault: { seq: 4, code: 'broken_link' },
  },
  {
    what: 'the last entry is changed and has the hash that fits to it',
    sql(db) {
      db.exec("UPDATE audit SET subject = 'mallory' WHERE seq = 6");
      rehash(db, 6);
    },
    fault: undefined,
    anchored: { seq: 6, code: 'anchor_differs' },
  },
  {
    what: 'all is written anew from an entry on',
    sql(db) {
      db.exec("UPDATE audit SET subject = 'mallory' WHERE seq = 3");
      for (const seq of [3, 4, 5, 6]) relink(db, seq);
    },
    fault: undefined,
    anchored: { seq: 6, code: 'anchor_differs' },
  },
];

function plain(assignment: string): (typeof tamperings)[number] {
  return {
    what: `a field is changed: ${assignment}`,
    sql: (db) => db.exec(`UPDATE audit SET ${assignment} WHERE seq = 3`),
    fault: { seq: 3, code: 'altered' },
  };
}

function rowsOf(db: Database.Database): AuditRecord[] {
  const rows = db.prepare('SELECT * FROM audit ORDER BY seq').all() as Record<string, unknown>[];
  return rows.map(({ token_id, request_id, previous, hash, ...row }) => ({
    ...(row as unknown as AuditRecord),
    tokenId: token_id as string | null,
    requestId: request_id as string | null,
    previous: (previous as Buffer).toString('hex'),
    hash: (hash as Buffer).toString('hex'),
  }));
}

function rehash(db: Database.Database, seq: number): void {
  const row = rowsOf(db).find((one) => one.seq === seq) as AuditRecord;
  const hash = createHash('sha256').update(encodeRecord(row)).digest();
  db.prepare('UPDATE audit SET hash = ? WHERE seq = ?').run(hash, seq);
}

function relink(db: Database.Database, seq: number): void {
  const before = rowsOf(db).find((one) => one.seq === seq - 1) as AuditRecord;
  db.prepare('UPDATE audit SET previous = ? WHERE seq = ?').run(
    Buffer.from(before.hash, 'hex'),
    seq,
  );
  rehash(db, seq);
}

function copy(db: Database.Database, from: number, to: { seq: number; previous?: string }): void {
  db.exec(`CREATE TEMP TABLE one AS SELECT * FROM audit WHERE seq = ${from}`);
  db.exec(`UPDATE one SET seq = ${to.seq}`);
  if (to.previous !== undefined) db.exec(`UPDATE one SET previous = x'${to.previous}'`);
  db.exec('INSERT INTO audit SELECT * FROM one; DROP TABLE one');
}

for (const { what, sql, fault, anchored } of tamperings) {
  test(`verifying finds it when ${what}`, async (t) => {
    const { store, dataDir } = openStore(t);
    const entries = ['a', 'b', 'c', 'd', 'e', 'f'].map((subject) =>
      anEntry({ subject, gate: 'chat' }),
    );
    await store.audit.append(entries);
    const head = await store.audit.head();
    assert.ok(head !== undefined);
    assert.deepEqual(await verified(store, [head]), {
      entries: 6,
      first: 1,
      head,
      fault: undefined,
    });
    tamper(dataDir, sql);
    assert.deepEqual((await verified(store)).fault, fault);
    assert.deepEqual((await verified(store, [head])).fault, anchored ?? fault);
  });
}

test('an entry whose details are no JSON any more is listed, and found by verifying', async (t) => {
  const { store, dataDir } = openStore(t);
  await store.audit.append([anEntry({ details: { gates: ['a', 'b'] } }), anEntry()]);
  tamper(dataDir, (db) => {
    db.pragma('ignore_check_constraints = on');
    db.exec("UPDATE audit SET details = '{gates' WHERE seq = 1");
  });
  const page = await store.audit.list({ gate: 'a' }, { limit: 10, order: 'newest' });
  assert.deepEqual(page.records, []);
  assert.equal((await verified(store)).fault?.code, 'altered');
});

test('two processes that write at the same time make one chain', async (t) => {
  const { store, dataDir } = openStore(t);
  const task: WriterTask = { dataDir, count: 200 };
  const writers = ['one', 'other'].map((name) => {
    const child = fork(join(import.meta.dirname, 'writer.ts'), [name, JSON.stringify(task)]);
    return once(child, 'exit');
  });
  const codes = (await Promise.all(writers)).map(([code]) => code as number);
  assert.deepEqual(codes, [0, 0]);
  const { entries, fault } = await verified(store);
  assert.deepEqual([entries, fault], [400, undefined]);
  const ids = (await recordsOf(store)).map(({ tokenId }) => tokenId);
  assert.equal(new Set(ids).size, 400);
});

test('whatever a process was told before it was killed has its entry, and each entry its token', async (t) => {
  const { store, dataDir } = openStore(t);
  for (let round = 0; round < 3; round++) {
    const task: WriterTask = { dataDir, count: 100_000 };
    const name = `round-${round}`;
    const child = fork(join(import.meta.dirname, 'writer.ts'), [name, JSON.stringify(task)]);
    const told: string[] = [];
    child.on('message', (id: string) => {
      told.push(id);
      if (told.length === 150 + 40 * round) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    assert.ok(told.length >= 150);
    const written = new Set((await recordsOf(store)).map(({ tokenId }) => tokenId));
    for (const id of told) assert.ok(written.has(id), `${id} was told and has no entry`);
    assert.equal((await verified(store)).fault, undefined);
  }
  for (const { tokenId } of await recordsOf(store)) {
    assert.notEqual(await store.tokens.findById(tokenId ?? ''), undefined, `${tokenId}`);
  }
});

test('a list is walked in both directions, filtered, each entry once', async (t) => {
  const { store } = openStore(t);
  const entries = Array.from({ length: 6_000 }, (_, i) =>
    anEntry({
      at: 1_000 + i,
      event: i % 1_000 === 0 ? 'revocation' : 'issue',
      subject: `s${i % 3}`,
      ...(i % 2_000 === 0 && { details: { gates: ['chat', 'grist'] } }),
    }),
  );
  await store.audit.append(entries);
  const walk = async (filter: object, order: 'newest' | 'oldest') => {
    const seqs: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await store.audit.list(filter, { limit: 2, order, ...(cursor && { cursor }) });
      assert.ok(page.records.length <= 2);
      seqs.push(...page.records.map(({ seq }) => seq));
      cursor = page.nextCursor;
      if (cursor === undefined) return seqs;
    }
  };
  const revoked = [1, 1_001, 2_001, 3_001, 4_001, 5_001];
  assert.deepEqual(await walk({ event: 'revocation' }, 'oldest'), revoked);
  assert.deepEqual(await walk({ event: 'revocation' }, 'newest'), revoked.toReversed());
  assert.deepEqual(await walk({ gate: 'grist' }, 'oldest'), [1, 2_001, 4_001]);
  assert.deepEqual(await walk({ event: 'revocation', subject: 's1' }, 'oldest'), [1_001, 4_001]);
  assert.deepEqual(await walk({ since: 6_000, until: 6_002 }, 'oldest'), [5_001, 5_002]);
  assert.deepEqual(await walk({ actor: 'nobody' }, 'newest'), []);
  const whole = await store.audit.list({}, { limit: 5_500, order: 'oldest' });
  assert.deepEqual([whole.records.length, whole.nextCursor], [5_500, '5500']);
});
