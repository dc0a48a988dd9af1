import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { StoreUnavailable } from '../../../src/core/model/errors.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { openUnrecordedStore, type UnrecordedStore } from '../../../testkit/store.ts';
import { newToken } from '../contract.ts';

/** What SQLite was told about transactions, in order, with what the test adds to it. */
interface Fixture {
  readonly store: UnrecordedStore;
  readonly dataDir: string;
  readonly log: string[];
  /** The setting `synchronous` at each commit. */
  readonly levels: unknown[];
  /** What COMMIT throws from now on. */
  failure: Error | undefined;
}

/** A store whose transactions can be watched. */
function watchedStore(t: TestContext): Fixture {
  const { prepare } = Database.prototype;
  const dataDir = join(temporaryDirectory(t), 'data');
  const log: string[] = [];
  const watch = t.mock.method(
    Database.prototype,
    'prepare',
    function (this: Database.Database, sql: string) {
      const statement = prepare.call(this, sql) as Database.Statement<[]>;
      if (!/^(BEGIN IMMEDIATE|COMMIT|ROLLBACK)$/.test(sql)) return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        log.push(sql);
        if (sql === 'COMMIT') fixture.levels.push(this.pragma('synchronous', { simple: true }));
        if (sql === 'COMMIT' && fixture.failure !== undefined) throw fixture.failure;
        return run();
      };
      return statement;
    },
  );
  const store = openUnrecordedStore(dataDir);
  watch.mock.restore();
  t.after(() => store.close());
  const fixture: Fixture = { store, dataDir, log, levels: [], failure: undefined };
  return fixture;
}

async function insertTickets({ store }: Fixture, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `tok_${i}`);
  const ticket = { kind: 'ticket', maxUses: 1 } as const;
  await Promise.all(ids.map((id) => store.tokens.insert(newToken(id, ticket))));
  return ids;
}

test('writes that arrive together share a commit, and none is answered before it', async (t) => {
  const fixture = watchedStore(t);
  const { tokens } = fixture.store;
  const ids = await insertTickets(fixture, 50);
  assert.deepEqual(fixture.log.splice(0), ['BEGIN IMMEDIATE', 'COMMIT']);
  const redemptions = ids.map(async (id) => {
    assert.equal(await tokens.redeem(id, 2_000), true);
    fixture.log.push('answer');
  });
  const others = [tokens.insert(newToken('tok_new')), tokens.revoke('tok_3', 2_000)];
  await Promise.all([...redemptions, ...others]);
  assert.deepEqual(fixture.log, ['BEGIN IMMEDIATE', 'COMMIT', ...Array(50).fill('answer')]);
});

test('a lone write is committed in the turn in which it arrives', async (t) => {
  const fixture = watchedStore(t);
  await insertTickets(fixture, 1);
  fixture.log.length = 0;
  const redeemed = fixture.store.tokens.redeem('tok_0', 2_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(fixture.log, ['BEGIN IMMEDIATE', 'COMMIT']);
  assert.equal(await redeemed, true);
});

test('a thousand writes at once take several commits, between which others have their turn', async (t) => {
  const fixture = watchedStore(t);
  let turns = 0;
  const count = () => {
    turns++;
    turning = setImmediate(count);
  };
  let turning = setImmediate(count);
  await insertTickets(fixture, 1_000);
  clearImmediate(turning);
  const commits = fixture.log.filter((line) => line === 'COMMIT').length;
  assert.ok(commits > 1 && commits < 20, `${commits} commits`);
  assert.ok(turns >= commits - 1, `${turns} turns, ${commits} commits`);
});

test('when a commit fails nothing of it was written and everybody gets to hear so', async (t) => {
  const fixture = watchedStore(t);
  const { tokens } = fixture.store;
  const ids = await insertTickets(fixture, 5);
  fixture.failure = new Error('disk I/O error');
  const outcomes = await Promise.allSettled([
    ...ids.map((id) => tokens.redeem(id, 2_000)),
    tokens.insert(newToken('tok_new')),
    tokens.revoke('tok_0', 2_000),
  ]);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailable);
    assert.equal(outcome.reason.message, 'token store: disk I/O error');
  }
  assert.equal(fixture.log.at(-1), 'ROLLBACK');
  fixture.failure = undefined;
  assert.equal(await tokens.findById('tok_new'), undefined);
  assert.equal((await tokens.findById('tok_0'))?.revokedAt, undefined);
  const again = await Promise.all(ids.map((id) => tokens.redeem(id, 3_000)));
  assert.deepEqual(again, Array(5).fill(true));
});

test('a full disk takes back what was written together with what did not fit', async (t) => {
  const fixture = watchedStore(t);
  const { tokens } = fixture.store;
  await insertTickets(fixture, 1);
  // A trigger stands for the disk: like a full one, it ends the whole transaction.
  const other = new Database(join(fixture.dataDir, 'postern.db'));
  other.exec(`CREATE TRIGGER full BEFORE INSERT ON token WHEN NEW.label = 'big'
    BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
  other.close();
  const outcomes = await Promise.allSettled([
    tokens.redeem('tok_0', 2_000),
    tokens.insert(newToken('tok_big', { label: 'big' })),
    tokens.insert(newToken('tok_small')),
  ]);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailable);
    assert.match(outcome.reason.message, /database or disk is full/);
  }
  assert.equal(await tokens.findById('tok_small'), undefined);
  assert.equal(await tokens.redeem('tok_0', 2_000), true);
});

test('a write that waits for another process’s lock keeps nobody from deciding', async (t) => {
  const fixture = watchedStore(t);
  const { tokens } = fixture.store;
  await insertTickets(fixture, 1);
  const other = new Database(join(fixture.dataDir, 'postern.db'));
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  fixture.log.length = 0;
  let isRedeemed = false;
  const redeemed = tokens.redeem('tok_0', 2_000).finally(() => {
    isRedeemed = true;
  });
  // As often as it tries in vain, the event loop goes round in between.
  while (fixture.log.length < 5) {
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await tokens.findById('tok_0'))?.uses, 0);
  }
  assert.equal(isRedeemed, false);
  other.exec('ROLLBACK');
  assert.equal(await redeemed, true);
});

test('only what may be lost is committed without waiting for the disk', async (t) => {
  const fixture = watchedStore(t);
  const { tokens, jwts } = fixture.store;
  await insertTickets(fixture, 3);
  await tokens.redeem('tok_0', 2_000);
  assert.deepEqual(fixture.levels.splice(0), [2, 2]);
  await tokens.prune('ticket', 1_000, 10);
  await jwts.prune(1_000, 10);
  assert.deepEqual(fixture.levels.splice(0), [1, 1]);
  await Promise.all([tokens.prune('ticket', 1_000, 10), tokens.redeem('tok_1', 2_000)]);
  await tokens.revoke('tok_2', 2_000);
  await tokens.insert(newToken('tok_new'));
  assert.deepEqual(fixture.levels, [2, 2, 2]);
});

test('a look-up that meets a lock waits for it', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = openUnrecordedStore(dataDir);
  t.after(() => store.close());
  await store.tokens.insert(newToken('tok_a'));
  const { prepare } = Database.prototype;
  const patience: unknown[] = [];
  t.mock.method(Database.prototype, 'prepare', function (this: Database.Database, sql: string) {
    const statement = prepare.call(this, sql) as Database.Statement<[unknown]>;
    const get = statement.get.bind(statement);
    statement.get = (values: unknown) => {
      patience.push(this.pragma('busy_timeout', { simple: true }));
      if (patience.length === 1) {
        throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY_RECOVERY' });
      }
      return get(values);
    };
    return statement;
  });
  assert.equal((await store.tokens.findById('tok_a'))?.id, 'tok_a');
  assert.equal((await store.tokens.findById('tok_a'))?.id, 'tok_a');
  assert.deepEqual(patience, [0, 1_000, 0]);
});

test('what waits when the store is closed is written first', async (t) => {
  const fixture = watchedStore(t);
  const { tokens } = fixture.store;
  const inserted = Promise.all([1, 2, 3].map((i) => tokens.insert(newToken(`tok_${i}`))));
  await fixture.store.close();
  await inserted;
  const again = openUnrecordedStore(fixture.dataDir);
  t.after(() => again.close());
  assert.equal((await again.tokens.findById('tok_3'))?.id, 'tok_3');
});
