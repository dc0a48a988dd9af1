import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { parseListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { failedInOneLine, obeyingModes, runCommand } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';
import { limitedDisk, limitFiles, type SmallDisk, smallDisk } from './disk.ts';

const disks: readonly [what: string, make: (t: TestContext) => SmallDisk][] = [
  ['a disk that takes no more', limitedDisk],
  [
    'a full file system',
    (t) => {
      const disk = smallDisk(t);
      if (disk === undefined) t.diagnostic('no mount here: a limit on file sizes stands for it');
      return disk ?? limitedDisk(t);
    },
  ],
];

describe('the disk', { concurrency: 3 }, () => {
  for (const [what, make] of disks) {
    test(`${what}: what needs a write gets 503, decisions go on, and it recovers by itself`, async (t) => {
      const disk = make(t);
      const { env } = programEnvironment(t, { POSTERN_DATA_DIR: disk.dataDir });
      const service = await startTestProgram(t, { env, singleProcess: true });
      const [known, fresh, revoked] = [
        await service.issue(),
        await service.issue(),
        await service.issue(),
      ];
      await service.revoke(revoked);
      const ticket = await service.issue('tickets');
      assert.equal(await service.knock(known), '200');

      disk.fill(service.pid);
      // The log of the database has some room left in its last block.
      await waitFor('a write to fail', async () => {
        const { status } = await service.send('POST', '/v1/tokens', { subject: 'bob' });
        return status === 503;
      });
      const { status, body } = await service.send('DELETE', `/v1/tokens/${known.id}`);
      assert.deepEqual([status, (body as { code: string }).code], [503, 'store_unavailable']);
      assert.equal(await service.knock(ticket), '503 store_unavailable');
      for (const token of [known, fresh]) assert.equal(await service.knock(token), '200');
      assert.equal(await service.knock(revoked), '401 revoked');
      await waitFor('a line in the log', () =>
        /"event":"fault".*token store: (?:database or disk is full|disk I\/O error)/.test(
          service.stdout(),
        ),
      );

      disk.makeRoom(service.pid);
      await service.revoke(known);
      assert.equal(await service.knock(known), '401 revoked');
      assert.equal(await service.knock(ticket), '200');
      assert.equal(await service.knock(ticket), '401 already_used');
      assert.equal(await service.knock(await service.issue()), '200');
      assert.equal((await service.end('SIGTERM')).code, 0);
      const { problems } = JSON.parse(
        (await runCommand(['store', 'check', '--json'], env)).stdout,
      ) as {
        problems: readonly { code: string }[];
      };
      assert.deepEqual(
        problems.filter(({ code }) => code !== 'little_room'),
        [],
      );
    });
  }

  test('when every write fails, as on a disk that became read-only, decisions go on', async (t) => {
    const { env } = programEnvironment(t);
    const service = await startTestProgram(t, { env, singleProcess: true });
    const token = await service.issue();
    const ticket = await service.issue('tickets');
    limitFiles(service.pid, '0');
    assert.equal(await service.knock(token), '200');
    assert.equal(await service.knock(ticket), '503 store_unavailable');
    const { status } = await service.send('DELETE', `/v1/tokens/${token.id}`);
    assert.equal(status, 503);
    assert.equal(await service.knock(token), '200');
    limitFiles(service.pid, 'unlimited');
    await service.revoke(token);
    assert.equal(await service.knock(token), '401 revoked');
    assert.equal(await service.knock(ticket), '200');
  });

  test('what was acknowledged while the disk was full by turns is there after kill -9', async (t) => {
    const disk = limitedDisk(t);
    const { env } = programEnvironment(t, { POSTERN_DATA_DIR: disk.dataDir });
    const service = await startTestProgram(t, { env, singleProcess: true });
    const kept = [];
    for (let round = 0; round < 10; round++) {
      kept.push(await service.issue());
      disk.fill(service.pid);
      await service.send('POST', '/v1/tokens', { subject: 'bob' });
      disk.makeRoom(service.pid);
    }
    await service.end('SIGKILL');
    const again = await startTestProgram(t, { env, singleProcess: true });
    for (const token of kept) assert.equal(await again.knock(token), '200');
  });

  test('a log on a full disk holds nobody up, and ends nothing', async (t) => {
    const { env } = programEnvironment(t);
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [join(packageRoot, 'src/cli/main.ts'), 'serve'], {
      env: { PATH: process.env.PATH, ...env, POSTERN_ADMIN_KEY: '' },
      // The first start also wants to say a key on standard error.
      stdio: ['ignore', full, full],
    });
    closeSync(full);
    t.after(() => child.kill('SIGKILL'));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const gate = parseListenAddress(env.POSTERN_GATE_LISTEN ?? '');
    assert.ok(gate !== undefined);
    const status = () =>
      ask(gate).then(
        (answer) => answer.status,
        () => undefined,
      );
    await waitFor('an answer', async () => (await status()) === 401);
    // Long enough for the log to be written several times.
    for (let i = 0; i < 300; i++) assert.equal(await status(), 401);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});

describe('a store that may not be written', { concurrency: 3 }, () => {
  for (const [what, name, mode] of [
    ['file', 'postern.db', 0o400],
    ['directory', '', 0o500],
  ] as const) {
    test(`a read-only ${what} keeps it from starting, in one line that names it`, async (t) => {
      const { env, dataDir } = programEnvironment(t);
      await (await startTestProgram(t, { env, singleProcess: true })).end('SIGTERM');
      chmodSync(join(dataDir, name), mode);
      const ended = await runCommand(['serve'], env, { through: obeyingModes });
      chmodSync(dataDir, 0o700);
      failedInOneLine(ended, 4, /cannot use the token store .*postern\.db.*may write/);
    });
  }
});
