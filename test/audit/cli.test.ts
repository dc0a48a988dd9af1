import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AuditAnchor } from '../../src/core/model/audit.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { anEntry, tamper } from '../../testkit/postern/audit.ts';
import { runCommand, spawnCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

/** Settings of a service whose store has some entries, and the last of them. */
async function prepareAudit(t: TestContext) {
  const { env, dataDir } = programEnvironment(t);
  const store = openSqliteStore(dataDir);
  const subjects = ['alice', 'bob', 'carl', 'a\u001b[31mred'];
  await store.audit.append(
    subjects.map((subject) =>
      anEntry({ at: 1_800_000_000_000, event: 'issue', subject, tokenId: 'tok_a', count: 2 }),
    ),
  );
  const head = (await store.audit.head()) as AuditAnchor;
  await store.close();
  return { env, dataDir, head: `${head.seq}:${head.hash}` };
}

test('audit list shows a line an entry, or its JSON, and where the next page begins', async (t) => {
  const { env } = await prepareAudit(t);
  const listed = await runCommand(['audit', 'list', '--store', '--limit', '2'], env);
  assert.equal(
    listed.stdout,
    '4  2027-01-15T08:00:00.000Z  issue         by ci  token=tok_a  subject=a\ufffd[31mred  count=2\n' +
      '3  2027-01-15T08:00:00.000Z  issue         by ci  token=tok_a  subject=carl  count=2\n',
  );
  assert.equal(listed.stderr, '\nMore: --cursor 3\n');
  const asc = ['audit', 'list', '--store', '--order', 'asc', '--subject', 'bob', '--json'];
  const [line = '', ...rest] = succeeded(await runCommand(asc, env))
    .trimEnd()
    .split('\n');
  const { seq, subject, token_id } = JSON.parse(line);
  assert.deepEqual([seq, subject, token_id, rest], [2, 'bob', 'tok_a', []]);
  const none = await runCommand(['audit', 'list', '--store', '--actor', 'nobody'], env);
  assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'No entries.\n']);
  const wrong = await runCommand(['audit', 'list', '--store', '--event', 'nothing'], env);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /event: must be/);
});

test('audit tail shows the last entries, oldest first', async (t) => {
  const { env } = await prepareAudit(t);
  const seqs = async (...args: string[]) => {
    const text = succeeded(await runCommand(['audit', 'tail', '--store', '--json', ...args], env));
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).seq as number);
  };
  assert.deepEqual(await seqs(), [1, 2, 3, 4]);
  assert.deepEqual(await seqs('-n', '2'), [3, 4]);
  assert.deepEqual(await seqs('-n', '0'), []);
  assert.deepEqual(await seqs('--subject', 'bob'), [2]);
});

for (const way of ['the service', 'the store'] as const) {
  test(`audit tail --follow goes on with what is added, from ${way}`, async (t) => {
    const { env, dataDir } = await prepareAudit(t);
    const served = way === 'the service' ? await startTestProgram(t, { env }) : undefined;
    const args = ['audit', 'tail', '--follow', '--json', ...(served ? [] : ['--store'])];
    const tail = spawnCommand(args, env);
    t.after(() => tail.child.kill('SIGKILL'));
    const seqs = () =>
      tail
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).seq as number);
    await waitFor('the last entries', () => seqs().length === 4);
    const store = openSqliteStore(dataDir);
    await store.audit.append([anEntry()]);
    await waitFor('the fifth', () => seqs().length === 5);
    if (served !== undefined) {
      await served.end('SIGTERM');
      await store.audit.append([anEntry()]);
      await startTestProgram(t, { env });
    } else await store.audit.append([anEntry()]);
    await waitFor('the sixth', () => seqs().length === 6);
    await store.close();
    assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 6]);
  });
}

test('audit verify says that the log is whole, and prints its end', async (t) => {
  const { env, head } = await prepareAudit(t);
  const { code, stdout } = await runCommand(['audit', 'verify'], env);
  assert.deepEqual([code, stdout], [0, `whole: 4 entries from 1 on\nhead: ${head}\n`]);
  const json = await runCommand(['audit', 'verify', '--json', '--expect-head', head], env);
  const [seq, hash] = head.split(':');
  assert.equal(json.code, 0);
  assert.deepEqual(JSON.parse(json.stdout), {
    ...{ ok: true, entries: 4, first: 1, fault: null },
    head: { seq: Number(seq), hash },
  });
  const fresh = programEnvironment(t);
  assert.equal(succeeded(await runCommand(['audit', 'verify'], fresh.env)), 'no entries\n');
});

test('audit verify names the first bad entry and what it means, and ends with 1', async (t) => {
  const { env, dataDir, head } = await prepareAudit(t);
  tamper(dataDir, (db) => db.exec("UPDATE audit SET subject = 'mallory' WHERE seq = 3"));
  const { code, stdout } = await runCommand(['audit', 'verify'], env);
  assert.equal(code, 1);
  assert.match(stdout, /^entry 3: altered\n {2}The entry was changed.*\nIntact up to entry 2\.\n$/);
  tamper(dataDir, (db) => db.exec('DELETE FROM audit WHERE seq > 2'));
  assert.equal(
    (await runCommand(['audit', 'verify'], env)).code,
    0,
    'nobody misses what nobody knew of',
  );
  const missed = await runCommand(['audit', 'verify', '--json', '--expect-head', head], env);
  assert.equal(missed.code, 1);
  const { ok, fault } = JSON.parse(missed.stdout);
  assert.deepEqual([ok, fault.seq, fault.code], [false, 4, 'end_missing']);
  assert.match(fault.meaning, /entries at the end are missing/);
  const wrong = await runCommand(['audit', 'verify', '--expect-head', '4'], env);
  assert.equal(wrong.code, 2);
});

test('a service says in its log where the audit log ends, when it starts and when it stops', async (t) => {
  const { env, head } = await prepareAudit(t);
  const served = await startTestProgram(t, { env });
  succeeded(await runCommand(['token', 'issue', 'alice'], env));
  const { stdout } = await served.end('SIGTERM');
  const heads = stdout
    .split('\n')
    .filter((line) => line.includes('"event":"audit_head"'))
    .map((line) => JSON.parse(line))
    .map(({ seq, hash }) => `${seq}:${hash}`);
  assert.equal(heads.length, 2);
  assert.equal(heads[0], head);
  assert.match(heads[1] ?? '', /^5:/);
  for (const anchor of heads)
    succeeded(await runCommand(['audit', 'verify', '--expect-head', anchor], env));
});
