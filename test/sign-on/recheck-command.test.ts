import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';
import { knock, startCached } from './fixture.ts';

test('postern bridge recheck says what the API says, and refuses --store', async (t) => {
  const { server, config } = await startCached(t);
  const { env } = programEnvironment(t, { POSTERN_CONFIG: config, POSTERN_WORKERS: '2' });
  const served = await startTestProgram(t, { env });
  const recheck = (...args: string[]) => runCommand(['bridge', 'recheck', ...args], env);
  await waitFor('an answer in both workers', async () => {
    await knock(served.gate);
    return server.questions.length === 2;
  });
  assert.equal(succeeded(await recheck('admin')), '2 cached answers dropped.\n');
  await knock(served.gate);
  assert.equal(succeeded(await recheck('admin')), '1 cached answer dropped.\n');
  assert.deepEqual(JSON.parse(succeeded(await recheck('admin', '--json'))), { dropped: 0 });

  const unknown = await recheck('nowhere');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /nowhere: No gate .*\(bridge_not_found\)\n.*no gate nowhere/);
  const offline = await recheck('admin', '--store');
  assert.equal(offline.code, 2);
  assert.match(offline.stderr, /--store does not work here: .* memory of the running service/);
  assert.doesNotMatch(succeeded(await recheck('--help')), /--store/);
});
