import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tryPage } from '../../src/demo/client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

/** 21 KB in headers that nginx takes by default: three of at most 8 KB each. */
const bulk = Object.fromEntries([1, 2, 3].map((n) => [`x-bulk-${n}`, 'x'.repeat(7_000)]));

test('21 KB of headers are judged as any other request', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const cookie = `filler=${'y'.repeat(3_000)}; postern_token=${token}`;
  assert.equal((await tryPage(`${site.url}/`, { ...bulk, cookie })).status, 200);
  assert.equal((await tryPage(`${site.url}/`, bulk, 'POST')).status, 401);
  const long = { cookie: `a=${'y'.repeat(8_000)}`, authorization: `Bearer ${'y'.repeat(8_000)}` };
  const path = `/${'p'.repeat(8_000)}`;
  assert.equal((await tryPage(site.url + path, long, 'POST')).status, 401);
  assert.equal(postern.lastDecision().reason, 'unknown_token');
});

test('more headers than nginx takes are refused by nginx and never reach the backend', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { status } = await tryPage(`${site.url}/`, { cookie: `a=${'y'.repeat(9_000)}` });
  assert.equal(status, 400);
  assert.deepEqual(site.backend.seen, []);
});

test('the longest identity headers that can be issued pass, and longer ones cannot be issued', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const claims = { name: 'n'.repeat(1_500), email: 'e'.repeat(1_200), groups: ['g'.repeat(1_300)] };
  const { token } = await postern.issue({ subject: 's'.repeat(256), claims });
  const outcome = await tryPage(`${site.url}/?token=${token}`);
  assert.equal(outcome.status, 200);
  assert.equal(outcome.seen?.headers['remote-name'], claims.name);
  const refused = await postern.api('POST', '/v1/tokens', {
    subject: 'alice',
    claims: { name: 'n'.repeat(9_000) },
  });
  assert.equal(refused.status, 400);
});

test('a request that cannot be read is never let through', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const good = { cookie: `postern_token=${token}` };
  const broken: Record<string, string | string[]>[] = [
    { 'x-original-uri': 'no-slash' },
    { 'x-original-uri': '' },
    { 'x-original-uri': ['/a', '/b'] },
    { 'x-original-uri': '/a', 'x-forwarded-uri': '/b' },
    { 'x-original-uri': '/a b' },
    { host: 'app.example.com', 'x-forwarded-host': 'other.example.com' },
    { host: 'a_b..c' },
    { host: 'app.example.com:port' },
    { 'x-original-method': 'GE T' },
    { 'x-original-method': ['GET', 'POST'] },
    { 'x-forwarded-proto': 'gopher' },
    { 'x-real-ip': 'a' },
    { 'x-real-ip': '', 'x-forwarded-for': 'a' },
    { 'x-real-ip': '', 'x-forwarded-for': '203.0.113.7, a' },
    { 'x-postern-gate': 'Not A Gate' },
    { 'x-postern-gate': ['chat', 'media'] },
    { origin: ['https://app.example.com', 'https://evil.example'] },
  ];
  for (const headers of broken) {
    const answer = await ask(postern.gate, { ...good, ...headers });
    assert.equal(answer.status, 401, JSON.stringify(headers));
    assert.equal(answer.reason, 'malformed_request', JSON.stringify(headers));
  }
  assert.equal((await ask(postern.gate, good)).status, 200);
});

test('no header value yields 200 without a valid token, and none crashes Postern', async (t) => {
  const postern = await startTestPostern(t);
  const text = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((c) => c !== 0x7f)
      .map((c) => String.fromCharCode(c)),
  });
  const headers = fc.record(
    {
      'x-original-uri': text.map((rest) => `/${rest}`),
      'x-original-url': text,
      'x-forwarded-uri': text,
      'x-forwarded-host': text,
      'x-forwarded-for': text,
      'x-forwarded-proto': text,
      'x-original-method': text,
      'x-original-upgrade': fc.oneof(text, fc.constant('websocket')),
      'x-postern-gate': text,
      'x-real-ip': fc.oneof(text, fc.ipV4(), fc.ipV6()),
      origin: text,
      cookie: fc.oneof(
        text,
        text.map((value) => `postern_token=${value}`),
      ),
      authorization: text,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(headers, async (values) => {
      const { status } = await ask(postern.gate, values);
      assert.ok([401, 403].includes(status), String(status));
    }),
    { numRuns: 300 },
  );
  assert.equal((await ask(postern.gate, {})).status, 401);
  assert.ok(!postern.log.some(({ event }) => event === 'fault'));
});

test('headers and cookies named __proto__, and thousands of cookies, are just headers and cookies', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const many = Array.from({ length: 700 }, (_, index) => `c${index}=${index}`).join('; ');
  const direct = Array.from({ length: 3_000 }, (_, index) => `c${index}=${index}`).join('; ');
  const odd = { ['__proto__']: 'x', constructor: 'y' };
  assert.equal(
    (await tryPage(`${site.url}/`, { ...odd, cookie: '__proto__=x' }, 'POST')).status,
    401,
  );
  const cookie = `__proto__=x; ${many}; postern_token=${token}`;
  assert.equal((await tryPage(`${site.url}/`, { cookie })).status, 200);
  const answer = await ask(postern.gate, { cookie: `${direct}; postern_token=${token}` });
  assert.equal(answer.status, 200);
});

test('a name with line breaks or escape characters is not issued, and a path with them is one log line', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  for (const subject of ['a\r\nSet-Cookie: x=1', 'a\u001b[31m', 'a\u0000', '\u009b31m']) {
    const { status } = await postern.api('POST', '/v1/tokens', { subject });
    assert.equal(status, 400, JSON.stringify(subject));
  }
  const { token } = await postern.issue({
    claims: { name: 'a\r\nX-Evil: 1', email: '\u001b[31m' },
  });
  const outcome = await tryPage(`${site.url}/?token=${token}`);
  assert.equal(outcome.status, 200);
  assert.equal(outcome.seen?.headers['x-evil'], undefined);
  assert.equal(outcome.seen?.headers['remote-name'], undefined);

  const before = postern.log.length;
  await sendRaw(
    site.nginx.port,
    `GET /%0d%0a%1b[31m\u009b?token=${token} HTTP/1.1\nHost: app.example.com\nConnection: close\n\n`,
  );
  assert.equal(postern.log.length, before + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  assert.doesNotMatch(postern.rawLog(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('a client that sends its headers slowly is cut off and holds nobody up', async (t) => {
  const postern = await startTestPostern(t);
  const { connect } = await import('node:net');
  const gate = postern.gate;
  assert.equal(gate.kind, 'tcp');
  const port = gate.kind === 'tcp' ? gate.port : 0;
  const slow = connect(port, '127.0.0.1');
  slow.write('GET /auth HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  assert.equal((await ask(postern.gate, {})).status, 401);
  const said = await new Promise<string>((resolve) => {
    let text = '';
    slow.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    slow.on('close', () => resolve(text));
  });
  assert.match(said, /^HTTP\/1\.1 408 /);
});
