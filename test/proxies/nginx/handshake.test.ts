import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { loginUrl, startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

test('a handshake without a token gets 401 and never reaches the backend', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const outcome = await tryHandshake(`${site.socketUrl}/ws`);
  assert.equal(outcome.status, 401);
  assert.equal(outcome.headers['www-authenticate'], 'Bearer realm="chat"');
  assert.equal(outcome.headers.location, undefined);
  assert.deepEqual(site.backend.seen, []);
});

test('a handshake with a good cookie from the same host opens, and the backend learns who it is', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token, id } = await postern.issue({
    subject: 'alice',
    gates: ['chat'],
    claims: { email: 'alice@example.com', name: 'Алиса', groups: ['staff', 'ops'] },
  });
  const outcome = await tryHandshake(`${site.socketUrl}/ws`, {
    cookie: `theme=dark; postern_token=${token}`,
    origin: site.url,
  });
  assert.equal(outcome.status, 101);
  const headers = outcome.seen?.headers ?? {};
  assert.equal(headers['remote-user'], 'alice');
  assert.equal(headers['remote-email'], 'alice@example.com');
  assert.equal(Buffer.from(String(headers['remote-name']), 'latin1').toString(), 'Алиса');
  assert.equal(headers['remote-groups'], 'staff,ops');
  assert.equal(headers['x-postern-token-id'], id);
  assert.equal(headers.host, `127.0.0.1:${site.nginx.port}`);
  assert.equal(headers['x-real-ip'], '127.0.0.1');
  assert.equal(postern.lastDecision().source, 'cookie');
});

test('a token in the query opens the socket and is taken out of the URI, wherever it stands', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const cases = [
    [`/ws?token=${token}`, '/ws'],
    [`/ws?token=${token}&room=1`, '/ws?room=1'],
    [`/ws?room=1&token=${token}`, '/ws?room=1'],
    [`/ws?a=1&token=${token}&b=2`, '/ws?a=1&b=2'],
    [`/ws?mytoken=1&token=${token}&tokens=2`, '/ws?mytoken=1&tokens=2'],
    [`/ws?%74o%6Ben=${token}&room=1`, '/ws?room=1'],
    [`/ws?token=${token.replace('_', '%5F')}`, '/ws'],
    // What nginx remembers of an encoded path must not encode the query once more.
    [`/w%73?a=%20+%26&token=${token}&b=%3F+c`, '/ws?a=%20+%26&b=%3F+c'],
    [`/ws+1?token=${token}&b=%20`, '/ws+1?b=%20'],
  ];
  for (const [uri, backendUri] of cases) {
    const outcome = await tryHandshake(site.socketUrl + uri);
    assert.equal(outcome.status, 101, uri);
    assert.equal(outcome.seen?.url, backendUri);
  }
});

test('a URI without a token reaches the backend as the client wrote it', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const cookie = `postern_token=${token}`;
  for (const uri of ['/a%2Fb/c?x=%20y&tokens=1', '/ws?a&b=']) {
    const outcome = await tryPage(site.url + uri, { cookie });
    assert.equal(outcome.seen?.url, uri);
  }
});

test('a ticket opens one socket and is refused after that', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issueTicket({ subject: 'bob', gates: ['chat'] });
  const url = `${site.socketUrl}/ws?token=${token}`;
  const first = await tryHandshake(url);
  assert.equal(first.status, 101);
  assert.equal(first.seen?.headers['remote-user'], 'bob');
  const second = await tryHandshake(url);
  assert.equal(second.status, 401);
  assert.equal(second.headers['www-authenticate'], 'Bearer realm="chat", error="invalid_token"');
  assert.equal(postern.lastDecision().reason, 'already_used');
});

test('a token with three uses opens three sockets', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ max_uses: 3 });
  const statuses = [];
  for (let i = 0; i < 4; i++) {
    statuses.push((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status);
  }
  assert.deepEqual(statuses, [101, 101, 101, 401]);
});

test('a revoked token is refused at the next handshake', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token, id } = await postern.issue();
  const headers = { cookie: `postern_token=${token}`, origin: site.url };
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 101);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 401);
  assert.equal(postern.lastDecision().reason, 'revoked');
});

test('a token of another gate gets 401 for a handshake and 403 for a page', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ gates: ['media'] });
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status, 401);
  assert.equal((await tryPage(`${site.url}/?token=${token}`)).status, 403);
  assert.deepEqual(site.backend.seen, []);
});

test('a page load without a token goes to the login page, and a program gets 401', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const page = await tryPage(`${site.url}/page?x=1`, { accept: 'text/html' });
  assert.equal(page.status, 302);
  assert.equal(page.headers.location, loginUrl);
  const programs: [string, Record<string, string>, string][] = [
    ['JSON', { accept: 'application/json' }, 'GET'],
    ['XHR', { 'x-requested-with': 'XMLHttpRequest' }, 'GET'],
    ['POST', { accept: 'text/html' }, 'POST'],
    ['handshake', { connection: 'Upgrade', upgrade: 'websocket' }, 'GET'],
  ];
  for (const [name, headers, method] of programs) {
    const outcome = await tryPage(`${site.url}/`, headers, method);
    assert.equal(outcome.status, 401, name);
    assert.equal(outcome.headers.location, undefined, name);
  }
});

test('without a login page a page load gets 401', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  assert.equal((await tryPage(`${site.url}/`)).status, 401);
  assert.equal(postern.lastDecision().gate, 'default');
});

test('several gates in one server keep their names apart', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) =>
      ['chat', 'media']
        .map(
          (gate) => `
      location /${gate} {
        set $postern_gate "${gate}";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
        )
        .join('\n'),
  });
  const { token } = await postern.issue({ gates: ['media'] });
  assert.equal((await tryHandshake(`${site.socketUrl}/chat?token=${token}`)).status, 401);
  assert.equal((await tryHandshake(`${site.socketUrl}/media?token=${token}`)).status, 101);
});

test('a location whose proxy_pass rewrites the path works with a token in the query', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      location /app/ {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        ${backend.replace(/;$/, '/inner/;')}
      }`,
  });
  const { token } = await postern.issue();
  const outcome = await tryHandshake(`${site.socketUrl}/app/ws?token=${token}&x=1`);
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.url, '/inner/ws?x=1');
});

test('the gate may listen on a Unix socket', async (t) => {
  const socket = `${temporaryDirectory(t)}/gate.sock`;
  const postern = await startTestPostern(t, { env: { POSTERN_GATE_LISTEN: `unix:${socket}` } });
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status, 101);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  assert.equal(postern.lastDecision().client, '127.0.0.1');
});
