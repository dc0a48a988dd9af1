import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { runCommand } from '../../testkit/postern/command.ts';
import { programEnvironment } from '../../testkit/postern/program.ts';

const secret = (letter: string) => `${letter.repeat(4)}gN7pQ2xV9sK4mT8wB3yZ6cR1fL5hD0`;

/** Commands on the store of a configuration. */
function commands(t: TestContext, config: Record<string, unknown>) {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, JSON.stringify(config));
  const { env } = programEnvironment(t);
  return (...args: string[]) => runCommand([...args, '--store', '--config', file], env);
}

const gates = {
  gates: { chat: { hosts: ['chat.example.com'] }, media: { hosts: ['m.example.com'] } },
};

for (const kind of ['token', 'ticket']) {
  test(`${kind} issue warns about a gate that is not there, and refuses it with --strict`, async (t) => {
    const postern = commands(t, gates);
    const warned = await postern(kind, 'issue', 'alice', '--gate', 'chat', '--gate', 'nosuch');
    assert.equal(warned.code, 0);
    assert.match(warned.stdout, /^pst_/);
    assert.match(warned.stderr, /^warning: the service has no gate nosuch, only chat, media$/m);
    const refused = await postern(kind, 'issue', 'bob', '--gate', 'nosuch', '--strict');
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /no gate nosuch, only chat, media/);
    const known = await postern(kind, 'issue', 'alice', '--gate', 'chat', '--strict');
    assert.equal(known.code, 0);
    assert.doesNotMatch(known.stderr, /warning/);
    const { tokens } = JSON.parse((await postern('token', 'list', '--json')).stdout);
    assert.deepEqual(
      new Set(tokens.map((one: { subject: string }) => one.subject)),
      new Set(['alice']),
    );
  });
}

test('without gates in the configuration, any name may be one', async (t) => {
  const issued = await commands(t, {})('token', 'issue', 'alice', '--gate', 'any', '--strict');
  assert.equal(issued.code, 0);
  assert.doesNotMatch(issued.stderr, /warning/);
});

test('import warns about gates, in the file too, and says which expiry it set', async (t) => {
  const postern = commands(t, gates);
  const file = join(temporaryDirectory(t), 'tokens.jsonl');
  const lines = [
    { secret: secret('a'), subject: 'a' },
    { secret: secret('b'), subject: 'b', expires_in: '1h' },
    { secret: secret('c'), subject: 'c', gates: ['nosuch', 'chat'] },
  ];
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  assert.equal((await postern('token', 'import', file, '--strict')).code, 1);
  const imported = await postern('token', 'import', file);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stderr, /^warning: the service has no gate nosuch/m);
  const [, said] =
    /^2 had no expiry and expire on (\S+) \(tokens\.default_ttl\)/m.exec(imported.stderr) ?? [];
  const { tokens } = JSON.parse((await postern('token', 'list', '--json')).stdout);
  const { expires_at: set } = tokens.find((one: { subject: string }) => one.subject === 'a');
  const difference = Math.abs(Date.parse(String(said)) - Date.parse(set));
  assert.ok(difference < 600_000, `${said} ${set}`);
  // A second import changes nothing, and so has nothing to say.
  assert.doesNotMatch((await postern('token', 'import', file)).stderr, /had no expiry/);
});

test('import keeps tokens without an expiry where that is said', async (t) => {
  const postern = commands(t, gates);
  const file = join(temporaryDirectory(t), 'tokens.csv');
  writeFileSync(file, `secret,subject\n${secret('d')},dora\n`);
  const imported = await postern('token', 'import', file, '--expires-in', 'never');
  assert.equal(imported.code, 0, imported.stderr);
  assert.doesNotMatch(imported.stderr, /had no expiry/);
  const { tokens } = JSON.parse((await postern('token', 'list', '--json')).stdout);
  assert.equal(tokens[0].expires_at, null);
});
