import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import type { Events } from '../../src/core/model/events.ts';
import { createReload } from '../../src/maintenance/reload.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { runCommand } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { waitFor } from '../../testkit/wait.ts';

const rules = (origin: string) => `
gates:
  chat:
    hosts: [app.example.com]
    origins: ["${origin}"]
`;
const one = 'https://one.example.com';
const two = 'https://two.example.com';

async function startWith(t: TestContext) {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, rules(one));
  const postern = await startTestPostern(t, { config });
  const { token } = await postern.issue();
  const from = async (origin: string) =>
    (await ask(postern.gate, { origin, cookie: `postern_token=${token}` })).status;
  return { postern, config, from };
}

test('a reload puts other rules in force, and the list shows them', async (t) => {
  const { postern, config, from } = await startWith(t);
  assert.deepEqual([await from(one), await from(two)], [200, 403]);
  writeFileSync(config, rules(two).replace('chat:', 'talk:'));
  const { status, body } = await postern.api('POST', '/v1/config/reload');
  assert.deepEqual([status, body], [200, { gates: ['talk'], need_restart: [] }]);
  assert.deepEqual([await from(one), await from(two)], [403, 200]);
  const { body: listed } = await postern.api('GET', '/v1/gates');
  const [gate] = (listed as { gates: Record<string, unknown>[] }).gates;
  assert.equal(gate?.name, 'talk');
  assert.deepEqual(gate?.origins, [two]);
  assert.deepEqual(gate?.cookies, ['postern_token'], 'what comes from default_gate is shown too');
});

test('a faulty file keeps the old rules in force and is answered with its faults', async (t) => {
  const { postern, config, from } = await startWith(t);
  for (const faulty of [
    rules('nowhere'),
    'gates: [',
    'gatez: {}',
    `${rules(two)}    hosts: []\n`,
  ]) {
    writeFileSync(config, faulty);
    const { status, body } = await postern.api('POST', '/v1/config/reload');
    const problem = body as { code: string; errors: { message: string }[] };
    assert.deepEqual([status, problem.code], [422, 'config_invalid'], faulty);
    assert.match(problem.errors[0]?.message ?? '', /postern\.yaml:\d+:\d+: /);
    assert.deepEqual([await from(one), await from(two)], [200, 403], faulty);
    assert.equal(postern.log.at(-3)?.event, 'reload');
  }
});

test('settings that something was opened with are named as needing a restart', async (t) => {
  const { postern, config } = await startWith(t);
  writeFileSync(config, `${rules(one)}log:\n  level: debug\n`);
  const { body } = await postern.api('POST', '/v1/config/reload');
  assert.deepEqual(body, { gates: ['chat'], need_restart: ['log.level'] });
});

test('no decision is dropped while rules are reloaded over and over', async (t) => {
  const { postern, from } = await startWith(t);
  let done = false;
  const reloading = (async () => {
    for (let i = 0; i < 20; i++) await postern.api('POST', '/v1/config/reload');
    done = true;
  })();
  const statuses = new Set<number>();
  while (!done) statuses.add(await from(one));
  await reloading;
  assert.deepEqual([...statuses], [200]);
});

test('SIGHUP reloads a running service, and with a faulty file it lives on by the old rules', async (t) => {
  const { env, directory } = programEnvironment(t);
  const config = join(directory, 'postern.yaml');
  writeFileSync(config, rules(one));
  const all = { ...env, POSTERN_CONFIG: config };
  const served = await startTestProgram(t, { env: all });
  const reloads = (words: string) =>
    served
      .stdout()
      .split('\n')
      .filter((line) => line.includes('"event":"reload"') && line.includes(words)).length;
  writeFileSync(config, rules(two));
  process.kill(served.pid, 'SIGHUP');
  await waitFor('the reload', () => reloads('configuration reloaded') === 1);
  const list = await runCommand(['gate', 'list'], all);
  assert.match(list.stdout, /origins:\n {6}- https:\/\/two\.example\.com/);
  writeFileSync(config, 'gates: 5');
  process.kill(served.pid, 'SIGHUP');
  await waitFor('the refusal', () => reloads('the old rules stay in force') === 1);
  assert.match(served.stdout(), /postern\.yaml:1:1: gates: must be object/);

  // The command reads the same file to find the service, so it says what is wrong by itself.
  const refused = await runCommand(['config', 'reload'], all);
  assert.equal(refused.code, 3);
  writeFileSync(config, rules(one));
  const reloaded = await runCommand(['config', 'reload'], all);
  assert.equal(reloaded.stdout, 'Reloaded. Gates: chat.\n');
});

test('while rules of before are in use, all further reloads are one, which waits for the end of that', async () => {
  const empty = { gate: {}, admin: {}, tracing: {}, log: {} } as Config;
  const ends: (() => void)[] = [];
  let loads = 0;
  const reload = createReload({
    started: empty,
    load() {
      loads++;
      return empty;
    },
    apply: () => new Promise((resolve) => ends.push(resolve)),
    events: { reloaded() {}, notReloaded() {} } as Partial<Events> as Events,
  });
  await reload();
  const waiting = Array.from({ length: 1_000 }, () => reload());
  assert.equal(new Set(waiting).size, 1);
  assert.equal(loads, 1);
  ends[0]?.();
  await waiting[0];
  assert.deepEqual([loads, ends.length], [2, 2]);
});

test('a question to a sign-on service that is under way when its settings change is answered, and then it is let go', async (t) => {
  const held: ServerResponse[] = [];
  const service = await startAnswering(t, (_question, response) => void held.push(response));
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const write = (bridge: string) =>
    writeFileSync(
      config,
      `gates: { app: { hosts: [app.example.com], sources: [bridge], bridge: { service: tinyauth, timeout: 20s, url: "${service.url}"${bridge} } } }\n`,
    );
  write('');
  const postern = await startTestPostern(t, { config, singleProcess: true });
  const visit = () => ask(postern.gate, { cookie: sessions.tinyauth.alice });
  const answerNext = async () => {
    await waitFor('a question', () => held.length > 0);
    held.pop()?.writeHead(200, { 'remote-user': 'alice' }).end();
  };
  const reload = () => postern.api('POST', '/v1/config/reload');
  const first = visit();
  await waitFor('the question', () => held.length === 1);
  await reload();
  const [question] = held.splice(0);
  // Nothing changed: the connection is there still.
  question?.writeHead(200, { 'remote-user': 'alice' }).end();
  assert.equal((await first).status, 200);
  const kept = visit();
  await answerNext();
  assert.equal((await kept).status, 200);
  assert.equal(service.counts.connections, 1);

  const old = visit();
  await waitFor('the question', () => held.length === 1);
  const [ofOld] = held.splice(0);
  write(', max_requests: 7');
  await reload();
  const fresh = visit();
  await answerNext();
  assert.equal((await fresh).status, 200);
  // The next reload waits for whoever asked by the rules of before.
  let isReloaded = false;
  const next = reload().then(() => {
    isReloaded = true;
  });
  const other = visit();
  await answerNext();
  assert.equal((await other).status, 200);
  assert.equal(isReloaded, false);
  ofOld?.writeHead(200, { 'remote-user': 'alice' }).end();
  assert.equal((await old).status, 200);
  await next;
});
