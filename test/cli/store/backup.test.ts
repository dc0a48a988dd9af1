import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { failedInOneLine, runCommand, succeeded } from '../../../testkit/postern/command.ts';
import type { Issued } from '../../../testkit/postern/issued.ts';
import {
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../../testkit/postern/program.ts';

/** Goes on issuing, revoking and deciding until it is told to stop. */
function keepBusy(service: TestProgram): { stop(): Promise<number> } {
  let busy = true;
  const work = async () => {
    let count = 0;
    while (busy) {
      const token = await service.issue();
      assert.equal(await service.knock(token), '200');
      await service.revoke(token);
      assert.equal(await service.knock(token), '401 revoked');
      count++;
    }
    return count;
  };
  const working = Promise.all([work(), work(), work()]);
  return {
    async stop() {
      busy = false;
      return (await working).reduce((sum, count) => sum + count, 0);
    },
  };
}

describe('postern backup', { concurrency: 4 }, () => {
  test('what was acknowledged before it began is in it, while the service goes on', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const before: Issued[] = [];
    for (let i = 0; i < 200; i++) before.push(await service.issue('tokens', { subject: `s${i}` }));
    const busy = keepBusy(service);
    const file = join(directory, 'backup.db');
    const acknowledged = await service.issue();
    const revoked = before[0] as Issued;
    await service.revoke(revoked);
    const ticket = await service.issue('tickets', { expires_in: '5m' });
    assert.equal(await service.knock(ticket), '200');
    const said = succeeded(await runCommand(['backup', file], env));
    const late = await service.issue();
    assert.ok((await busy.stop()) > 0);
    assert.match(said, /^Backed up .* and checked it \(schema \d+\)\.\n.*token: \d+/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('backup')),
      ['backup.db'],
      'nothing is left beside it',
    );

    // As it is after a disaster: another machine, nothing but the file.
    await service.end('SIGKILL');
    const elsewhere = programEnvironment(t);
    const told = succeeded(await runCommand(['restore', file], elsewhere.env));
    assert.match(told, /There was no previous store\./);
    assert.match(told, /tokens that were revoked since then are valid\nagain/);
    const restored = await startTestProgram(t, { env: elsewhere.env });
    for (const token of [...before.slice(1), acknowledged]) {
      assert.equal(await restored.knock(token), '200');
    }
    assert.equal(await restored.knock(revoked), '401 revoked');
    assert.equal(await restored.knock(ticket), '401 already_used');
    assert.equal(await restored.knock(late), '401 unknown_token');
    assert.notEqual(dataDir, elsewhere.dataDir);
  });

  test('a backup of a store whose service was killed has what the log has', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const token = await service.issue();
    await service.end('SIGKILL');
    assert.ok(statSync(join(dataDir, 'postern.db-wal')).size > 0);
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    const db = new Database(file, { readonly: true });
    t.after(() => db.close());
    assert.deepEqual(db.prepare('SELECT id FROM token').pluck().all(), [token.id]);
  });

  test('it replaces a file only when it is told to, and never the store', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const file = join(directory, 'backup.db');
    writeFileSync(file, 'precious');
    failedInOneLine(await runCommand(['backup', file], env), 1, /backup\.db exists\. .*--force/);
    assert.equal(statSync(file).size, 8);
    succeeded(await runCommand(['backup', '--force', file], env));
    assert.ok(statSync(file).size > 8);
    for (const name of ['postern.db', 'postern.db-wal']) {
      const ended = await runCommand(['backup', '--force', join(dataDir, name)], env);
      failedInOneLine(ended, 1, /is the store itself/);
    }
    assert.equal(await service.knock(await service.issue()), '200');
  });

  test('where there is no store, or no place to write to, it says so', async (t) => {
    const { env, directory } = programEnvironment(t);
    const file = join(directory, 'backup.db');
    failedInOneLine(
      await runCommand(['backup', file], env),
      4,
      /there is no token store at .*postern\.db/,
    );
    assert.equal(existsSync(file), false);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const nowhere = await runCommand(['backup', join(directory, 'missing', 'backup.db')], env);
    failedInOneLine(nowhere, 1, /missing does not exist\. Create it first/);
  });

  test('a damaged store gives no backup, and the one from before stays', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    for (let i = 0; i < 300; i++) await service.issue('tokens', { label: 'x'.repeat(100) });
    await service.end('SIGTERM');
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    const { size, mtimeMs } = statSync(file);
    const path = join(dataDir, 'postern.db');
    damage(path);
    failedInOneLine(
      await runCommand(['backup', '--force', file], env),
      1,
      /cannot be backed up: .*postern store check/,
    );
    const after = statSync(file);
    assert.deepEqual([after.size, after.mtimeMs], [size, mtimeMs]);
    writeFileSync(path, 'this is no database\n'.repeat(100));
    failedInOneLine(
      await runCommand(['backup', '--force', file], env),
      1,
      /file is not a database/,
    );
    assert.equal(statSync(file).mtimeMs, mtimeMs);
    assert.equal(readdirSync(directory).filter((name) => name.includes('backup')).length, 1);
  });
});

describe('postern restore', { concurrency: 4 }, () => {
  test('it brings back what the backup has, keeps the store from before, and tells what is undone', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const [kept, revokedLater, revoked] = [
      await service.issue(),
      await service.issue(),
      await service.issue(),
    ];
    const ticket = await service.issue('tickets', { expires_in: '5m' });
    await service.revoke(revoked);
    await service.send('POST', '/v1/keys', { name: 'ci', role: 'issuer' });
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    await service.revoke(revokedLater);
    assert.equal(await service.knock(ticket), '200');
    await service.send('DELETE', '/v1/keys/ci');
    const late = await service.issue();
    await service.end('SIGTERM');

    const said = succeeded(await runCommand(['restore', file], env));
    assert.match(said, /Revoked or deleted since the backup, and valid again: 1\./);
    assert.ok(said.includes(`  postern token revoke --store ${revokedLater.id}\n`), said);
    assert.ok(said.includes(`  postern token revoke --store ${ticket.id}\n`), said);
    assert.ok(said.includes('  postern key revoke --store ci\n'), said);
    assert.match(said, /Tokens issued since the backup, now unknown: 1\./);
    const [, before = ''] = /The previous store is kept: (.*)\n/.exec(said) ?? [];
    assert.match(before, /postern\.db\.before-restore-\d{8}T\d{6}Z$/);
    assert.equal(statSync(join(dataDir, 'postern.db')).mode & 0o777, 0o600);

    // Word for word what it said.
    for (const [, command = ''] of said.matchAll(/^ {2}postern (.*)$/gm)) {
      succeeded(await runCommand(command.split(' '), env));
    }
    const again = await startTestProgram(t, { env });
    assert.equal(await again.knock(kept), '200');
    for (const token of [revoked, revokedLater, ticket]) {
      assert.equal(await again.knock(token), '401 revoked');
    }
    assert.equal(await again.knock(late), '401 unknown_token');
    await again.end('SIGTERM');

    // And the way back.
    succeeded(await runCommand(['restore', before], env));
    const back = await startTestProgram(t, { env });
    assert.equal(await back.knock(late), '200');
    assert.equal(await back.knock(ticket), '401 already_used');
  });

  test('it refuses while a service, or anybody else, has the store open', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const token = await service.issue();
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    const refused = /the token store in .* is in use\. Stop the service .*Nothing was changed/;
    failedInOneLine(await runCommand(['restore', file], env), 1, refused);
    assert.equal(await service.knock(token), '200');
    await service.end('SIGTERM');

    // A shell that somebody forgot.
    const shell = new Database(join(dataDir, 'postern.db'));
    shell.prepare('SELECT count(*) FROM token').get();
    failedInOneLine(await runCommand(['restore', file], env), 1, refused);
    shell.close();
    assert.deepEqual(
      readdirSync(dataDir).filter((name) => name.includes('restore')),
      [],
    );
    succeeded(await runCommand(['restore', file], env));
  });

  test('a start during a restore waits for it, and says what is going on when that takes long', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const restoring = new Database(join(dataDir, 'postern.lock'));
    restoring.exec('BEGIN EXCLUSIVE');
    failedInOneLine(await runCommand(['serve'], env), 4, /postern restore is running there/);
    const starting = startTestProgram(t, { env });
    restoring.close();
    await (await starting).end('SIGTERM');
  });

  test('a file that is no good is refused before anything is touched', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    for (let i = 0; i < 300; i++) await service.issue('tokens', { label: 'x'.repeat(100) });
    const good = join(directory, 'good.db');
    succeeded(await runCommand(['backup', good], env));
    const bad = async (change: (path: string) => void, words: RegExp) => {
      const path = join(directory, 'bad.db');
      copyFileSync(good, path);
      change(path);
      // The service still runs: a bad file is told before that.
      failedInOneLine(await runCommand(['restore', path], env), 1, words);
    };
    await bad((path) => damage(path), /bad\.db cannot be restored: .* Take another backup/);
    await bad((path) => cut(path, 0.5), /bad\.db cannot be restored: .*Take another backup/);
    await bad((path) => cut(path, 0), /it is not a database of Postern/);
    await bad(
      (path) => writeFileSync(path, 'x'.repeat(5_000)),
      /bad\.db cannot be restored: file is not a database/,
    );
    await bad(
      (path) => execute(path, 'PRAGMA user_version = 999'),
      /it was written by a newer Postern \(schema 999, this one knows \d+\)\. Restore it with that version/,
    );
    await bad(
      (path) => execute(path, 'PRAGMA application_id = 1'),
      /it is not a database of Postern/,
    );
    failedInOneLine(
      await runCommand(['restore', join(directory, 'none.db')], env),
      4,
      /there is no backup at/,
    );
    const itself = await runCommand(['restore', join(dataDir, 'postern.db')], env);
    failedInOneLine(itself, 1, /is the store itself/);
    assert.deepEqual(
      readdirSync(dataDir).filter((name) => !/^postern\.(?:db(?:-wal|-shm)?|lock|key)$/.test(name)),
      [],
    );
  });

  test('a backup with an older schema is brought up to date by the next start', async (t) => {
    const { env, directory } = programEnvironment(t);
    const file = join(directory, 'old.db');
    execute(
      file,
      readFileSync(join(import.meta.dirname, '../../store/sqlite/fixtures/schema-1.sql'), 'utf8'),
    );
    const said = succeeded(await runCommand(['restore', file], env));
    assert.match(said, /\(schema 1\)[\s\S]*The next start migrates its schema to \d+\./);
    const service = await startTestProgram(t, { env });
    const { body } = await service.send('GET', '/v1/tokens?limit=10');
    const ids = (body as { tokens: Issued[] }).tokens.map(({ id }) => id);
    assert.ok(ids.includes('tok_plain'), String(ids));
  });

  test('a store that is beyond reading is replaced and kept as it is', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const token = await service.issue();
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    await service.end('SIGTERM');
    const path = join(dataDir, 'postern.db');
    writeFileSync(path, 'this is no database\n'.repeat(100));
    const said = succeeded(await runCommand(['restore', file], env));
    assert.match(said, /No readable previous store can list them/);
    const [, before = ''] = /The previous store is kept: (.*)\n/.exec(said) ?? [];
    assert.equal(statSync(before).size, 2_000);
    const again = await startTestProgram(t, { env });
    assert.equal(await again.knock(token), '200');
  });

  test('what a restore makes belongs to the owner of the directory, whoever runs it', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    // Nobody but root can give a directory away; for others it is their own already.
    const owner = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0);
    chownSync(dataDir, owner, process.getgid?.() ?? 0);
    succeeded(await runCommand(['restore', file], env));
    for (const name of ['postern.db', 'postern.lock']) {
      assert.equal(statSync(join(dataDir, name)).uid, owner, name);
    }
  });

  test('the database of another program stays where it is', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    await (await startTestProgram(t, { env })).end('SIGTERM');
    const file = join(directory, 'backup.db');
    succeeded(await runCommand(['backup', file], env));
    const path = join(dataDir, 'postern.db');
    execute(path, 'PRAGMA application_id = 7');
    failedInOneLine(
      await runCommand(['restore', file], env),
      4,
      /is a database of another program/,
    );
    assert.ok(existsSync(path));
  });
});

function execute(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

function cut(path: string, part: number): void {
  truncateSync(path, Math.floor(statSync(path).size * part));
}

/** Overwrites pages in the middle, as a failing disk does. */
function damage(path: string): void {
  chmodSync(path, 0o600);
  const file = openSync(path, 'r+');
  const size = statSync(path).size;
  const from = Math.floor(size / 2 / 4_096) * 4_096;
  writeSync(file, Buffer.alloc(8_192, 0xa5), 0, 8_192, from);
  closeSync(file);
}
