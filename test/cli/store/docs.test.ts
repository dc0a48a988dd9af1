import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/lib/resources.ts';
import { runCommand, succeeded } from '../../../testkit/postern/command.ts';
import {
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../../testkit/postern/program.ts';

const page = readFileSync(join(packageRoot, 'docs/operations.md'), 'utf8');
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
  block.trim().split('\n'),
);

test('every command in docs/operations.md works as it is written', async (t) => {
  const { env, directory, dataDir } = programEnvironment(t);
  const backups = join(directory, 'backups');
  mkdirSync(backups);
  let service: TestProgram | undefined = await startTestProgram(t, { env });
  await service.issue();
  writeFileSync(join(dataDir, 'postern.key'), 'x', { mode: 0o600 });
  // The service stops as systemd stops it, and only the names of places are others.
  for (const command of commands) {
    const here = command
      .replaceAll('/var/lib/postern', dataDir)
      .replaceAll('/var/backups', backups);
    const [program = '', ...args] = here.split(' ');
    if (here === 'systemctl stop postern') {
      await service?.end('SIGTERM');
      service = undefined;
    } else if (here === 'systemctl start postern') service = await startTestProgram(t, { env });
    else if (program === 'postern') succeeded(await runCommand(args, env));
    else if (program === 'export') assert.equal(args[0], `POSTERN_DATA_DIR=${dataDir}`);
    else if (program === 'npm') {
      const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
      assert.ok(args[1] !== undefined && args[1] in scripts);
    } else assert.equal(spawnSync(program, args).status, 0, here);
  }
  assert.ok(service !== undefined && commands.length > 8);
});

test('docs/operations.md and the store check name the same problems', () => {
  const source = readFileSync(join(packageRoot, 'src/store/sqlite/check.ts'), 'utf8');
  const [, union = ''] = /readonly code: (.*);/.exec(source) ?? [];
  const inCode = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  const [, table = ''] = /one of these codes:\n\n(.*?)\n\n/s.exec(page) ?? [];
  const told = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code);
  assert.ok(told.length > 0);
  assert.deepEqual(told, inCode);
});
