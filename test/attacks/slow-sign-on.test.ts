import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { sessions } from '../../testkit/sign-on/users.ts';

const stranger = '203.0.113.7';
const wrongPassword = `Basic ${Buffer.from('alice:wrong').toString('base64')}`;

/** A gate with an Authelia that takes its time over a wrong password, as the real one does on purpose. */
async function startSlow(
  t: TestContext,
  { delay, settings = '', failures = 300 }: { delay: number; settings?: string; failures?: number },
) {
  const service = await startAnswering(t, ({ headers }, response) => {
    const isKnown = headers.cookie === sessions.authelia.alice;
    const answer = () =>
      response.writeHead(isKnown ? 200 : 401, isKnown ? { 'remote-user': 'alice' } : {}).end();
    if (headers.authorization === undefined) answer();
    else setTimeout(answer, delay).unref();
  });
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = `{ service: authelia, url: "${service.url}"${settings} }`;
  writeFileSync(
    config,
    `throttle: { failures: ${failures} }
gates: { app: { hosts: [app.example.com], sources: [bridge], bridge: ${bridge} } }
`,
  );
  const postern = await startTestPostern(t, { config, singleProcess: true });
  const guess = () => ask(postern.gate, { authorization: wrongPassword, 'x-real-ip': stranger });
  const visit = (from: string) =>
    ask(postern.gate, { cookie: sessions.authelia.alice, 'x-real-ip': from });
  return { postern, service, guess, visit };
}

test('a wrong password that is answered after two seconds, on purpose, is a denial', async (t) => {
  const { guess } = await startSlow(t, { delay: 2_000 });
  const { status, reason } = await guess();
  assert.deepEqual([status, reason], [401, 'sign_on_denied']);
});

test('a stranger whose questions are slow keeps nobody else from getting in', async (t) => {
  const { guess, visit, service } = await startSlow(t, {
    delay: 60_000,
    settings: ', timeout: 1s, max_requests: 4',
  });
  let isOver = false;
  const reasons = new Set<string | undefined>();
  const loops = Array.from({ length: 3 }, async () => {
    while (!isOver) reasons.add((await guess()).reason);
  });
  const slow = () => service.questions.filter(({ headers }) => headers.authorization).length;
  const statuses: number[] = [];
  // Until the stranger's have failed often enough to narrow what he may ask.
  while (statuses.length < 54 || slow() < 8) {
    statuses.push((await visit(`198.51.100.${(statuses.length % 200) + 1}`)).status);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  isOver = true;
  await Promise.all(loops);
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.deepEqual(reasons, new Set(['sign_on_unavailable']));
});

test('a question that the service takes too long for is a failed attempt of whoever asked it', async (t) => {
  const { guess, visit } = await startSlow(t, {
    delay: 60_000,
    settings: ', timeout: 500ms',
    failures: 3,
  });
  const reasons: (string | undefined)[] = [];
  for (let i = 0; i < 5; i++) reasons.push((await guess()).reason);
  assert.deepEqual(reasons.slice(0, 3), new Array(3).fill('sign_on_unavailable'));
  assert.ok(reasons.includes('throttled'), String(reasons));
  assert.equal((await visit('198.51.100.1')).status, 200);
});
