import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ShownExplanation } from '../../src/admission/routes.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { runCommand } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const yaml = `
gates:
  chat:
    hosts: [chat.example.com]
    paths: [/ws]
    origins: ["https://app.example.com"]
    headers:
      X-Backend-Key: { value: backend-key-0123456789 }
  site:
    hosts: ["*.example.com"]
    login: https://login.example.com/?rd={url}
`;

async function startGates(t: TestContext) {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, yaml);
  const postern = await startTestPostern(t, { config });
  const explain = async (body: object) => {
    const { status, body: answer } = await postern.api('POST', '/v1/explain', body);
    assert.equal(status, 200, JSON.stringify(answer));
    return answer as ShownExplanation;
  };
  return { postern, explain };
}

const handshake = {
  host: 'chat.example.com',
  headers: [
    ['Upgrade', 'websocket'],
    ['Origin', 'https://app.example.com'],
  ],
};

test('an explanation tells facts and where they come from, the gate, each step, and the answer', async (t) => {
  const { postern, explain } = await startGates(t);
  const { token, id } = await postern.issue({ subject: 'alice' });
  const told = await explain({ ...handshake, uri: `/ws/1?token=${token}`, client: '203.0.113.7' });
  const fact = (name: string) => told.facts.find(({ fact }) => fact === name);
  assert.deepEqual(fact('path'), { fact: 'path', value: '/ws/1', headers: ['X-Original-URI'] });
  assert.deepEqual(fact('client'), {
    fact: 'client',
    value: '203.0.113.7',
    headers: ['X-Real-IP'],
  });
  assert.equal(fact('query')?.value, '********');
  assert.deepEqual(told.gate, { name: 'chat', because: 'chat.example.com /ws' });
  assert.deepEqual(
    told.steps.filter(({ outcome }) => outcome === 'passed').map(({ step }) => step),
    told.steps.map(({ step }) => step),
  );
  assert.deepEqual(told.steps.find(({ step }) => step === 'credential')?.notes, ['query: present']);
  assert.equal(told.verdict, 'allow');
  assert.equal(told.status, 200);
  assert.deepEqual(told.identity, { kind: 'token', subject: 'alice', token_id: id });
  const headers = Object.fromEntries(told.headers);
  assert.equal(headers['Remote-User'], 'alice');
  assert.equal(headers['X-Backend-Key'], '********');
  assert.ok(!JSON.stringify(told).includes(token));
});

test('an explanation shows that there is an X-Api-Key, but not the key; two that differ are no request', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, 'default_gate:\n  sources: [api_key]\n');
  const postern = await startTestPostern(t, { config });
  const { token } = await postern.issue();
  const explain = async (...keys: string[]) => {
    const headers = [['Upgrade', 'websocket'], ...keys.map((key) => ['x-api-key', key])];
    const { body } = await postern.api('POST', '/v1/explain', { ...handshake, headers, uri: '/' });
    return body as ShownExplanation;
  };
  const told = await explain(token);
  const shown = told.facts.find(({ fact }) => fact === 'api_key');
  assert.deepEqual(shown, { fact: 'api_key', value: '********', headers: ['X-Api-Key'] });
  assert.equal(told.verdict, 'allow');
  assert.equal(told.source, 'api_key');
  assert.ok(!JSON.stringify(told).includes(token));
  assert.equal((await explain(token, token)).verdict, 'allow');
  const contradiction = await explain(token, 'another');
  assert.equal(contradiction.reason, 'malformed_request');
  assert.equal(contradiction.detail, 'X-Api-Key');
});

test('an explanation of a denial says at which step and what to do', async (t) => {
  const { explain } = await startGates(t);
  const told = await explain({
    host: 'chat.example.com',
    uri: '/ws',
    headers: [['Upgrade', 'websocket']],
  });
  assert.deepEqual([told.verdict, told.reason, told.status], ['deny', 'origin_not_allowed', 401]);
  assert.equal(told.steps.at(-1)?.step, 'listed origin');
  assert.equal(told.steps.at(-1)?.outcome, 'denied');
  assert.match(told.meaning ?? '', /origin/);
  const page = await explain({ host: 'www.example.com', uri: '/a' });
  assert.equal(page.gate?.name, 'site');
  assert.equal(
    Object.fromEntries(page.headers)['X-Postern-Login'],
    'https://login.example.com/?rd=https%3A%2F%2Fwww.example.com%2Fa',
  );
  const nowhere = await explain({ host: 'other.test', uri: '/' });
  assert.deepEqual([nowhere.gate, nowhere.reason, nowhere.steps], [null, 'no_gate', []]);
});

test('explaining uses nothing up, and the gate then answers as explained', async (t) => {
  const { postern, explain } = await startGates(t);
  const { token } = await postern.issueTicket();
  const uri = `/ws?token=${token}`;
  for (let i = 0; i < 3; i++) {
    assert.equal((await explain({ ...handshake, uri })).verdict, 'allow');
  }
  const asked = {
    ...handshakeHeaders,
    host: 'chat.example.com',
    'x-original-uri': uri,
  };
  assert.equal((await ask(postern.gate, asked)).status, 200);
  assert.equal((await explain({ ...handshake, uri })).reason, 'already_used');
  assert.equal((await ask(postern.gate, asked)).reason, 'already_used');
});

test('a denial, its line in the log and its explanation share an id', async (t) => {
  const { postern } = await startGates(t);
  const { headers } = await ask(postern.gate, {
    ...handshakeHeaders,
    host: 'chat.example.com',
    'x-original-uri': '/ws?token=pst_secret',
  });
  const id = String(headers['x-postern-request-id']);
  assert.equal(postern.lastDecision().request_id, id);
  const { body } = await postern.api('GET', `/v1/decisions/${id}`);
  const told = body as ShownExplanation;
  assert.deepEqual([told.reason, told.gate?.name], ['malformed_credential', 'chat']);
  assert.deepEqual(told.steps.at(-1), { step: 'identity', outcome: 'denied', notes: [] });
  assert.ok(!JSON.stringify(told).includes('secret'));
  const unknown = await postern.api('GET', '/v1/decisions/none');
  assert.equal((unknown.body as { code: string }).code, 'decision_not_found');
});

test('postern explain says why on the command line, and its exit code says whether', async (t) => {
  const { env, directory } = programEnvironment(t);
  const config = join(directory, 'postern.yaml');
  writeFileSync(config, yaml);
  const all = { ...env, POSTERN_CONFIG: config };
  await startTestProgram(t, { env: all });
  const issued = await runCommand(['token', 'issue', 'alice', '--json'], all);
  const { token } = JSON.parse(issued.stdout);
  const file = join(directory, 'handshake.txt');
  writeFileSync(
    file,
    `GET /ws?token=${token} HTTP/1.1\r\nHost: chat.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://app.example.com\r\n\r\n`,
  );
  const allowed = await runCommand(['explain', '--request', file], all);
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.match(allowed.stdout, /Gate: chat \(chat\.example\.com \/ws\)/);
  assert.match(allowed.stdout, /✓ credential \(query: present\)/);
  assert.match(allowed.stdout, /Verdict: allowed, status 200/);
  assert.match(allowed.stdout, /Remote-User: alice/);
  assert.ok(!allowed.stdout.includes(token));

  const denied = await runCommand(
    ['explain', '--uri', '/ws', '--host', 'chat.example.com', '-H', 'Upgrade: websocket', '--json'],
    all,
  );
  assert.equal(denied.code, 1);
  assert.equal(JSON.parse(denied.stdout).reason, 'origin_not_allowed');

  const byStore = await runCommand(['explain', '--store', '--request', file], all);
  assert.equal(byStore.code, 0, byStore.stderr);
  assert.match(byStore.stdout, /Verdict: allowed/);

  const twice = await runCommand(['explain', '--uri', '/', '--request', file], all);
  assert.equal(twice.code, 2);
  writeFileSync(file, 'Cookie: postern_token=very-secret\n');
  const broken = await runCommand(['explain', '--request', file], all);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /GET \/ws HTTP\/1\.1/);
  assert.ok(!broken.stderr.includes('very-secret'));
});
