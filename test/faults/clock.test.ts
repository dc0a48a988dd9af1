import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../../testkit/postern/ask.ts';
import {
  startTestPostern,
  type TestPostern,
  type TestPosternOptions,
} from '../../testkit/postern/start.ts';
import { waitFor } from '../../testkit/wait.ts';

const hour = 3_600_000;

/** A Postern whose clock can be set, as an administrator or a time server sets it. */
async function startWithClock(
  t: Parameters<typeof startTestPostern>[0],
  { env = {}, ...options }: Pick<TestPosternOptions, 'env' | 'singleProcess'> = {},
) {
  const clock = { now: Date.UTC(2026, 0, 1, 12) };
  const postern = await startTestPostern(t, {
    clock: () => clock.now,
    env,
    ...options,
  });
  return { clock, postern };
}

/** What the gate says to a token. */
async function knock(postern: TestPostern, token: string): Promise<string> {
  const { status, reason } = await ask(postern.gate, { 'x-original-uri': `/?token=${token}` });
  return reason === undefined ? `${status}` : `${status} ${reason}`;
}

test('a token ends by the clock as it is: an hour forward it is expired, back again it is good', async (t) => {
  const { clock, postern } = await startWithClock(t);
  const { token } = await postern.issue({ expires_in: '30m' });
  assert.equal(await knock(postern, token), '200');
  clock.now += hour;
  assert.equal(await knock(postern, token), '401 expired');
  clock.now -= hour;
  assert.equal(await knock(postern, token), '200');
});

test('a token issued before the clock went back an hour is good, also as it was never yet', async (t) => {
  const { clock, postern } = await startWithClock(t);
  const { token } = await postern.issue({ expires_in: '1h' });
  const { token: pending } = await postern.issue({
    not_before: new Date(clock.now + 60_000).toISOString(),
    expires_in: '2h',
  });
  clock.now -= hour;
  assert.equal(await knock(postern, token), '200');
  assert.equal(await knock(postern, pending), '401 not_yet_valid');
  clock.now += hour + 60_000;
  assert.equal(await knock(postern, pending), '200');
});

test('a ticket that was used and a token that was revoked stay so, wherever the clock goes', async (t) => {
  const { clock, postern } = await startWithClock(t, { env: { POSTERN_TICKETS_MAX_TTL: '1d' } });
  const ticket = await postern.issueTicket({ expires_in: '1d' });
  const revoked = await postern.issue({ expires_in: '1d' });
  assert.equal(await knock(postern, ticket.token), '200');
  assert.equal((await postern.api('DELETE', `/v1/tokens/${revoked.id}`)).status, 200);
  for (const jump of [-hour, 2 * hour, -3 * hour, 0]) {
    clock.now += jump;
    assert.equal(await knock(postern, ticket.token), '401 already_used');
    assert.equal(await knock(postern, revoked.token), '401 revoked');
  }
});

test('a session that slides lives on when the clock goes back, and no longer than it may', async (t) => {
  const { clock, postern } = await startWithClock(t, {
    env: {
      POSTERN_SESSIONS_EXPIRY: 'sliding',
      POSTERN_SESSIONS_TTL: '1h',
      POSTERN_SESSIONS_MAX_TTL: '3h',
    },
  });
  const opened = clock.now;
  const { token } = await postern.issue({ expires_in: '1d' });
  const answer = await ask(
    postern.gate,
    { 'content-type': 'application/json', origin: 'https://app.example.com' },
    { method: 'POST', path: '/.postern/session', body: JSON.stringify({ token }) },
  );
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  assert.match(cookie, /=pst_/, `${answer.status} ${answer.body}`);
  const status = async () =>
    (await ask(postern.gate, { cookie, origin: 'https://app.example.com' })).status;
  clock.now -= hour;
  assert.equal(await status(), 200);
  // Its end was set by the clock that was wrong, and is an hour further away now; never further.
  clock.now = opened + 50 * 60_000;
  assert.equal(await status(), 200);
  for (clock.now += 50 * 60_000; clock.now < opened + 3 * hour; clock.now += 50 * 60_000) {
    assert.equal(await status(), 200, `after ${(clock.now - opened) / hour} h`);
  }
  clock.now = opened + 3 * hour;
  assert.equal(await status(), 401);
});

test('pruning deletes by the retention and not at once when the clock jumps an hour ahead', async (t) => {
  const { clock, postern } = await startWithClock(t, { singleProcess: true });
  const { id, token } = await postern.issue({ expires_in: '30m' });
  clock.now += hour;
  assert.equal((await postern.pruning.run()).token, 0);
  clock.now -= hour;
  assert.equal(await knock(postern, token), '200');
  assert.equal((await postern.api('GET', `/v1/tokens/${id}`)).status, 200);
});

test('when a token was used last never goes back', async (t) => {
  const { clock, postern } = await startWithClock(t);
  const { id, token } = await postern.issue({ expires_in: '1d' });
  const lastUsed = async () => {
    const { body } = await postern.api('GET', `/v1/tokens/${id}`);
    return (body as { last_used_at: string | null }).last_used_at;
  };
  const first = new Date(clock.now).toISOString();
  assert.equal(await knock(postern, token), '200');
  await waitFor('the use to be written', async () => (await lastUsed()) === first);
  clock.now -= hour;
  assert.equal(await knock(postern, token), '200');
  clock.now += 2 * hour;
  assert.equal(await knock(postern, token), '200');
  const later = new Date(clock.now).toISOString();
  await waitFor('the later use to be written', async () => (await lastUsed()) === later);
});

test('a write waits for a lock by a clock that nobody sets', async (t) => {
  const { clock, postern } = await startWithClock(t);
  const { default: Database } = await import('better-sqlite3');
  const other = new Database(`${postern.dataDir}/postern.db`);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const answers = [];
  for (const jump of [-hour, hour]) {
    const answer = postern.api('POST', '/v1/tokens', { subject: 'bob' });
    clock.now += jump;
    answers.push((await answer).status);
  }
  other.exec('ROLLBACK');
  assert.deepEqual(answers, [503, 503]);
  assert.ok(await postern.issue());
});
