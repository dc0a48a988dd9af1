import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const foreign = [
  'https://evil.example',
  'null',
  'https://app.example.com.evil',
  'https://sibling.example.com',
  'https://evil.example/app.example.com',
  'https://app.example.com@evil.example',
  'https://app.example.com evil',
  'app.example.com',
  'file://',
  'https://',
  ' ',
];

test('a good cookie from a foreign page, or from no page, does not open a socket', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const headers = { host: 'app.example.com', cookie: `postern_token=${token}` };
  for (const origin of foreign) {
    const outcome = await tryHandshake(`${site.socketUrl}/ws`, { ...headers, origin });
    assert.equal(outcome.status, 401, origin);
    assert.equal(postern.lastDecision().reason, 'origin_not_allowed', origin);
  }
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 401);
  assert.deepEqual(site.backend.seen, []);
  const own = { ...headers, origin: 'https://app.example.com' };
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, own)).status, 101);
});

test('a token that the page holds needs no Origin', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const url = `${site.socketUrl}/ws?token=${token}`;
  assert.equal((await tryHandshake(url)).status, 101);
  assert.equal((await tryHandshake(url, { origin: 'https://www.example.net' })).status, 101);
});

test('a gate that lists origins wants one of them with every credential', async (t) => {
  const postern = await startTestPostern(t, {
    env: { POSTERN_DEFAULT_GATE_ORIGINS: 'https://www.example.com, https://*.example.org' },
  });
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const url = `${site.socketUrl}/ws?token=${token}`;
  const cases: [string | undefined, number][] = [
    ['https://www.example.com', 101],
    ['https://a.b.example.org', 101],
    ['https://example.org', 401],
    ['http://www.example.com', 401],
    ['https://www.example.com:8443', 401],
    ['https://evilexample.org', 401],
    [undefined, 401],
  ];
  for (const [origin, status] of cases) {
    const outcome = await tryHandshake(url, origin === undefined ? {} : { origin });
    assert.equal(outcome.status, status, origin);
  }
});

test('a page load with a cookie works without Origin, and a cross-site request with one does not', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const headers = { host: 'app.example.com', cookie: `postern_token=${token}` };
  assert.equal((await tryPage(`${site.url}/`, headers)).status, 200);
  const cases: [string, number][] = [
    ['http://app.example.com', 200],
    ['https://evil.example', 403],
    ['null', 403],
  ];
  for (const [origin, status] of cases) {
    const outcome = await tryPage(`${site.url}/form`, { ...headers, origin }, 'POST');
    assert.equal(outcome.status, status, origin);
  }
});

test('two cookies of one name are refused in either order, unless they are the same', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const good = `postern_token=${(await postern.issue()).token}`;
  const other = `postern_token=${(await postern.issue({ subject: 'mallory' })).token}`;
  const cases: [string, number][] = [
    [`${good}; ${other}`, 403],
    [`${other}; ${good}`, 403],
    [`${good}; postern_token=x`, 401],
    [`${good}; ${good}`, 200],
  ];
  for (const [cookie] of cases.slice(0, 3)) {
    const outcome = await tryPage(`${site.url}/`, { cookie }, 'POST');
    assert.equal(outcome.status, 401, cookie);
    assert.equal(postern.lastDecision().reason, 'malformed_credential');
  }
  assert.equal((await tryPage(`${site.url}/`, { cookie: `${good}; ${good}` })).status, 200);
});

test('two Cookie lines count as one list', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const load = (first: string, second: string) =>
    sendRaw(
      site.nginx.port,
      `POST / HTTP/1.1\nHost: app.example.com\nCookie: ${first}\nCookie: ${second}\nContent-Length: 0\nConnection: close\n\n`,
    );
  assert.equal((await load('a=b', `postern_token=${token}`)).status, 200);
  assert.equal((await load(`postern_token=${token}`, 'postern_token=other')).status, 401);
});

test('a cookie whose name only looks like the real one is not read', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const names = [
    '\u00a0postern_token',
    '\u2000postern_token',
    'Postern_Token',
    '$postern_token',
    '',
  ];
  for (const name of names) {
    const raw = Buffer.from(name, 'utf8').toString('latin1');
    const answer = await sendRaw(
      site.nginx.port,
      `POST / HTTP/1.1\nHost: app.example.com\nCookie: ${raw}=${token}\nContent-Length: 0\nConnection: close\n\n`,
    );
    assert.equal(answer.status, 401, JSON.stringify(name));
    assert.equal(postern.lastDecision().reason, 'no_credential', JSON.stringify(name));
  }
  assert.deepEqual(site.backend.seen, []);
});
