import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type RawAnswer, sendRaw } from '../../testkit/clients/raw-request.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

interface Problem {
  readonly code: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Sends a request that no client library would, to one of the two listeners. */
async function startListeners(t: TestContext, env: Record<string, string> = {}) {
  const postern = await startTestPostern(t, { env });
  const send = (
    listener: 'admin' | 'gate',
    line: string,
    { headers = [], body = '' }: { headers?: readonly string[]; body?: string } = {},
  ): Promise<RawAnswer> => {
    const { [listener]: address } = postern;
    const port = address.kind === 'tcp' ? address.port : 0;
    const head = [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
    return sendRaw(port, `${head.join('\n')}\n\n${body}`, { body: true });
  };
  return { postern, send };
}

const known = [`Authorization: Bearer ${adminKey}`];

/** The problem in an answer, which has to be one. */
function problemOf({ headers, text }: RawAnswer): Problem {
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/, text);
  return JSON.parse(text.split('\r\n\r\n')[1] ?? '') as Problem;
}

async function fieldsOf(postern: TestPostern, method: string, path: string, body?: unknown) {
  const answer = await postern.api(method, path, body);
  const { errors = [] } = answer.body as Problem;
  return [answer.status, ...errors.map(({ field }) => field)];
}

const json = 'Content-Type: application/json';
const form = 'Content-Type: application/x-www-form-urlencoded';
const empty: readonly (readonly [what: string, headers: readonly string[], body: string])[] = [
  ['JSON without a length', [json], ''],
  ['JSON of no bytes', [json, 'Content-Length: 0'], ''],
  ['JSON in no chunks', [json, 'Transfer-Encoding: chunked'], '0\n\n'],
  ['JSON in UTF-8', ['Content-Type: application/json; charset=utf-8', 'Content-Length: 0'], ''],
  ['a form without a length', [form], ''],
  ['a form of no bytes', [form, 'Content-Length: 0'], ''],
  ['a form in no chunks', [form, 'Transfer-Encoding: chunked'], '0\n\n'],
  ['text of no bytes', ['Content-Type: text/plain', 'Content-Length: 0'], ''],
];

test('a token is revoked by a DELETE with an empty body of any type', async (t) => {
  const { postern, send } = await startListeners(t);
  for (const [what, headers, body] of empty) {
    const { id } = await postern.issue();
    const line = `DELETE /v1/tokens/${id}`;
    const answer = await send('admin', line, { headers: [...known, ...headers], body });
    assert.equal(answer.status, 200, `${what}: ${answer.text}`);
    const { body: shown } = await postern.api('GET', `/v1/tokens/${id}`);
    assert.equal((shown as { state: string }).state, 'revoked', what);
  }
});

test('an empty body counts as none on every route of both listeners', async (t) => {
  const { postern, send } = await startListeners(t);
  const { body: document } = await postern.api('GET', '/openapi.json');
  const { paths } = document as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => ['post', 'patch', 'put', 'delete'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path.replace(/\{[a-z]+\}/, 'nothing')}`),
  );
  assert.ok(routes.includes('DELETE /v1/keys/nothing'));
  const outcomes = async (listener: 'admin' | 'gate', line: string, more: readonly string[]) => {
    const none = await send(listener, line, { headers: more });
    for (const [what, headers, body] of empty) {
      const answer = await send(listener, line, { headers: [...more, ...headers], body });
      const [same, its] = [none, answer].map(({ status, text }) => [
        status,
        text.split('\r\n\r\n')[1],
      ]);
      assert.equal(its?.[0], same?.[0], `${line}, ${what}: ${answer.text}`);
      if (answer.status >= 400) assert.deepEqual(its, same, `${line}, ${what}`);
    }
  };
  for (const line of routes) await outcomes('admin', line, known);
  const asked = [
    'X-Original-URI: /.postern/session',
    'Origin: http://localhost',
    'X-Forwarded-Proto: http',
  ];
  await outcomes('gate', 'DELETE /.postern/session', asked);
  await outcomes('gate', 'POST /.postern/session', asked);
  const { token } = await postern.issue();
  for (const [what, headers, body] of empty) {
    const line = 'POST /.postern/session';
    const bearer = [...asked, `Authorization: Bearer ${token}`, ...headers];
    assert.equal((await send('gate', line, { headers: bearer, body })).status, 204, what);
  }
});

test('what no route answers is a problem, and a stranger is asked for a key first', async (t) => {
  const { send } = await startListeners(t);
  const long = 'x'.repeat(5_000);
  const cases: readonly (readonly [line: string, status: number, code: string, allow?: string])[] =
    [
      ['TRACE /v1/tokens', 405, 'method_not_allowed', 'GET, HEAD, POST'],
      ['QUERY /v1/tokens', 405, 'method_not_allowed', 'GET, HEAD, POST'],
      ['PUT /v1/tokens/tok_1', 405, 'method_not_allowed', 'DELETE, GET, HEAD, PATCH'],
      ['OPTIONS /v1/%74okens', 405, 'method_not_allowed', 'GET, HEAD, POST'],
      ['HEAD /v1/events', 405, 'method_not_allowed', 'GET'],
      ['PROPFIND /metrics', 405, 'method_not_allowed', 'GET, HEAD'],
      ['DELETE /healthz?a', 405, 'method_not_allowed', 'GET, HEAD'],
      ['GET /v1/nothing', 404, 'not_found'],
      ['TRACE /nothing', 404, 'not_found'],
      ['QUERY /v1/nothing', 404, 'not_found'],
      ['GET /v1/tokens/%zz', 404, 'not_found'],
      ['GET /v1/tokens/%C3', 404, 'not_found'],
      ['POST /%', 404, 'not_found'],
      [`GET /v1/tokens/${long}`, 400, 'validation_failed'],
      [`GET /v1/decisions/${long}`, 400, 'validation_failed'],
      [`DELETE /v1/keys/${long}`, 400, 'validation_failed'],
    ];
  for (const [line, status, code, allow] of cases) {
    const what = line.slice(0, 60);
    const answer = await send('admin', line, { headers: known });
    assert.deepEqual([answer.status, answer.headers.allow], [status, allow], what);
    if (!line.startsWith('HEAD')) assert.equal(problemOf(answer).code, code, what);
    const wrong = ['Authorization: Bearer psa_nobodys', json, 'Content-Length: 1'];
    for (const headers of [[], wrong]) {
      const refused = await send('admin', line, { headers, body: headers.length > 0 ? '{' : '' });
      assert.deepEqual([refused.status, refused.headers.allow], [401, undefined], what);
    }
  }
  const { errors = [] } = problemOf(
    await send('admin', `GET /v1/tokens/${long}`, { headers: known }),
  );
  assert.deepEqual(
    errors.map(({ field }) => field),
    ['id'],
  );
  for (const [line, status] of [
    ['TRACE /.postern/session', 405],
    ['QUERY /.postern/session', 405],
    ['TRACE /healthz', 405],
    ['GET /.postern/%zz', 404],
    ['GET /v1/tokens', 404],
  ] as const) {
    const answer = await send('gate', line);
    assert.equal(answer.status, status, line);
    problemOf(answer);
  }
});

test('a key that is guessed where there is no route is told of and counted as anywhere', async (t) => {
  const { postern, send } = await startListeners(t, { POSTERN_LOG_LEVEL: 'debug' });
  await send('admin', 'GET /nothing', { headers: ['Authorization: Bearer psa_nobodys'] });
  const told = postern.log.filter(({ event }) => event === 'admin_denial');
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['unauthorized'],
  );
});

test('a query is taken at its word: a number is decimal digits, and once', async (t) => {
  const postern = await startTestPostern(t);
  await postern.issue();
  const lists = ['/v1/tokens', '/v1/throttle', '/v1/audit', '/v1/jwt/revocations'];
  for (const list of lists) {
    for (const value of [
      'true',
      'false',
      'null',
      '1e1',
      '0x10',
      '%205',
      '5%20',
      '5.0',
      '+5',
      '05',
    ]) {
      const found = await fieldsOf(postern, 'GET', `${list}?limit=${value}`);
      assert.deepEqual(found, [400, 'limit'], `${list} ${value}`);
    }
    for (const value of ['', '0', '-1', '501', '5&limit=6', '9'.repeat(20), 'Infinity']) {
      const found = await fieldsOf(postern, 'GET', `${list}?limit=${value}`);
      assert.deepEqual(found, [400, 'limit'], `${list} ${value}`);
    }
    assert.equal((await postern.api('GET', `${list}?limit=5`)).status, 200, list);
  }
  assert.deepEqual(await fieldsOf(postern, 'GET', '/v1/tokens?state=active&state=used'), [
    400,
    'state',
  ]);
  assert.deepEqual(await fieldsOf(postern, 'GET', '/v1/tokens?gate=a&gate=b'), [400, 'gate']);
  // A subject of digits is text, and stays it.
  await postern.issue({ subject: '0010' });
  const { body } = await postern.api('GET', '/v1/tokens?subject=0010');
  assert.equal((body as { tokens: unknown[] }).tokens.length, 1);
});

test('a name that people cannot tell from another is refused, with the field', async (t) => {
  const postern = await startTestPostern(t);
  const unseen = [
    ...['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'],
    ...['\u200e', '\u200f', '\u061c', '\u2028', '\u2029', '\u0085', '\ufeff', '\u200b', '\u2060'],
    ...['\u00ad', '\u180e', '\ud800', '\udc00', '\ufff9', '\u{e0041}', '\u0000', '\u3164'],
  ];
  for (const character of unseen) {
    for (const text of [`a${character}b`, `${character}ab`, `ab${character}`]) {
      const what = JSON.stringify(text);
      const subject = { subject: text };
      assert.deepEqual(
        await fieldsOf(postern, 'POST', '/v1/tokens', subject),
        [400, 'subject'],
        what,
      );
      const label = { subject: 'a', label: text };
      assert.deepEqual(await fieldsOf(postern, 'POST', '/v1/tickets', label), [400, 'label'], what);
    }
  }
  for (const character of ['\u200c', '\u200d', '\ufe0f']) {
    const body = { subject: `a${character}b` };
    assert.deepEqual(await fieldsOf(postern, 'POST', '/v1/tokens', body), [400, 'subject']);
    assert.deepEqual(
      await fieldsOf(postern, 'POST', '/v1/tokens', {
        ...body,
        subject: 'a',
        label: `👩${character}💻`,
      }),
      [201],
    );
  }
  for (const subject of ['Zoë', 'علی', '李雷', 'مهدی', '😀', 'a b', "o'neil@example.com"]) {
    assert.deepEqual(await fieldsOf(postern, 'POST', '/v1/tokens', { subject }), [201], subject);
  }
  const imported = { tokens: [{ secret: 'x'.repeat(40), subject: 'a\u202eb' }] };
  assert.deepEqual(await fieldsOf(postern, 'POST', '/v1/tokens/import', imported), [
    400,
    'tokens.0.subject',
  ]);
  const { id } = await postern.issue();
  assert.deepEqual(await fieldsOf(postern, 'PATCH', `/v1/tokens/${id}`, { label: '\u2067a' }), [
    400,
    'label',
  ]);
});

test('claims nested 5,000 deep are refused with the field, and 32 levels are not', async (t) => {
  const { postern, send } = await startListeners(t);
  const nested = (depth: number, [open, close]: readonly [string, string]) =>
    `{"subject":"a","claims":{"x":${open.repeat(depth)}1${close.repeat(depth)}}}`;
  const issue = (body: string) => {
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    return send('admin', 'POST /v1/tokens', { headers: [...known, json, length], body });
  };
  for (const pair of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    for (const depth of [32, 5_000, 10_000]) {
      const { errors = [] } = problemOf(await issue(nested(depth, pair)));
      assert.deepEqual(
        errors.map(({ field }) => field),
        ['claims'],
        `${pair[0]} ${depth}`,
      );
      assert.match(errors[0]?.message ?? '', /32 levels/);
    }
    assert.equal((await issue(nested(31, pair))).status, 201, pair[0]);
  }
  const { id } = await postern.issue();
  const deep = JSON.parse(nested(3_000, ['[', ']'])) as { claims: unknown };
  const changed = await fieldsOf(postern, 'PATCH', `/v1/tokens/${id}`, { claims: deep.claims });
  assert.deepEqual(changed, [400, 'claims']);
});
