import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { attacker, neighbour, startThrottled } from './fixture.ts';

const minute = 60_000;

test('after too many wrong tokens the next ones are throttled, and a good one passes all the while', async (t) => {
  const postern = await startThrottled(t);
  const { token } = await postern.issue();
  assert.deepEqual(await postern.flood(5), new Array(5).fill('unknown_token'));
  for (let round = 0; round < 20; round++) {
    assert.deepEqual(await postern.flood(3), new Array(3).fill('throttled'));
    assert.equal((await postern.present(token)).status, 200);
  }
  assert.deepEqual(await postern.flood(1, neighbour), ['unknown_token']);
});

test('a throttled denial is 401 for handshakes and pages, and says when to try again', async (t) => {
  const postern = await startThrottled(t);
  await postern.flood(5);
  for (const upgrade of ['websocket', '']) {
    const answer = await postern.present('bogus', attacker, { 'x-original-upgrade': upgrade });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['x-postern-status'], '429');
    assert.equal(answer.headers['retry-after'], '300');
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="default"');
  }
  const other = await postern.present('bogus', neighbour);
  assert.equal(other.headers['x-postern-status'], undefined);
  assert.equal(other.headers['retry-after'], undefined);
});

test('it recovers by itself half a window after the last wrong token', async (t) => {
  const postern = await startThrottled(t);
  await postern.flood(6);
  postern.now += 5 * minute - 1;
  const { headers } = await ask(postern.gate, { cookie: 'postern_token=', 'x-real-ip': attacker });
  assert.equal(headers['x-postern-reason'], 'no_credential');
  postern.now += 1;
  assert.deepEqual(await postern.flood(1), ['unknown_token']);
});

test('what honest clients do over and over is no failed attempt', async (t) => {
  const postern = await startThrottled(t);
  const expired = await postern.issue({ expires_in: '1s' });
  const revoked = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const used = await postern.issueTicket({ expires_in: '5m' });
  const elsewhere = await postern.issue({ gates: ['media'] });
  postern.now += 2_000;
  assert.equal((await postern.present(used.token)).status, 200);
  for (let round = 0; round < 10; round++) {
    assert.equal((await postern.present(expired.token)).reason, 'expired');
    assert.equal((await postern.present(revoked.token)).reason, 'revoked');
    assert.equal((await postern.present(used.token)).reason, 'already_used');
    assert.equal((await postern.present(elsewhere.token)).reason, 'wrong_gate');
    const none = await ask(postern.gate, { 'x-real-ip': attacker });
    assert.equal(none.reason, 'no_credential');
  }
  assert.deepEqual(await postern.flood(1), ['unknown_token']);
});

test('malformed credentials count in whatever place they are', async (t) => {
  const postern = await startThrottled(t);
  const malformed = (headers: Record<string, string>) =>
    ask(postern.gate, { ...handshakeHeaders, 'x-real-ip': attacker, ...headers });
  const reasons: (string | undefined)[] = [];
  for (const headers of [
    { authorization: 'Bearer pst_cut' },
    { authorization: 'Basic ???' },
    { 'sec-websocket-protocol': 'postern.bearer.a, postern.bearer.b' },
    { 'x-original-uri': '/?token=a&token=b' },
    { cookie: 'postern_token=a; postern_token=b' },
    { authorization: 'Bearer pst_cut' },
  ]) {
    reasons.push((await malformed(headers as Record<string, string>)).reason);
  }
  assert.deepEqual(reasons, [...new Array(5).fill('malformed_credential'), 'throttled']);
});

test('names of Basic are no places of their own: many for one client are one, and one of many clients is not', async (t) => {
  const postern = await startThrottled(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const basic = (name: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  });
  const asUser = async (name: string, password: string, from: string) => {
    const headers = { ...handshakeHeaders, 'x-real-ip': from, ...basic(name, password) };
    const { reason, status } = await ask(postern.gate, headers);
    return reason ?? status;
  };
  for (const name of ['alice', 'Alice', 'ALICE', 'nobody', 'root']) {
    assert.equal(await asUser(name, 'bogus', attacker), 'unknown_token');
  }
  assert.equal(await asUser('someone', 'bogus', attacker), 'throttled');
  for (let i = 0; i < 20; i++) await asUser('alice', 'bogus', attacker);
  assert.equal(await asUser('alice', token, neighbour), 200);
  assert.equal(await asUser('alice', token, attacker), 200);
  assert.equal(await asUser('alice', 'bogus', neighbour), 'unknown_token');
});

test('signing in counts too, says 429 there, and a good token signs in all the same', async (t) => {
  const postern = await startThrottled(t);
  const { token } = await postern.issue();
  const signIn = (value: string, from = attacker) =>
    ask(
      postern.gate,
      { 'content-type': 'application/json', 'x-original-uri': '/', 'x-real-ip': from },
      { method: 'POST', path: '/.postern/session', body: JSON.stringify({ token: value }) },
    );
  for (let i = 0; i < 5; i++) assert.equal((await signIn(`bogus-${i}`)).status, 401);
  const throttled = await signIn('bogus');
  assert.deepEqual(
    [throttled.status, throttled.reason, throttled.headers['retry-after']],
    [429, 'throttled', '300'],
  );
  assert.equal((await signIn(token)).status, 204);
  assert.equal((await signIn('bogus', neighbour)).status, 401);
  const form = await ask(
    postern.gate,
    {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://app.example.com',
      'x-real-ip': attacker,
    },
    { method: 'POST', path: '/.postern/login', body: 'token=bogus' },
  );
  assert.deepEqual([form.status, form.headers['retry-after']], [429, '300']);
  assert.match(form.body, /Too many attempts/);
});

test('a flood is a few lines in the log: one that it began, and one a window with how many there were', async (t) => {
  const postern = await startThrottled(t);
  await postern.flood(5);
  const before = postern.log.length;
  for (let minutes = 0; minutes < 4; minutes++) {
    await postern.flood(50);
    postern.now += minute;
  }
  const lines = postern.log.slice(before);
  assert.equal(lines.length, 1);
  assert.deepEqual(
    [lines[0]?.event, lines[0]?.reason, lines[0]?.detail, lines[0]?.omitted],
    ['decision', 'throttled', 'unknown_token', undefined],
  );
  postern.now += 2 * minute;
  await postern.flood(20);
  postern.now += 4 * minute;
  await postern.flood(20);
  assert.deepEqual(
    postern.log.slice(before + 1).map(({ event, omitted }) => [event, omitted]),
    [['decision', 219]],
  );
  const [begun, ...rest] = postern.log.filter(({ event }) => event === 'throttle');
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [begun?.gate, begun?.network, begun?.failures, begun?.until],
    ['default', '203.0.113.7/32', 5, '2026-12-01T12:05:00.000Z'],
  );
});

test('a flood does not push other decisions out of those that can be asked about', async (t) => {
  const postern = await startThrottled(t);
  const { headers } = await ask(postern.gate);
  await postern.flood(1_010);
  const { status, body } = await postern.api(
    'GET',
    `/v1/decisions/${headers['x-postern-request-id']}`,
  );
  assert.deepEqual([status, (body as { reason: string }).reason], [200, 'no_credential']);
});

test('an explanation shows that somebody is throttled, and counts nothing', async (t) => {
  const postern = await startThrottled(t);
  const explain = async () => {
    const { body } = await postern.api('POST', '/v1/explain', {
      uri: '/',
      client: attacker,
      headers: [['Authorization', 'Bearer bogus']],
    });
    return body as {
      reason: string;
      detail: string | null;
      headers: [string, string][];
      steps: { step: string; notes: string[] }[];
    };
  };
  for (let i = 0; i < 20; i++) assert.equal((await explain()).reason, 'unknown_token');
  await postern.flood(5);
  const throttled = await explain();
  assert.deepEqual([throttled.reason, throttled.detail], ['throttled', 'unknown_token']);
  assert.ok(throttled.headers.some(([name, value]) => name === 'Retry-After' && value === '300'));
  assert.match(throttled.steps.at(-1)?.notes.join() ?? '', /too many failed attempts/);
});

test('an application that asks about tokens of a client is told as the gate would, without a client for all as one', async (t) => {
  const postern = await startThrottled(t);
  const { token } = await postern.issue();
  const introspect = async (value: string, client?: string) => {
    const { body } = await postern.api('POST', '/v1/introspect', { token: value, client });
    return (body as { reason?: string }).reason ?? 'active';
  };
  await postern.flood(5);
  assert.equal(await introspect('bogus', attacker), 'throttled');
  assert.equal(await introspect(token, attacker), 'active');
  assert.equal(await introspect('bogus', neighbour), 'unknown_token');
  for (let i = 0; i < 6; i++) await introspect('bogus', 'x'.repeat(500));
  const { body } = await postern.api('GET', '/v1/throttle');
  const { throttled } = body as { throttled: { network: string }[] };
  assert.deepEqual(
    throttled.map(({ network }) => network),
    [`${attacker}/32`, 'unknown'],
  );
});

test('a reload puts other limits in force and forgets nothing', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const write = (lines: string) => writeFileSync(config, `throttle: { ${lines} }\n`);
  write('failures: 8');
  const postern = await startThrottled(t, { config, env: { POSTERN_THROTTLE_FAILURES: '' } });
  const reload = () => postern.api('POST', '/v1/config/reload');
  assert.deepEqual(new Set(await postern.flood(7)), new Set(['unknown_token']));
  write('failures: 3');
  await reload();
  assert.deepEqual(await postern.flood(2), ['unknown_token', 'throttled']);
  write('failures: 3, exempt: [203.0.113.0/24]');
  await reload();
  assert.deepEqual(await postern.flood(9), new Array(9).fill('unknown_token'));
  write('failures: 3');
  await reload();
  assert.deepEqual(await postern.flood(1), ['throttled']);
  write('enabled: false');
  await reload();
  assert.deepEqual(await postern.flood(9), new Array(9).fill('unknown_token'));
});
