import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { type SignOnKind, startSignOn } from '../../testkit/sign-on/stand-in.ts';

const host = 'app.example.com';

/** A gate as in docs/bridge.md: Postern's tokens first, then the service. */
async function startGate(t: TestContext, service: SignOnKind, throttle = {}) {
  const signOn = await startSignOn(t, service);
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const gate = {
    hosts: [host],
    sources: ['bearer', 'bridge'],
    bridge: { service, url: signOn.url },
  };
  writeFileSync(config, JSON.stringify({ gates: { app: gate }, throttle }));
  const postern = await startTestPostern(t, { config });
  const send = (token: string, headers = {}) =>
    ask(postern.gate, {
      host,
      'x-forwarded-host': host,
      ...headers,
      authorization: `Bearer ${token}`,
    });
  return { signOn, postern, send };
}

test('a JWT of Vouch as Bearer counts as it does for Vouch, for pages and for programs without an Origin', async (t) => {
  const { postern, send } = await startGate(t, 'vouch');
  for (const headers of [{}, { ...handshakeHeaders, origin: '' }]) {
    const answer = await send('alice-session', headers);
    assert.deepEqual([answer.status, answer.headers['remote-user']], [200, 'alice']);
    assert.equal(postern.lastDecision().source, 'bridge');
  }
  const wrong = await send('H4sIAAAAAAAA_wrong==');
  assert.deepEqual([wrong.status, wrong.reason], [401, 'unknown_token']);
});

test('a token of Postern is never shown to the service, whatever becomes of it', async (t) => {
  const { signOn, postern, send } = await startGate(t, 'vouch');
  const { token, id } = await postern.issue();
  assert.equal((await send(token)).status, 200);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.equal((await send(token)).status, 401);
  assert.equal((await send(`${token}x`)).reason, 'malformed_credential');
  assert.equal(signOn.questions.length, 0);
});

test('while the service is away, nobody can tell whose an unknown Bearer is', async (t) => {
  const { signOn, postern, send } = await startGate(t, 'vouch');
  await signOn.stop();
  const answer = await send('alice-session');
  assert.deepEqual([answer.status, answer.reason], [503, 'sign_on_unavailable']);
  const { token } = await postern.issue();
  assert.equal((await send(token)).status, 200);
});

test('a service that knows no Bearer is not asked about one', async (t) => {
  const { signOn, send } = await startGate(t, 'tinyauth');
  assert.equal((await send('alice-session')).reason, 'unknown_token');
  assert.equal(signOn.questions.length, 0);
});

test('a Bearer that Postern does not know is a wrong guess whatever the service answers, so that weak tokens stay safe', async (t) => {
  for (const state of ['forbids', 'is away'] as const) {
    const { signOn, postern, send } = await startGate(t, 'vouch', { failures: 5 });
    const { status } = await postern.api('POST', '/v1/tokens/import', {
      allow_weak: true,
      tokens: [{ secret: 'hunter22', subject: 'alice' }],
    });
    assert.ok(status < 300);
    if (state === 'is away') await signOn.stop();
    const client = { 'x-real-ip': '203.0.113.7' };
    for (let i = 0; i < 6; i++) {
      await send(state === 'forbids' ? 'mallory-session' : `guess-${i}`, client);
    }
    assert.equal((await send('hunter22', client)).reason, 'throttled', state);
    assert.equal((await send('hunter22', { 'x-real-ip': '198.51.100.9' })).status, 200, state);
  }
});
