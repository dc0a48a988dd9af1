import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

async function startGuardedSite(t: TestContext, env: Record<string, string> = {}) {
  const postern = await startTestPostern(t, { env });
  const site = await startSite(t, postern);
  return { postern, site, url: `${site.socketUrl}/ws` };
}

test('a token in a subprotocol opens the socket; the backend sees only the subprotocols of its own', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const carrier = `postern.bearer.${token}`;
  const cases: [string[], string | undefined, string | undefined][] = [
    [['postern', carrier], undefined, 'postern'],
    [['chat.v2', carrier], 'chat.v2', 'chat.v2'],
    [[carrier, 'chat.v2', 'chat.v1'], 'chat.v2, chat.v1', 'chat.v2'],
    [
      [`postern.bearer64.${Buffer.from(token).toString('base64url')}`, 'graphql-transport-ws'],
      'graphql-transport-ws',
      'graphql-transport-ws',
    ],
  ];
  for (const [protocols, backendSaw, clientGot] of cases) {
    const outcome = await tryHandshake(url, {}, protocols);
    assert.equal(outcome.status, 101, protocols.join());
    assert.equal(outcome.seen?.headers['sec-websocket-protocol'], backendSaw);
    assert.equal(outcome.headers['sec-websocket-protocol'], clientGot);
    assert.equal(postern.lastDecision().source, 'subprotocol');
  }
});

test('subprotocols without a token pass to the backend as they are', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${url}?token=${token}`, {}, ['chat.v2', 'chat.v1']);
  assert.equal(outcome.seen?.headers['sec-websocket-protocol'], 'chat.v2, chat.v1');
  assert.equal(outcome.headers['sec-websocket-protocol'], 'chat.v2');
  const none = await tryHandshake(`${url}?token=${token}`);
  assert.equal(none.headers['sec-websocket-protocol'], undefined);
});

test('a token subprotocol beside another credential is not shown to the backend either', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${url}?token=${token}`, {}, [`postern.bearer.${token}`, 'x']);
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.headers['sec-websocket-protocol'], 'x');
});

test('a token in a subprotocol of a form that the gate does not read is not shown to the backend', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  for (const form of [token, `Postern.bearer.${token}`, `acme.${token}`]) {
    const outcome = await tryHandshake(`${url}?token=${token}`, {}, [form, 'x']);
    assert.equal(outcome.status, 101);
    assert.equal(outcome.seen?.headers['sec-websocket-protocol'], 'x');
  }
});

test('several token subprotocols, or a list that is none, are denied', async (t) => {
  const { postern, site } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const carrier = `postern.bearer.${token}`;
  const lists = [
    `${carrier}, postern.bearer.pst_other`,
    `${carrier}, ${carrier}`,
    `${carrier},`,
    `${carrier}, a b`,
    `, ${carrier}`,
    'postern.bearer.',
    'postern.bearer64.%%%',
    'postern.bearer64.A',
  ];
  for (const list of lists) {
    const outcome = await tryPage(`${site.url}/ws`, {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-protocol': list,
    });
    assert.equal(outcome.status, 401, list);
    assert.equal(postern.lastDecision().reason, 'malformed_credential', list);
    assert.equal(outcome.headers['sec-websocket-protocol'], undefined, list);
  }
  assert.deepEqual(site.backend.seen, []);
});

test('a token that is offered alone is never echoed', async (t) => {
  const { postern, site } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const answer = await sendRaw(
    site.nginx.port,
    `GET /ws HTTP/1.1
Host: app.example.com
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Protocol: postern.bearer.${token}

`,
  );
  assert.equal(answer.status, 101);
  assert.equal(answer.headers['sec-websocket-protocol'], undefined);
  assert.ok(!answer.text.includes(token));
});

test('a denied handshake is not told the subprotocol it offered', async (t) => {
  const { url } = await startGuardedSite(t);
  const outcome = await tryHandshake(url, {}, ['postern.bearer.pst_unknown', 'chat']);
  assert.equal(outcome.status, 401);
  assert.equal(outcome.headers['sec-websocket-protocol'], undefined);
});

test('Bearer and Basic let programs in, in any spelling of the scheme, and stay out of the backend', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const basic = (user: string, password = token) =>
    Buffer.from(`${user}:${password}`).toString('base64');
  const good: [string, string][] = [
    [`Bearer ${token}`, 'bearer'],
    [`bEARER   ${token}`, 'bearer'],
    [`Basic ${basic('token')}`, 'basic'],
    [`BASIC ${basic('alice')}`, 'basic'],
  ];
  for (const [authorization, source] of good) {
    const outcome = await tryHandshake(url, { authorization });
    assert.equal(outcome.status, 101, authorization);
    assert.equal(outcome.seen?.headers.authorization, undefined);
    assert.equal(postern.lastDecision().source, source);
  }
  const bad: [string, string][] = [
    ['Bearer', 'malformed_credential'],
    [`Bearer ${token} ${token}`, 'malformed_credential'],
    [`Basic ${basic('bob')}`, 'unknown_token'],
    [`Basic ${basic('ALICE')}`, 'unknown_token'],
    [`Basic ${basic('')}`, 'unknown_token'],
    [`Basic ${basic('token')}*`, 'malformed_credential'],
    [`Basic ${Buffer.from(token).toString('base64')}`, 'malformed_credential'],
    [`Digest username="${token}"`, 'no_credential'],
    [token, 'no_credential'],
  ];
  for (const [authorization, reason] of bad) {
    assert.equal((await tryHandshake(url, { authorization })).status, 401, authorization);
    assert.equal(postern.lastDecision().reason, reason, authorization);
  }
});

test('a Basic password that a browser remembers does not open a socket for a foreign page', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const authorization = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`;
  const headers = { host: 'app.example.com', authorization };
  const foreign = await tryHandshake(url, { ...headers, origin: 'https://evil.example' });
  assert.equal(foreign.status, 401);
  assert.equal(postern.lastDecision().reason, 'origin_not_allowed');
  const own = await tryHandshake(url, { ...headers, origin: 'https://app.example.com' });
  assert.equal(own.status, 101);
  const bearer = { ...headers, authorization: `Bearer ${token}`, origin: 'https://any.example' };
  assert.equal((await tryHandshake(url, bearer)).status, 101);
});

test('the Authorization of an application passes where the gate says so', async (t) => {
  const { postern, site } = await startGuardedSite(t, {
    POSTERN_DEFAULT_GATE_SOURCES: 'cookie',
    POSTERN_DEFAULT_GATE_FORWARD_AUTHORIZATION: 'true',
  });
  const { token } = await postern.issue();
  const outcome = await tryPage(`${site.url}/api`, {
    cookie: `postern_token=${token}`,
    authorization: 'Bearer of-the-application',
  });
  assert.equal(outcome.seen?.headers.authorization, 'Bearer of-the-application');
});

test('access_token counts without a setting, and reaches neither the backend nor the log', async (t) => {
  const { postern, site, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${url}?a=1&access_token=${token}`);
  assert.equal(outcome.status, 101);
  assert.equal(postern.lastDecision().source, 'query');
  assert.equal(outcome.seen?.url, '/ws?a=1');
  // In no form that a mask could know by itself.
  assert.equal((await tryHandshake(`${url}?access_token=hunter2`)).status, 401);
  assert.match(site.accessLog(), /GET \/ws\?access_token=\*\*\* HTTP/);
  assert.ok(!site.accessLog().includes('hunter2'));
});

test('several names of query parameters count, and several with one value', async (t) => {
  const { postern } = await startGuardedSite(t, {
    POSTERN_DEFAULT_GATE_QUERY: 'token,access_token',
  });
  const { token } = await postern.issue();
  const reason = async (query: string) => {
    const answer = await ask(postern.gate, { 'x-original-uri': `/?${query}` });
    return answer.reason ?? answer.status;
  };
  assert.equal(await reason(`token=${token}`), 200);
  assert.equal(await reason(`access_token=${token}`), 200);
  assert.equal(await reason(`access_token=${token}&token=${token}`), 200);
  assert.equal(await reason(`access_token=${token}&token=`), 200);
  assert.equal(await reason(`access_token=${token}&token=${token}x`), 'malformed_credential');
});

test('one token, sent twice, is admitted and reaches the backend in no place', async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  const cases: [query: string, backend: string][] = [
    [`token=${token}&token=${token}`, ''],
    [`a=1&token=${token}&b=2&token=${token}&c=3`, '?a=1&b=2&c=3'],
    [`a=1&token=${token}&access_token=${token}`, '?a=1'],
    [`a=1&access_token=${token}&token=${token}&%74oken=${token}&access_token=${token}`, '?a=1'],
    [`token=&access_token=${token}`, ''],
  ];
  for (const [query, rest] of cases) {
    const outcome = await tryHandshake(`${url}?${query}`);
    assert.equal(outcome.status, 101, query);
    assert.equal(outcome.seen?.url, `/ws${rest}`, query);
  }
  const thrice = Array.from({ length: 3 }, () => `token=${token}`).join('&');
  for (const query of [`token=${token}&token=x`, thrice]) {
    assert.equal((await tryHandshake(`${url}?${query}`)).status, 401);
    assert.equal(postern.lastDecision().reason, 'malformed_credential');
  }
});

test("a token in a header of one's own making is no credential", async (t) => {
  const { postern, url } = await startGuardedSite(t);
  const { token } = await postern.issue();
  for (const name of ['x-token', 'x-auth-token', 'x-postern-token', 'token', 'x-api-key']) {
    assert.equal((await tryHandshake(url, { [name]: token })).status, 401, name);
    assert.equal(postern.lastDecision().reason, 'no_credential', name);
  }
});

test('a native client opens a socket with a named cookie and no Origin, and no page does', async (t) => {
  const { postern, site, url } = await startGuardedSite(t, {
    POSTERN_DEFAULT_GATE_COOKIES: 'AUTH,other',
    POSTERN_DEFAULT_GATE_COOKIES_WITHOUT_ORIGIN: 'AUTH',
    POSTERN_DEFAULT_GATE_ORIGINS: 'same,https://www.example.com',
  });
  const { token } = await postern.issue();
  const handshake = async (cookie: string, origin?: string) =>
    (await tryHandshake(url, { cookie, ...(origin !== undefined && { origin }) })).status;
  assert.equal(await handshake(`AUTH=${token}`), 101);
  assert.equal(await handshake(`AUTH=${token}`, site.url), 101);
  assert.equal(await handshake(`AUTH=${token}`, 'https://evil.example'), 401);
  assert.equal(await handshake(`AUTH=${token}`, 'null'), 401);
  assert.equal(await handshake(`other=${token}`), 401);
  assert.equal(postern.lastDecision().reason, 'origin_not_allowed');
  // The first name that is there counts.
  assert.equal(await handshake(`other=${token}; AUTH=x`), 401);
  assert.equal((await tryHandshake(`${url}?token=${token}`)).status, 401, 'origins are listed');
});

test('a cookie that a script wrote percent-encoded works, and broken encoding denies', async (t) => {
  const { postern, site, url } = await startGuardedSite(t, {
    POSTERN_DEFAULT_GATE_COOKIES: 'AUTH',
  });
  const { token } = await postern.issue();
  const handshake = (value: string) =>
    tryHandshake(url, { cookie: `AUTH=${value}`, origin: site.url });
  assert.equal((await handshake(token.replace('_', '%5F'))).status, 101);
  for (const value of [`${token}%`, `${token}%zz`, `%00${token}`, '%e0%a4%a']) {
    assert.equal((await handshake(value)).status, 401, value);
    assert.equal(postern.lastDecision().reason, 'malformed_credential', value);
  }
});
