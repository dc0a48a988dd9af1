import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import {
  failedInOneLine,
  obeyingModes,
  runCommand,
  succeeded,
} from '../../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../../testkit/postern/program.ts';

interface Report {
  readonly path: string;
  readonly problems: readonly { readonly code: string; readonly message: string }[];
  readonly schema: number;
  readonly newest_schema: number;
  readonly size: number;
  readonly log_size: number;
  readonly free: number;
  readonly rows: Readonly<Record<string, number>>;
}

describe('postern store check', { concurrency: 4 }, () => {
  test('beside a running service it says what is there and that it is whole', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    for (let i = 0; i < 3; i++) await service.issue('tokens', { gates: ['default'] });
    const said = succeeded(await runCommand(['store', 'check'], env));
    assert.match(said, /^rows +.*token: 3, token gate: 3/m);
    assert.match(said, /The store has no problem\.\n$/);
    const report: Report = JSON.parse(
      succeeded(await runCommand(['store', 'check', '--json'], env)),
    );
    assert.equal(report.path, join(dataDir, 'postern.db'));
    assert.deepEqual(report.problems, []);
    assert.equal(report.schema, report.newest_schema);
    assert.equal(report.log_size, statSync(join(dataDir, 'postern.db-wal')).size);
    assert.ok(report.free > 0);
    assert.equal(report.rows.token, 3);
    assert.equal(await service.knock(await service.issue()), '200');
  });

  test("a table that is not Postern's is named, and nothing of it is read", async (t) => {
    const { env, dataDir } = programEnvironment(t);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const db = new Database(join(dataDir, 'postern.db'));
    db.exec('CREATE TABLE "later ""on\u001b[2J" (a); ANALYZE');
    db.close();
    const { code, stdout } = await runCommand(['store', 'check'], env);
    assert.equal(code, 1);
    assert.match(stdout, /^damaged: table "later "on\ufffd\[2J" is not part of Postern's schema$/m);
    assert.equal(stdout.match(/^damaged/gm)?.length, 1, 'what ANALYZE adds is no fault');
  });

  test('a copy is checked where nothing may be written, and stays as it is', async (t) => {
    const { env, directory, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    for (let i = 0; i < 3; i++) await service.issue();
    await service.end('SIGTERM');
    const copy = join(directory, 'copy');
    mkdirSync(copy);
    // With the log still switched on, as `cp` of a stopped store leaves it.
    copyFileSync(join(dataDir, 'postern.db'), join(copy, 'postern.db'));
    chmodSync(join(copy, 'postern.db'), 0o400);
    chmodSync(copy, 0o500);
    const { code, stdout, stderr } = await runCommand(['store', 'check', '--json', copy], env, {
      through: obeyingModes,
    });
    chmodSync(copy, 0o700);
    assert.equal(code, 0, stderr + stdout);
    assert.equal((JSON.parse(stdout) as Report).rows.token, 3);
    assert.deepEqual(readdirSync(copy), ['postern.db']);
  });

  test('files that others may read are told, with the command that mends it', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const file = join(dataDir, 'postern.db');
    chmodSync(file, 0o644);
    chmodSync(dataDir, 0o755);
    const { code, stdout } = await runCommand(['store', 'check'], env);
    assert.equal(code, 1);
    assert.ok(stdout.includes(`open_to_others: ${file} has mode 0644`), stdout);
    for (const [, command = ''] of stdout.matchAll(/Run: (chmod .*)$/gm)) {
      const [, mode = '', path = ''] = command.split(' ');
      chmodSync(path, Number.parseInt(mode, 8));
    }
    succeeded(await runCommand(['store', 'check'], env));
  });

  test('damage of any kind ends with 1 and is said', async (t) => {
    const { env, directory, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    for (let i = 0; i < 300; i++) await service.issue('tokens', { gates: ['default'] });
    await service.end('SIGTERM');
    const file = join(directory, 'copy.db');
    const check = async (change: (path: string) => void, words: RegExp) => {
      succeeded(await runCommand(['backup', '--force', file], env));
      change(file);
      const { code, stdout, stderr } = await runCommand(['store', 'check', file], env);
      assert.match(stdout, words, stderr);
      assert.equal(code, 1);
    };
    const execute = (sql: string) => (path: string) => {
      const db = new Database(path);
      db.pragma('foreign_keys = off');
      db.exec(sql);
      db.close();
    };
    await check((path) => truncateSync(path, 20_480), /^damaged: /m);
    await check(
      (path) => writeFileSync(path, 'x'.repeat(999)),
      /^damaged: file is not a database$/m,
    );
    await check((path) => truncateSync(path, 0), /^damaged: it is not a database of Postern$/m);
    await check(execute('PRAGMA user_version = 99'), /^damaged: .*newer Postern \(schema 99/m);
    await check(
      execute('PRAGMA application_id = 99'),
      /^damaged: it is not a database of Postern$/m,
    );
    await check(
      execute('DELETE FROM token WHERE seq = 7'),
      /^damaged: row .* of token_gate has no parent row$/m,
    );
    await check((path) => {
      const bytes = readFileSync(path);
      // How many pages are free (https://sqlite.org/fileformat.html#the_database_header).
      bytes.writeUInt32BE(5, 36);
      writeFileSync(path, bytes);
    }, /^damaged: Freelist: .*\b5\b/m);
    await check(
      execute('DROP INDEX token_by_subject'),
      /^damaged: index "token_by_subject" on "token" is missing$/m,
    );
    assert.equal((await runCommand(['store', 'check', dataDir], env)).code, 0);
  });

  test('where there is no store, or none that may be read, it ends with 4', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    failedInOneLine(await runCommand(['store', 'check'], env), 4, /there is no token store at/);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    chmodSync(join(dataDir, 'postern.db'), 0);
    const ended = await runCommand(['store', 'check'], env, { through: obeyingModes });
    failedInOneLine(ended, 4, /cannot read .*postern\.db/);
  });
});
