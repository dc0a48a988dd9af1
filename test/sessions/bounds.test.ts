import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noon } from '../../testkit/jwt.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { listAudit } from '../../testkit/postern/audit.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

/** Signs in with a token; the cookie, or the status and reason of a refusal. */
async function signIn(postern: TestPostern, token: string) {
  const headers = { 'x-original-uri': '/.postern/session', authorization: `Bearer ${token}` };
  const options = { method: 'POST', path: '/.postern/session' };
  const { status, reason, headers: got } = await ask(postern.gate, headers, options);
  const [cookie] = String(got['set-cookie'] ?? '').split(';');
  return { status, reason, cookie: cookie ?? '', retryAfter: got['retry-after'] };
}

const visit = (postern: TestPostern, cookie: string) =>
  ask(postern.gate, { cookie, 'x-original-uri': '/' });

test('one token on 64 connections opens no more sessions than it may have, and the rest is 429', async (t) => {
  const postern = await startTestPostern(t, { env: { POSTERN_SESSIONS_MAX_PER_TOKEN: '20' } });
  const { token, id } = await postern.issue();
  const answers: Awaited<ReturnType<typeof signIn>>[] = [];
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let i = 0; i < 10; i++) answers.push(await signIn(postern, token));
    }),
  );
  const of = (status: number) => answers.filter((answer) => answer.status === status);
  assert.deepEqual([of(204).length, of(429).length], [20, 620]);
  const [refused] = of(429);
  assert.equal(refused?.reason, 'too_many_sessions');
  assert.ok(Number(refused?.retryAfter) > 500, String(refused?.retryAfter));
  // Nor do the refusals fill the logs.
  const lines = postern.log.filter(({ reason }) => reason === 'too_many_sessions');
  assert.ok(lines.length >= 1 && lines.length <= 2, String(lines.length));
  assert.equal(lines[0]?.token_id, id);
  const opened = await listAudit(postern, 'event=sign_in');
  assert.equal(opened.length, 20);
  assert.equal((await visit(postern, of(204)[0]?.cookie ?? '')).status, 200);
  // Somebody else's token is not concerned.
  assert.equal((await signIn(postern, (await postern.issue()).token)).status, 204);
});

test('a session too many ends the oldest one of its token, and the audit log says so', async (t) => {
  let now = noon;
  const postern = await startTestPostern(t, {
    singleProcess: true,
    clock: () => now,
    env: { POSTERN_SESSIONS_MAX_PER_TOKEN: '2' },
  });
  const { token } = await postern.issue();
  const [first, second] = [await signIn(postern, token), await signIn(postern, token)];
  assert.equal((await signIn(postern, token)).retryAfter, '600');
  now += 600_000;
  const third = await signIn(postern, token);
  assert.equal(third.status, 204);
  const statuses = [];
  for (const { cookie } of [first, second, third]) {
    const { status, reason } = await visit(postern, cookie);
    statuses.push(reason ?? status);
  }
  assert.deepEqual(statuses, ['revoked', 200, 200]);
  const ended = await listAudit(postern, 'event=sign_out');
  assert.deepEqual(
    ended.map(({ actor, kind, subject, reason }) => ({ actor, kind, subject, reason })),
    [{ actor: 'postern', kind: 'session', subject: 'alice', reason: 'too_many_sessions' }],
  );
});
