import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import workerThreads from 'node:worker_threads';
import Database from 'better-sqlite3';
import { tokenStates } from '../../../src/core/model/token.ts';
import type { TokenFilter } from '../../../src/store/port/tokens.ts';
import type { WalState } from '../../../src/store/sqlite/checkpoints.ts';
import { listSql } from '../../../src/store/sqlite/token-list.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { openUnrecordedStore, type UnrecordedStore } from '../../../testkit/store.ts';
import { waitFor } from '../../../testkit/wait.ts';
import { newToken } from '../contract.ts';

// What must not become slow, nor large, when there are many tokens.

function openStore(t: TestContext): {
  store: UnrecordedStore;
  path: string;
  inspect: Database.Database;
} {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = openUnrecordedStore(dataDir);
  t.after(() => store.close());
  const path = join(dataDir, 'postern.db');
  const inspect = new Database(path);
  t.after(() => inspect.close());
  return { store, path, inspect };
}

const filters = [undefined, ...tokenStates].flatMap((state) =>
  [{}, { subject: 'alice' }, { gate: 'chat' }, { subject: 'alice', gate: 'chat' }].map(
    (filter): TokenFilter => ({ ...filter, ...(state && { state }) }),
  ),
);

for (const filter of filters) {
  test(`the list of ${JSON.stringify(filter)} follows an index and sorts nothing`, (t) => {
    const { inspect } = openStore(t);
    const values = { now: 0, limit: 1, before: 1, from: 0, subject: '', gate: '' };
    const plan = inspect.prepare(`EXPLAIN QUERY PLAN ${listSql(filter)}`).all(values);
    const steps = (plan as { detail: string }[]).map(({ detail }) => detail);
    assert.ok(steps.length > 0);
    for (const step of steps) assert.match(step, /^SEARCH /, steps.join('; '));
  });
}

test('a list of the few tokens in a state goes through all there are, gaps included', async (t) => {
  const { store } = openStore(t);
  const { tokens } = store;
  const insert = (from: number, to: number, expiresAt: number | undefined) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) =>
        tokens.insert(newToken(`tok_${from + i}`, { expiresAt })),
      ),
    );
  await insert(0, 3, 5_000);
  await insert(3, 6_000, 1_000);
  await insert(6_000, 6_002, 5_000);
  await insert(6_002, 12_000, undefined);
  while ((await tokens.prune('token', 1_001, 1_000)) > 0);
  const idsOf = async (limit: number, cursor?: string) => {
    const page = { now: 6_000, limit, ...(cursor && { cursor }) };
    const { tokens: found, nextCursor } = await tokens.list({ state: 'expired' }, page);
    return { ids: found.map(({ id }) => id), nextCursor };
  };
  const all = ['tok_6001', 'tok_6000', 'tok_2', 'tok_1', 'tok_0'];
  assert.deepEqual(await idsOf(5), { ids: all, nextCursor: undefined });
  const first = await idsOf(3);
  assert.deepEqual(first.ids, all.slice(0, 3));
  assert.deepEqual(await idsOf(3, first.nextCursor), { ids: all.slice(3), nextCursor: undefined });
});

/** Tokens whose claims fill a page each. */
async function insertBulk(store: UnrecordedStore, name: string, count: number): Promise<void> {
  const claims = { text: 'x'.repeat(4_000) };
  const insert = (_: unknown, i: number) =>
    store.tokens.insert(newToken(`${name}_${i}`, { claims }));
  await Promise.all(Array.from({ length: count }, insert));
}

function walState(db: Database.Database): WalState {
  const [state] = db.pragma('wal_checkpoint(NOOP)') as [WalState];
  return state;
}

test('what was written gets into the database file while the store is open', async (t) => {
  const { store, path, inspect } = openStore(t);
  await insertBulk(store, 'a', 1_500);
  await waitFor('a checkpoint', () => walState(inspect).checkpointed > 1_000);
  // The log begins anew then, and does not grow for ever.
  await insertBulk(store, 'b', 200);
  assert.ok(walState(inspect).log < 1_000, JSON.stringify(walState(inspect)));
  inspect.close();
  await store.close();
  assert.equal(existsSync(`${path}-wal`), false);
});

test('a store whose checkpoints cannot have a thread does without', async (t) => {
  const { Worker } = workerThreads;
  const broken = new URL('data:text/javascript,throw new Error("no thread today")');
  t.mock.method(workerThreads, 'Worker', function start() {
    return new Worker(broken);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const { store, inspect } = openStore(t);
  await insertBulk(store, 'a', 1_500);
  let count = 0;
  await waitFor('a checkpoint by a commit', async () => {
    await store.tokens.insert(newToken(`tok_${count++}`));
    return walState(inspect).checkpointed > 1_000;
  });
});
