import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';
import { programEnvironment } from '../../testkit/postern/program.ts';

test('npm run dev serves from the sources, and starts again after a change of them', async (t) => {
  const { directory, env } = programEnvironment(t);
  const copy = join(directory, 'copy');
  mkdirSync(copy);
  for (const name of ['package.json', 'src', 'migrations', 'nginx']) {
    cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
  const { scripts } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));

  const child = spawn('sh', ['-c', `exec ${scripts.dev}`], {
    cwd: copy,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.after(() => {
    // It ends the service with itself.
    child.kill('SIGTERM');
    return ended;
  });
  let said = '';
  const starts = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => said.split('"event":"start"').length > count && resolve();
      child.stdout.on('data', look);
      child.once('close', () => reject(new Error(said)));
      look();
    });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await starts(1);
  appendFileSync(join(copy, 'src/config/schema.ts'), '\n// changed\n');
  await starts(2);
  assert.match(said, /"event":"stop"|stopped/, 'the first one stops in order');
});
