import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { OperatorError } from '../../../src/lib/operator-error.ts';
import { Refused } from '../../../src/lib/refused.ts';
import { checkStore } from '../../../src/store/sqlite/check.ts';
import { restoreStore } from '../../../src/store/sqlite/restore.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { failedInOneLine, runCommand } from '../../../testkit/postern/command.ts';
import { programEnvironment } from '../../../testkit/postern/program.ts';
import { openUnrecordedStore } from '../../../testkit/store.ts';
import { newToken } from '../../store/contract.ts';

/** A store with a token in it, of which this SQL made something else. */
async function tamperedStore(t: TestContext, sql: string): Promise<{ dir: string; file: string }> {
  const dir = join(temporaryDirectory(t), 'data');
  const store = openUnrecordedStore(dir);
  await store.tokens.insert(newToken('tok_1'));
  await store.close();
  const file = join(dir, 'postern.db');
  const db = new Database(file);
  db.unsafeMode();
  db.pragma('writable_schema = on');
  db.exec(sql);
  db.close();
  return { dir, file };
}

const unrevoke = `CREATE TRIGGER keep_alive AFTER UPDATE OF revoked_at ON token
  BEGIN UPDATE token SET revoked_at = NULL WHERE id = NEW.id; END`;

const tampered: readonly (readonly [what: string, sql: string, names: RegExp])[] = [
  ['a trigger on token', unrevoke, /trigger "keep_alive" on "token"/],
  [
    'a trigger that keeps no entry',
    `CREATE TRIGGER silence AFTER INSERT ON audit BEGIN DELETE FROM token_gate; END`,
    /trigger "silence" on "audit"/,
  ],
  ['a missing trigger', 'DROP TRIGGER audit_is_kept', /trigger "audit_is_kept" .* missing/],
  [
    'a trigger of the same name that does nothing',
    `DROP TRIGGER audit_is_kept;
     CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT 1; END`,
    /trigger "audit_is_kept" on "audit"/,
  ],
  ['a view', 'CREATE VIEW tokens AS SELECT * FROM token', /view "tokens"/],
  [
    'a view in the place of a table',
    `ALTER TABLE jwt_use RENAME TO hidden;
     CREATE VIEW jwt_use AS SELECT * FROM hidden WHERE 0`,
    /"(?:hidden|jwt_use)"/,
  ],
  [
    'a unique index that lets no revocation in',
    'CREATE UNIQUE INDEX once ON jwt_revocation (iss)',
    /index "once" on "jwt_revocation"/,
  ],
  ['another column', 'ALTER TABLE token ADD COLUMN more TEXT', /table "token"/],
  [
    'another constraint',
    `UPDATE sqlite_schema SET sql = replace(sql, 'uses >= 0', 'uses >= 0 AND revoked_at IS NULL')
     WHERE name = 'token'`,
    /table "token"/,
  ],
  [
    'a comment that is none',
    `UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (max_uses IS NULL', '-- CHECK (max_uses IS NULL')
     WHERE name = 'token'`,
    /table "token"|malformed/,
  ],
  [
    'a table of statistics that is a view',
    "CREATE VIEW stat1 AS SELECT 1 AS tbl, 2 AS idx, 3 AS stat; UPDATE sqlite_schema SET name = 'sqlite_stat1', tbl_name = 'sqlite_stat1', sql = replace(sql, 'stat1', 'sqlite_stat1') WHERE name = 'stat1'",
    /view "sqlite_stat1"/,
  ],
];

describe('a store whose schema is not exactly Postern’s', () => {
  for (const [what, sql, names] of tampered) {
    test(`${what}: restore, check and start refuse`, async (t) => {
      const { dir, file } = await tamperedStore(t, sql);
      const [problem, ...others] = checkStore(file).problems;
      assert.equal(problem?.code, 'damaged', JSON.stringify(others));
      assert.match(problem.message, names);
      const elsewhere = join(temporaryDirectory(t), 'data');
      await assert.rejects(restoreStore(elsewhere, file, 0), (error) => {
        assert.ok(error instanceof Refused);
        assert.match(error.message, names);
        return true;
      });
      assert.ok(!existsSync(join(elsewhere, 'postern.db')), 'nothing was put in its place');
      const before = readFileSync(file);
      assert.throws(
        () => openSqliteStore(dir),
        (error) => {
          assert.ok(error instanceof OperatorError);
          assert.match(error.message, names);
          return true;
        },
      );
      assert.deepEqual(readFileSync(file), before, 'what was found stays as it was');
    });
  }

  test('a backup with a trigger on token is refused in one line that names it', async (t) => {
    const { file } = await tamperedStore(t, unrevoke);
    const { env, dataDir } = programEnvironment(t);
    const restored = await runCommand(['restore', file], env);
    failedInOneLine(restored, 1, /cannot be restored: trigger "keep_alive" on "token" is not part/);
    mkdirSync(dataDir);
    copyFileSync(file, join(dataDir, 'postern.db'));
    const started = await runCommand(['serve'], env);
    failedInOneLine(started, 4, /tampered with: trigger "keep_alive" on "token".*Restore a backup/);
  });

  test('an older schema is compared with what it was, before it is brought up to date', async (t) => {
    const fixtures = join(import.meta.dirname, '../../store/sqlite/fixtures');
    for (const name of readdirSync(fixtures)) {
      const dir = join(temporaryDirectory(t), 'data');
      mkdirSync(dir);
      const file = join(dir, 'postern.db');
      const db = new Database(file);
      db.exec(readFileSync(join(fixtures, name), 'utf8'));
      db.exec(unrevoke);
      db.close();
      assert.throws(() => openSqliteStore(dir), /trigger "keep_alive" on "token"/, name);
      assert.match(checkStore(file).problems[0]?.message ?? '', /keep_alive/, name);
    }
  });

  test('what SQLite adds by itself, comments and spaces are no fault', async (t) => {
    const { dir, file } = await tamperedStore(
      t,
      `ANALYZE; VACUUM;
       UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '/* as ever */  STRICT');`,
    );
    assert.deepEqual(checkStore(file).problems, []);
    const store = openSqliteStore(dir);
    await store.ping();
    await store.close();
  });
});
