import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { attacker, neighbour, startThrottled, type ThrottledPostern } from './fixture.ts';

interface Page {
  readonly throttled: {
    readonly gate: string | null;
    readonly network: string;
    readonly since: string;
    readonly until: string;
    readonly failures: number;
  }[];
  readonly next_cursor: string | null;
}

async function list(postern: ThrottledPostern, query = ''): Promise<Page> {
  const { status, body } = await postern.api('GET', `/v1/throttle${query}`);
  assert.equal(status, 200);
  return body as Page;
}

const networksIn = ({ throttled }: Page) => throttled.map(({ network }) => network);

/** Asks the admin API with this key; with `line`, another request than a list. */
async function withKey(postern: ThrottledPostern, key: string, line = 'GET /v1/tokens') {
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  const { status, text } = await sendRaw(
    port,
    `${line} HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${key}\nContent-Length: 0\nConnection: close\n\n`,
  );
  return { status, retryAfter: /^retry-after: (\d+)/im.exec(text)?.[1] };
}

test('the API lists who is throttled, since when and until when', async (t) => {
  const postern = await startThrottled(t);
  assert.deepEqual(await list(postern), { throttled: [], next_cursor: null });
  await postern.flood(5);
  postern.now += 1_000;
  await postern.flood(2);
  assert.deepEqual(await list(postern), {
    throttled: [
      {
        gate: 'default',
        network: '203.0.113.7/32',
        since: '2026-12-01T12:00:00.000Z',
        until: '2026-12-01T12:05:01.000Z',
        failures: 7,
      },
    ],
    next_cursor: null,
  });
  postern.now += 10 * 60_000;
  assert.deepEqual((await list(postern)).throttled, []);
});

test('a long list comes in pages, and of one gate alone where that is asked', async (t) => {
  const postern = await startThrottled(t);
  for (let i = 0; i < 5; i++) await postern.flood(5, `192.0.2.${i}`);
  await postern.flood(5, neighbour, { 'x-postern-gate': 'media' });
  const first = await list(postern, '?limit=4');
  const second = await list(postern, `?limit=4&cursor=${first.next_cursor}`);
  const all = [...networksIn(first), ...networksIn(second)];
  assert.equal(first.throttled.length, 4);
  assert.equal(second.next_cursor, null);
  assert.equal(new Set(all).size, 6);
  assert.deepEqual(networksIn(await list(postern, '?gate=media')), [`${neighbour}/32`]);
  assert.equal((await postern.api('GET', '/v1/throttle?cursor=x')).status, 400);
});

test('the API forgets failed attempts: of a network, of a gate, of all', async (t) => {
  const postern = await startThrottled(t);
  const clear = async (query = '') =>
    ((await postern.api('DELETE', `/v1/throttle${query}`)).body as { cleared: number }).cleared;
  const media = { 'x-postern-gate': 'media' };
  for (const from of [attacker, neighbour]) {
    await postern.flood(5, from);
    await postern.flood(5, from, media);
  }
  assert.equal(await clear(`?gate=media&network=${encodeURIComponent(`${attacker}/32`)}`), 1);
  assert.deepEqual(await postern.flood(1, attacker, media), ['unknown_token']);
  assert.deepEqual(await postern.flood(1), ['throttled']);
  assert.equal(await clear(`?network=${attacker}`), 1);
  assert.equal(await clear('?gate=media'), 1);
  assert.equal(await clear(), 1);
  assert.equal(await clear(), 0);
  assert.deepEqual(await postern.flood(1, neighbour), ['unknown_token']);
  const lines = postern.log.filter(({ msg }) => msg === 'failed attempts cleared');
  assert.deepEqual(
    lines.map(({ gate, network, count }) => [gate, network, count]),
    [
      ['media', `${attacker}/32`, 1],
      [undefined, attacker, 1],
      ['media', undefined, 1],
      [undefined, undefined, 1],
      [undefined, undefined, 0],
    ],
  );
});

test('an auditor may look, and only an admin may forget', async (t) => {
  const postern = await startThrottled(t);
  for (const [role, look, forget] of [
    ['auditor', 200, 403],
    ['issuer', 403, 403],
    ['introspector', 403, 403],
    ['admin', 200, 200],
  ] as const) {
    const { body } = await postern.api('POST', '/v1/keys', { name: role, role });
    const client = connectAdmin(
      { ...postern, listen: postern.admin, key: (body as { key: string }).key },
      undefined,
    );
    assert.equal((await client.send('GET', '/v1/throttle')).status, look, role);
    assert.equal((await client.send('DELETE', '/v1/throttle')).status, forget, role);
  }
});

test('after too many wrong admin keys wrong ones are 429, and a right one passes all the while', async (t) => {
  const postern = await startThrottled(t);
  const { body } = await postern.api('POST', '/v1/keys', { name: 'right', role: 'admin' });
  const right = (body as { key: string }).key;
  const before = postern.log.length;
  for (let i = 0; i < 5; i++) assert.equal((await withKey(postern, `wrong-${i}`)).status, 401);
  for (let i = 0; i < 50; i++) {
    assert.deepEqual(await withKey(postern, `wrong-${i}`), { status: 429, retryAfter: '300' });
    assert.equal((await withKey(postern, right)).status, 200);
  }
  // RFC 7662 and RFC 7009 are asked with the same keys.
  assert.equal((await withKey(postern, 'wrong', 'POST /v1/introspect')).status, 429);
  assert.equal((await withKey(postern, 'wrong', 'POST /v1/revoke')).status, 429);
  assert.deepEqual(
    postern.log.slice(before).map(({ event, gate, network, msg }) => [event, gate, network, msg]),
    [['throttle', undefined, '127.0.0.1/32', 'too many wrong admin keys from one network']],
  );
  const [row] = (await list(postern)).throttled;
  assert.deepEqual([row?.gate, row?.network], [null, '127.0.0.1/32']);
  postern.now += 5 * 60_000;
  assert.equal((await withKey(postern, 'wrong')).status, 401);
});

test('a request without an admin key is no failed attempt', async (t) => {
  const postern = await startThrottled(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  for (let i = 0; i < 20; i++) {
    const { status } = await sendRaw(
      port,
      'GET /v1/tokens HTTP/1.1\nHost: localhost\nConnection: close\n\n',
    );
    assert.equal(status, 401);
  }
  assert.equal((await withKey(postern, 'wrong')).status, 401);
});

test('no header of a client makes another place of it at the admin API', async (t) => {
  const postern = await startThrottled(t);
  for (let i = 0; i < 5; i++) await withKey(postern, 'wrong');
  const line = 'GET /v1/tokens';
  const lie = 'x\nX-Forwarded-For: 192.0.2.1\nX-Real-IP: 192.0.2.1\nForwarded: for=192.0.2.1';
  assert.equal((await withKey(postern, lie, line)).status, 429);
});

test('postern throttle list and clear say what the API says', async (t) => {
  // Each worker counts for itself.
  const { env } = programEnvironment(t, { POSTERN_THROTTLE_FAILURES: '3', POSTERN_WORKERS: '1' });
  const served = await startTestProgram(t, { env });
  const bogus = (gate: string) =>
    ask(served.gate, { authorization: 'Bearer bogus', 'x-postern-gate': gate });
  const nobody = await runCommand(['throttle', 'list'], env);
  assert.deepEqual([nobody.code, nobody.stderr], [0, 'No network is throttled.\n']);
  // Time passes and takes a little of each: the fourth is certainly one too many.
  for (const gate of ['chat', 'media']) for (let i = 0; i < 4; i++) await bogus(gate);
  const listed = succeeded(await runCommand(['throttle', 'list', '--gate', 'chat'], env));
  assert.match(
    listed,
    /^GATE {2}NETWORK +SINCE +UNTIL +FAILURES\nchat {2}203\.0\.113\.7\/32 .* 4\n$/,
  );
  const json = JSON.parse(succeeded(await runCommand(['throttle', 'list', '--json'], env))) as Page;
  assert.equal(json.throttled.length, 2);
  const one = await runCommand(
    ['throttle', 'clear', '--gate', 'chat', '--network', '203.0.113.7'],
    env,
  );
  assert.equal(succeeded(one), 'Forgotten. 1 network was throttled.\n');
  assert.equal((await bogus('chat')).reason, 'unknown_token');
  assert.equal((await bogus('media')).reason, 'throttled');
  const all = await runCommand(['throttle', 'clear', '--all', '--json'], env);
  assert.deepEqual(JSON.parse(succeeded(all)), { cleared: 1 });
  for (const wrong of [['clear'], ['clear', '--all', '--gate', 'chat']]) {
    const { code, stderr } = await runCommand(['throttle', ...wrong], env);
    assert.equal(code, 2);
    assert.match(stderr, /name a --gate, a --network or both, or say --all/);
  }
});
