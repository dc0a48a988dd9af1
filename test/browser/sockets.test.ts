import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { issueTicket } from '../../docs/examples/issue-ticket.ts';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { example, openPageSocket, useBrowser } from '../../testkit/browser/browser.ts';
import { type BrowserSiteOptions, startBrowserSite } from '../../testkit/browser/site.ts';

const open = useBrowser();

/** A page of the guarded site, signed in to nothing. */
async function openApp(t: TestContext, options?: BrowserSiteOptions) {
  const fixture = await startBrowserSite(t, options);
  const { page, said } = await open(t);
  await page.goto(`${fixture.at('app.example.test')}/page`);
  return { ...fixture, page, said, host: new URL(page.url()).host };
}

/** An application's server that gives a ticket to whoever asks; returns its port. */
async function startTicketServer(t: TestContext, issue: () => Promise<string>): Promise<number> {
  const server = createServer(async (_request, response) => response.end(await issue()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a cookie that a page script set opens a socket', async (t) => {
  const { postern, page } = await openApp(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const socket = await openPageSocket(page, example('browser-cookie.js', 'connect', token));
  assert.ok(socket.opened);
  assert.equal(socket.seen.headers['remote-user'], 'alice');
  assert.equal(postern.lastDecision().source, 'cookie');
});

test('a page that asks its server for a ticket at each connection gets in each time', async (t) => {
  const asked: Promise<string>[] = [];
  const port = await startTicketServer(t, () => {
    const issuer = { url: `http://${renderListenAddress(postern.admin)}`, key };
    return asked[asked.push(issueTicket(issuer, 'alice')) - 1] as Promise<string>;
  });
  const { postern, page } = await openApp(t, {
    locations: `location = /ticket { proxy_pass http://127.0.0.1:${port}; }`,
  });
  const { body } = await postern.api('POST', '/v1/keys', {
    name: 'web',
    role: 'issuer',
    gates: ['chat'],
    max_ttl: '5m',
  });
  const { key } = body as { key: string };
  for (let i = 0; i < 2; i++) {
    const socket = await openPageSocket(page, example('browser-ticket.js', 'connect'));
    assert.ok(socket.opened);
    assert.equal(socket.seen.url, '/ws');
    assert.equal(socket.seen.headers['remote-user'], 'alice');
  }
  const tickets = await Promise.all(asked);
  assert.equal(new Set(tickets).size, 2);
});

test('a token in a subprotocol opens a socket that is answered with "postern"', async (t) => {
  const { postern, page } = await openApp(t);
  const { token } = await postern.issue();
  const socket = await openPageSocket(page, example('browser-subprotocol.js', 'connect', token));
  assert.ok(socket.opened);
  assert.equal(socket.protocol, 'postern');
  assert.equal(socket.seen.headers['sec-websocket-protocol'], undefined);
  assert.equal(postern.lastDecision().source, 'subprotocol');
});

test('a token beside a subprotocol of the application leaves the choice to the application', async (t) => {
  const { postern, page } = await openApp(t);
  const { token } = await postern.issue();
  const socket = await openPageSocket(
    page,
    example('browser-subprotocol.js', 'connectToChat', token),
  );
  assert.ok(socket.opened);
  assert.equal(socket.protocol, 'chat.v2');
  assert.equal(socket.seen.headers['sec-websocket-protocol'], 'chat.v2');
});

test('a token that is offered as the only subprotocol fails in the browser, which wants one of them back', async (t) => {
  const { postern, page, said, host } = await openApp(t);
  const { token } = await postern.issue();
  const socket = await openPageSocket(
    page,
    `new WebSocket('wss://${host}/ws', 'postern.bearer.${token}')`,
  );
  assert.deepEqual(socket, { opened: false, code: 1006 });
  assert.match(said.join('\n'), /no response was received/);
});

test('a token as user information in the URL is for programs: Chromium does not send it', async (t) => {
  const { postern, page, host } = await openApp(t);
  const { token } = await postern.issue();
  const socket = await openPageSocket(page, `new WebSocket('wss://token:${token}@${host}/ws')`);
  assert.deepEqual(socket, { opened: false, code: 1006 });
  assert.equal(postern.lastDecision().reason, 'no_credential');
});

test('a page whose handshake is denied sees only 1006, and asks Postern for the reason', async (t) => {
  const { postern, page, host } = await openApp(t);
  const good = await postern.issueTicket();
  const revoked = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const deny = (token: string) =>
    page.evaluate<{ code: number; reason: string; meaning: string }>(`
      import('/examples/browser-reason.js').then(({ connect }) => new Promise((resolve) => {
        const onDenied = (why) => resolve({ ...why, code });
        let code;
        const socket = connect('${host}', '${token}', onDenied);
        socket.addEventListener('close', (event) => { code = event.code; });
        socket.addEventListener('message', () => resolve({ reason: 'none' }));
      }))`);
  assert.equal((await deny(good.token)).reason, 'none');
  const cases = [
    [good.token, 'already_used'],
    [revoked.token, 'revoked'],
    [`${good.token}x`, 'malformed_credential'],
    ['', 'no_credential'],
  ] as const;
  for (const [token, reason] of cases) {
    const why = await deny(token);
    assert.deepEqual([why.code, why.reason], [1006, reason]);
    assert.ok(why.meaning.length > 20);
  }
});
