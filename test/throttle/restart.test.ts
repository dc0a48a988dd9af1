import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoredThrottle } from '../../src/store/port/throttles.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { noon } from '../../testkit/jwt.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';
import { attacker, neighbour, startThrottled } from './fixture.ts';

const kept = { POSTERN_THROTTLE_PERSIST: 'true' };

test('a restart remembers who is throttled where it is told to, and only there', async (t) => {
  for (const [env, reason] of [
    [kept, 'throttled'],
    [{}, 'unknown_token'],
  ] as const) {
    const dataDir = join(temporaryDirectory(t), 'data');
    const first = await startThrottled(t, { dataDir, env });
    await first.flood(5);
    await first.flood(2, neighbour);
    await first.close();
    const second = await startThrottled(t, { dataDir, env });
    assert.deepEqual(await second.flood(1), [reason]);
    assert.deepEqual(await second.flood(1, neighbour), ['unknown_token']);
    second.now += 5 * 60_000;
    assert.deepEqual(await second.flood(1), ['unknown_token']);
    await second.close();
  }
});

test('what was forgotten is forgotten after a restart too, and what ended is not remembered', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const first = await startThrottled(t, { dataDir, env: kept });
  await first.flood(5);
  await first.flood(5, neighbour);
  await first.api('DELETE', `/v1/throttle?network=${attacker}`);
  await first.close();
  const second = await startThrottled(t, { dataDir, env: kept });
  assert.deepEqual(await second.flood(1), ['unknown_token']);
  assert.deepEqual(await second.flood(1, neighbour), ['throttled']);
  await second.api('DELETE', '/v1/throttle');
  await second.close();
  const store = openSqliteStore(dataDir);
  t.after(() => store.close());
  assert.deepEqual(await store.throttles.list(), []);
});

test('it is written down while the service runs, so that a crash does not forget it', async (t) => {
  const { env, dataDir } = programEnvironment(t, {
    ...kept,
    POSTERN_THROTTLE_FAILURES: '3',
    // Each worker counts for itself.
    POSTERN_WORKERS: '1',
  });
  const served = await startTestProgram(t, { env });
  for (let i = 0; i < 4; i++) await ask(served.gate, { authorization: 'Bearer bogus' });
  const store = openSqliteStore(dataDir);
  t.after(() => store.close());
  await waitFor('the row', async () => (await store.throttles.list()).length === 1);
  await served.end('SIGKILL');
  const stored = succeeded(await runCommand(['throttle', 'list', '--store', '--json'], env));
  assert.equal((JSON.parse(stored) as { throttled: unknown[] }).throttled.length, 1);
  const again = await startTestProgram(t, { env });
  assert.equal((await ask(again.gate, { authorization: 'Bearer bogus' })).reason, 'throttled');
});

function aCount(name: string, at: number): StoredThrottle {
  return { name, level: 5, at, since: at, failures: 5.5, scale: 1 };
}

test('the store keeps the latest of each, and no more than it is told', async (t) => {
  const store = openSqliteStore(join(temporaryDirectory(t), 'data'));
  t.after(() => store.close());
  const { throttles } = store;
  const many = Array.from({ length: 300 }, (_, i) => aCount(`chat 192.0.2.${i}/32`, noon + i));
  await throttles.save(many, 250);
  const rows = await throttles.list();
  assert.deepEqual(rows, many.slice(50));
  await throttles.save([aCount('chat 192.0.2.299/32', noon)], 250);
  assert.deepEqual((await throttles.list()).at(-1), many.at(-1), 'an earlier one changes nothing');
  await throttles.save([{ ...aCount('chat 192.0.2.299/32', noon + 900), level: 7 }], 250);
  assert.equal((await throttles.list()).at(-1)?.level, 7);
  await throttles.prune(noon + 290);
  assert.equal((await throttles.list()).length, 10);
  await throttles.delete(['chat 192.0.2.299/32', 'nothing']);
  assert.equal((await throttles.list()).length, 9);
});
