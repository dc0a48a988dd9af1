import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import pino from 'pino';
import { ensureFirstKey } from '../../../src/admin-keys/service.ts';
import { systemActor } from '../../../src/core/model/audit.ts';
import { StoreUnavailable } from '../../../src/core/model/errors.ts';
import type { Token } from '../../../src/core/model/token.ts';
import { OperatorError } from '../../../src/lib/operator-error.ts';
import { hashSecret } from '../../../src/lib/secret.ts';
import { logEvents } from '../../../src/telemetry/log/log-events.ts';
import type { IssueRequest } from '../../../src/tokens/issuing.ts';
import { createTokenService } from '../../../src/tokens/service.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { boundTo } from '../../../testkit/examples.ts';
import { openUnrecordedStore, type UnrecordedStore } from '../../../testkit/store.ts';
import { newToken, testStoreContract } from '../contract.ts';
import type { WorkerReport, WorkerTask } from './redeem-worker.ts';

testStoreContract('sqlite', (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  return { open: () => open(t, dataDir) };
});

function open(t: TestContext, dataDir: string): UnrecordedStore {
  const store = openUnrecordedStore(dataDir);
  t.after(() => store.close());
  return store;
}

/** Looks into a database as another program would. */
function inspect<T>(dataDir: string, look: (db: Database.Database) => T): T {
  const db = new Database(join(dataDir, 'postern.db'));
  try {
    return look(db);
  } finally {
    db.close();
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Names of all files of a directory with the hashes of their content. */
function contentOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(
    names.map((name) => [name, sha256(readFileSync(join(directory, name)))]),
  );
}

function startWorkers(t: TestContext, count: number): Promise<ChildProcess[]> {
  const workers = Array.from({ length: count }, () => {
    const worker = fork(join(import.meta.dirname, 'redeem-worker.ts'), { execArgv: [] });
    t.after(() => worker.kill('SIGKILL'));
    return worker;
  });
  return Promise.all(
    workers.map(async (worker) => {
      assert.equal(await nextReport(worker), 'ready');
      return worker;
    }),
  );
}

async function nextReport(worker: ChildProcess): Promise<WorkerReport> {
  const [report] = await once(worker, 'message', { signal: AbortSignal.timeout(30_000) });
  return report;
}

function runTask(worker: ChildProcess, task: WorkerTask): Promise<WorkerReport> {
  const report = nextReport(worker);
  worker.send(task);
  return report;
}

test('of two processes that redeem the same 50 tickets each ticket lets one through', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  const ids = Array.from({ length: 50 }, (_, i) => `tok_${i}`);
  for (const id of ids) await store.tokens.insert(newToken(id, { kind: 'ticket', maxUses: 1 }));
  const workers = await startWorkers(t, 2);
  const reports = await Promise.all(
    workers.map((worker) => runTask(worker, { dataDir, redeem: ids, now: 2_000 })),
  );
  const won = reports.map((report) => {
    assert.ok(typeof report === 'object' && 'won' in report, JSON.stringify(report));
    return report.won;
  });
  assert.deepEqual(won.flat().sort(), ids.toSorted());
  const { tokens } = await store.tokens.list({}, { now: 2_000, limit: 100 });
  assert.deepEqual(new Set(tokens.map(({ uses }) => uses)), new Set([1]));
});

test('four processes that start on an empty directory at once all get a store', async (t) => {
  const parent = temporaryDirectory(t);
  const workers = await startWorkers(t, 4);
  // They do not always meet: this often they do.
  for (let round = 0; round < 20; round++) {
    const dataDir = join(parent, String(round));
    const reports = await Promise.all(
      workers.map((worker) => runTask(worker, { dataDir, redeem: [], now: 0 })),
    );
    assert.deepEqual(reports, Array(4).fill({ won: [] }));
  }
});

test('the directory and the files of the store are for their owner only', async (t) => {
  const parent = join(temporaryDirectory(t), 'a');
  const dataDir = join(parent, 'b');
  const umask = process.umask(0);
  try {
    await open(t, dataDir).tokens.insert(newToken('tok_a'));
  } finally {
    process.umask(umask);
  }
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  assert.deepEqual([modeOf(parent), modeOf(dataDir)], ['700', '700']);
  const modes = readdirSync(dataDir).map((name) => [name, modeOf(join(dataDir, name))]);
  assert.deepEqual(modes.sort(), [
    ['postern.db', '600'],
    ['postern.db-shm', '600'],
    ['postern.db-wal', '600'],
    ['postern.lock', '600'],
  ]);
});

test('a directory that exists keeps its mode', (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  mkdirSync(dataDir, { mode: 0o750 });
  open(t, dataDir);
  assert.equal(statSync(dataDir).mode & 0o777, 0o750);
});

test('each connection writes through to the disk, in WAL mode, with foreign keys', async (t) => {
  const { pragma } = Database.prototype;
  const connections = new Set<Database.Database>();
  t.mock.method(
    Database.prototype,
    'pragma',
    function (this: Database.Database, source: string, options?: Database.PragmaOptions) {
      connections.add(this);
      return pragma.call(this, source, options);
    },
  );
  const dataDir = join(temporaryDirectory(t), 'data');
  open(t, dataDir);
  open(t, dataDir);
  t.mock.restoreAll();
  // Those that only looked whose database it is are closed again.
  const used = [...connections].filter(({ open, name }) => open && name.endsWith('postern.db'));
  assert.equal(used.length, 2);
  for (const connection of used) {
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema'].map((name) =>
      connection.pragma(name, { simple: true }),
    );
    assert.deepEqual(settings, ['wal', 2, 1, 0]);
  }
  // Seen from outside, where WAL shows and the settings of a connection do not.
  assert.equal(
    inspect(dataDir, (db) => db.pragma('journal_mode', { simple: true })),
    'wal',
  );
});

for (const [name, weaker] of [
  ['journal_mode', 'journal_mode = delete'],
  ['synchronous', 'synchronous = 1'],
  ['foreign_keys', 'foreign_keys = 0'],
  ['trusted_schema', 'trusted_schema = 1'],
] as const) {
  test(`a store where ${name} does not take is not opened`, (t) => {
    const { pragma } = Database.prototype;
    t.mock.method(
      Database.prototype,
      'pragma',
      function (this: Database.Database, source: string, options?: Database.PragmaOptions) {
        const isSetting = source.startsWith(`${name} = `);
        return pragma.call(this, isSetting ? weaker : source, options);
      },
    );
    assert.throws(
      () => open(t, join(temporaryDirectory(t), 'data')),
      (error) => error instanceof OperatorError && error.message.includes(`cannot set ${name}=`),
    );
  });
}

test('look-ups of one turn of the event loop show one moment, later ones what was written since', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const { tokens } = open(t, dataDir);
  const known = ['tok_a', 'tok_b'].map((id) => newToken(id));
  for (const token of known) await tokens.insert(token);
  // Several times, because a token that comes again is cached.
  for (const _ of [1, 2, 3]) await tokens.findByHash(newToken('tok_a').hash);
  // Not awaited, so all of it happens in one turn.
  const revokedAt = () =>
    known.map(({ hash }) => (tokens.findByHash(hash) as Token | undefined)?.revokedAt);
  const revoke = (at: number) =>
    inspect(dataDir, (db) => db.prepare('UPDATE token SET revoked_at = ?').run(at));
  revoke(6);
  assert.deepEqual(revokedAt(), [6, 6]);
  revoke(7);
  assert.deepEqual(revokedAt(), [6, 6]);
  await undefined;
  assert.deepEqual(revokedAt(), [7, 7]);
});

test('pruned tokens leave none of their gates behind', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  await store.tokens.insert(
    newToken('tok_a', { restrictions: boundTo('chat', 'grist'), expiresAt: 10 }),
  );
  await store.tokens.insert(newToken('tok_b', { restrictions: boundTo('chat') }));
  await store.tokens.prune('token', 11, 10);
  const gates = inspect(dataDir, (db) => db.prepare('SELECT gate FROM token_gate').pluck().all());
  assert.deepEqual(gates, ['chat']);
});

test('a token whose gates cannot be stored is not stored either', async (t) => {
  const store = open(t, join(temporaryDirectory(t), 'data'));
  await assert.rejects(
    store.tokens.insert(newToken('tok_a', { restrictions: boundTo('a', 'a') })),
    StoreUnavailable,
  );
  assert.equal(await store.tokens.findById('tok_a'), undefined);
});

test('while another process holds the lock, writing is refused and reading goes on', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  await store.tokens.insert(newToken('tok_a', { maxUses: 1 }));
  const other = new Database(join(dataDir, 'postern.db'));
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(store.tokens.redeem('tok_a', 2_000), StoreUnavailable);
  assert.equal((await store.tokens.findById('tok_a'))?.uses, 0);
  other.exec('ROLLBACK');
  assert.equal(await store.tokens.redeem('tok_a', 2_000), true);
});

test('a damaged store is an unavailable one', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  inspect(dataDir, (db) => db.exec('ALTER TABLE token RENAME TO elsewhere'));
  await assert.rejects(store.tokens.findById('tok_a'), StoreUnavailable);
  await assert.rejects(store.ping(), StoreUnavailable);
});

test('a fresh store is marked as Postern’s and has the newest schema', (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  open(t, dataDir);
  const migrations = readdirSync(join(import.meta.dirname, '../../../migrations/sqlite'));
  inspect(dataDir, (db) => {
    assert.equal(db.pragma('user_version', { simple: true }), migrations.length);
    assert.equal(db.pragma('application_id', { simple: true }), 0x7073746e);
  });
});

test('opening a store again changes nothing', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  await store.tokens.insert(newToken('tok_a', { restrictions: boundTo('chat') }));
  await store.close();
  const before = contentOf(dataDir);
  const again = open(t, dataDir);
  assert.deepEqual((await again.tokens.findById('tok_a'))?.restrictions.gates, ['chat']);
  await again.close();
  assert.deepEqual(contentOf(dataDir), before);
});

/** Things that are no store of ours; each is made in a directory and has to be left as it is. */
const strangers: readonly [what: string, make: (dataDir: string) => void, words: RegExp][] = [
  [
    'of a newer Postern',
    (dataDir) => {
      openUnrecordedStore(dataDir).close();
      inspect(dataDir, (db) => db.pragma('user_version = 999'));
    },
    /was written by a newer Postern \(schema 999, this one knows \d+\)/,
  ],
  [
    'with tables of another program',
    (dataDir) =>
      inspect(dataDir, (db) => db.exec('CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)')),
    /is a database of another program/,
  ],
  [
    'of another program in WAL mode',
    (dataDir) =>
      inspect(dataDir, (db) => {
        db.pragma('journal_mode = wal');
        db.exec('CREATE TABLE theirs (a)');
      }),
    /is a database of another program/,
  ],
  [
    'with the mark of another program',
    (dataDir) =>
      inspect(dataDir, (db) => {
        db.pragma('application_id = 252006674');
        db.exec('CREATE TABLE theirs (a)');
      }),
    /is a database of another program/,
  ],
  [
    'with a schema version of another program',
    (dataDir) => inspect(dataDir, (db) => db.pragma('user_version = 1')),
    /is a database of another program/,
  ],
  [
    'that is a short text',
    (dataDir) => writeFileSync(join(dataDir, 'postern.db'), 'tokens: none\n'),
    /file is not a database/,
  ],
  [
    'that is a long text',
    (dataDir) => writeFileSync(join(dataDir, 'postern.db'), 'tokens: none\n'.repeat(1_000)),
    /file is not a database/,
  ],
  [
    'that is a directory',
    (dataDir) => mkdirSync(join(dataDir, 'postern.db', 'precious'), { recursive: true }),
    /cannot use the token store/,
  ],
];

for (const [what, make, words] of strangers) {
  test(`a database ${what} is refused and left as it is`, (t) => {
    const dataDir = temporaryDirectory(t);
    make(dataDir);
    const path = join(dataDir, 'postern.db');
    const content = () => (statSync(path).isDirectory() ? readdirSync(path) : contentOf(dataDir));
    const before = content();
    assert.throws(
      () => open(t, dataDir),
      (error: Error) => {
        assert.ok(error instanceof OperatorError, String(error));
        assert.match(error.message, words);
        assert.ok(error.message.includes(path) && !error.message.includes('\n'), error.message);
        return true;
      },
    );
    assert.deepEqual(content(), before);
  });
}

test('a directory that cannot be made is named, with what to do', (t) => {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, 'precious');
  for (const dataDir of [file, join(file, 'data'), join(file, 'a', 'b')]) {
    assert.throws(
      () => open(t, dataDir),
      (error: Error) => {
        assert.ok(error instanceof OperatorError);
        assert.match(error.message, /cannot use the token store .*POSTERN_DATA_DIR/);
        return error.message.includes(dataDir);
      },
    );
  }
  assert.equal(readFileSync(file, 'utf8'), 'precious');
});

test('a refused store leaves nothing locked', (t) => {
  const dataDir = temporaryDirectory(t);
  inspect(dataDir, (db) => db.exec('CREATE TABLE theirs (a)'));
  assert.throws(() => open(t, dataDir), OperatorError);
  inspect(dataDir, (db) => db.exec('BEGIN EXCLUSIVE; DROP TABLE theirs; COMMIT'));
});

test('no secret stands in any file of the store, and its hash does', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const store = open(t, dataDir);
  const limits = {
    tokens: { defaultTtl: 60_000, maxTtl: undefined, retention: 0 },
    tickets: { defaultTtl: 60_000, maxTtl: 60_000, retention: 0 },
  };
  const events = logEvents(pino({ level: 'silent' }));
  const tokens = createTokenService({ store: store.tokens, limits, events, clock: () => 1_000 });
  const secrets: string[] = [];
  const announce = (key: string) => secrets.push(key);
  await ensureFirstKey(store.adminKeys, announce, 1_000);
  for (let i = 0; i < 20; i++) {
    const request: IssueRequest = {
      kind: i % 2 === 0 ? 'token' : 'ticket',
      subject: randomBytes(4).toString('hex'),
      bounds: boundTo('chat'),
      label: 'a label',
      claims: { email: 'alice@example.com' },
      expires: undefined,
      notBefore: undefined,
      maxUses: undefined,
    };
    const { secret, token } = await tokens.issue(request, systemActor);
    secrets.push(secret);
    if (i % 3 === 0) await store.tokens.redeem(token.id, 2_000);
    if (i % 5 === 0) await tokens.revoke(token.id, systemActor);
  }
  assert.equal(secrets.length, 21);
  const search = (): void => {
    const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)));
    const isAnywhere = (bytes: string | Buffer) => files.some((file) => file.includes(bytes));
    assert.ok(isAnywhere('alice@example.com'), 'the search finds what is there');
    for (const secret of secrets) {
      assert.equal(isAnywhere(secret), false);
      assert.equal(isAnywhere(secret.slice(4, 20)), false);
      assert.equal(isAnywhere(secret.slice(-16)), false);
      assert.equal(isAnywhere(hashSecret(secret)), true);
    }
  };
  assert.ok(existsSync(join(dataDir, 'postern.db-wal')));
  search();
  await store.close();
  search();
});
