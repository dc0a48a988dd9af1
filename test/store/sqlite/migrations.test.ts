import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Token } from '../../../src/core/model/token.ts';
import { sqliteMigrations } from '../../../src/lib/resources.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { boundTo } from '../../../testkit/examples.ts';
import { openUnrecordedStore, type UnrecordedStore } from '../../../testkit/store.ts';
import { newToken } from '../contract.ts';

// Databases as earlier versions left them; the same tokens are in each, and by and by other things.
const fixtures = join(import.meta.dirname, 'fixtures');
const versions = readdirSync(fixtures)
  .map((name) => Number(/^schema-(\d+)\.sql$/.exec(name)?.[1]))
  .sort((a, b) => a - b);

/** Puts the database of an earlier version into a directory and opens it as this one does. */
function openFixture(t: TestContext, version: number): { store: UnrecordedStore; dataDir: string } {
  const dataDir = join(temporaryDirectory(t), 'data');
  mkdirSync(dataDir);
  const db = new Database(join(dataDir, 'postern.db'));
  db.exec(readFileSync(join(fixtures, `schema-${version}.sql`), 'utf8'));
  db.close();
  const store = openUnrecordedStore(dataDir);
  t.after(() => store.close());
  return { store, dataDir };
}

/** What makes up the schema, whatever way it came about. */
function schemaOf(dataDir: string): unknown {
  const db = new Database(join(dataDir, 'postern.db'));
  try {
    const tables = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all();
    return {
      version: db.pragma('user_version'),
      columns: tables.map((table) => [table, db.pragma(`table_xinfo(${table})`)]),
      indexes: db
        .prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name")
        .all(),
      triggers: db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
        .all(),
      damage: db.pragma('integrity_check'),
      strangers: db.pragma('foreign_key_check'),
    };
  } finally {
    db.close();
  }
}

function hashOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

/** A token of the fixtures. */
function stored(id: string, facts: Partial<Token> = {}): Token {
  const { hash: _hash, ...token } = newToken(id);
  return { ...token, revokedAt: undefined, uses: 0, ...facts };
}

test('there is a fixture for every schema but the newest', () => {
  const newest = readdirSync(sqliteMigrations).length;
  assert.deepEqual(
    versions,
    Array.from({ length: newest - 1 }, (_, i) => i + 1),
  );
});

for (const version of versions) {
  test(`a database with schema ${version} becomes one like a fresh one`, async (t) => {
    const { store, dataDir } = openFixture(t, version);
    await store.close();
    const fresh = join(temporaryDirectory(t), 'data');
    await openUnrecordedStore(fresh).close();
    assert.deepEqual(schemaOf(dataDir), schemaOf(fresh));
  });

  test(`a database with schema ${version} keeps its tokens`, async (t) => {
    const { tokens } = openFixture(t, version).store;
    const session = {
      kind: 'session',
      expiresAt: 3_000,
      renewableUntil: 5_000,
      ...(version >= 4 && {
        jwt: {
          ...{ iss: 'https://id.example.com', jti: 'j1', subject: 'alice', issuedAt: 900 },
          // What nobody wrote down did not happen.
          usedUp: false,
        },
      }),
    } as const;
    const expected: Token[] = [
      stored('tok_revoked', { revokedAt: 1_700, expiresAt: 9_000 }),
      stored('tok_used', {
        ...{ kind: 'ticket', maxUses: 1, uses: 1, expiresAt: 31_000 },
        restrictions: boundTo('chat'),
      }),
      stored('tok_session', session),
      stored('tok_rotated', { restrictions: boundTo('grist') }),
      stored('tok_gated', {
        ...{ subject: 'bob', weak: true, notBefore: 2_000 },
        restrictions: boundTo('chat'),
      }),
      stored('tok_bound', {
        label: "it's a label",
        claims: { email: 'alice@example.com', groups: ['a', 'b'] },
        restrictions: {
          gates: ['chat', 'grist'],
          paths: ['/rooms'],
          origins: ['https://app.example.com'],
          networks: ['10.0.0.0/8'],
        },
        expiresAt: 4_102_444_800_000,
      }),
      stored('tok_plain'),
    ];
    assert.deepEqual((await tokens.list({}, { now: 0, limit: 10 })).tokens, expected);
    for (const token of expected)
      assert.deepEqual(await tokens.findByHash(hashOf(token.id)), token);
    assert.equal((await tokens.findByHash(hashOf('tok_rotated before')))?.secretUntil, 3_000);
    const atChat = await tokens.list({ gate: 'chat' }, { now: 0, limit: 10 });
    const ids = atChat.tokens.map(({ id }) => id);
    assert.deepEqual(ids, ['tok_used', 'tok_gated', 'tok_bound']);
  });

  test(`a database with schema ${version} works on`, async (t) => {
    const { tokens, audit } = openFixture(t, version).store;
    assert.equal(await tokens.redeem('tok_used', 2_000), false);
    await tokens.insert(newToken('tok_new', { maxUses: 1, restrictions: boundTo('chat') }));
    assert.equal(await tokens.redeem('tok_new', 2_000), true);
    assert.equal(await tokens.revoke('tok_plain', 2_000), true);
    assert.equal((await tokens.findById('tok_session'))?.revokedAt, 2_000);
    assert.equal(await tokens.revokeAll({ gate: 'grist' }, 2_000), 2);
    assert.equal(await tokens.prune('token', 1_701, 10), 1);
    assert.equal(await tokens.findById('tok_revoked'), undefined);
    assert.equal((await audit.head())?.seq, 4, 'what was changed since is in the audit log');
  });

  test(`a database with schema ${version} keeps its keys and what it knows of JWTs`, async (t) => {
    const { adminKeys, signingKeys, jwts } = openFixture(t, version).store;
    const names = (await adminKeys.list()).map(({ name, role, gates }) => [name, role, ...gates]);
    assert.deepEqual(names, version >= 2 ? [['ci', 'issuer', 'chat']] : []);
    const signing = (await signingKeys.list()).map(({ id, sealed }) => [id, ...sealed]);
    assert.deepEqual(signing, version >= 3 ? [['k1', 1, 2, 3]] : []);
    const known = async (jti: string) => {
      const { revoked, used } = await jwts.find({
        ...{ iss: 'https://id.example.com', subject: 'alice', jti, issuedAt: 900 },
      });
      return [revoked, used];
    };
    const isKnown = version >= 4;
    assert.deepEqual(await known('j1'), [false, false]);
    assert.deepEqual(await known('j2'), [isKnown, false]);
    assert.deepEqual(await known('j3'), [false, isKnown]);
  });
}
