import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('a token in the query is in no log, in no database file and in nothing the backend sees', async (t) => {
  const postern = await startTestPostern(t, { env: { POSTERN_LOG_LEVEL: 'debug' } });
  const site = await startSite(t, postern);
  const allowed = await postern.issue();
  const revoked = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const ticket = await postern.issueTicket();
  const cut = allowed.token.slice(0, -1);
  const secrets = [allowed.token, revoked.token, ticket.token, cut];

  for (const secret of [...secrets, ticket.token]) {
    const forms = [
      `/ws?token=${secret}`,
      `/ws?a=1&token=${secret}&b=2`,
      `/ws?%74oken=${secret}`,
      `/ws?token=${secret}&token=${secret}`,
      `/ws?x=1&token=${secret}&y=2&t%6Fken=${secret}&z=3`,
    ];
    for (const form of forms) {
      await tryHandshake(site.socketUrl + form);
      await tryPage(site.url + form, { referer: `https://app.example.com${form}` });
      await sendRaw(
        site.nginx.port,
        `GET ${form}#fragment HTTP/1.0\nHost: app.example.com\nReferer: ${form}\n\n`,
      );
    }
  }
  await postern.close();
  await tryHandshake(`${site.socketUrl}/ws?token=${allowed.token}`);

  const places: [string, string][] = [
    ["Postern's log", postern.rawLog()],
    ["nginx's access log", site.accessLog()],
    ['the backend', JSON.stringify(site.backend.seen)],
    ...readdirSync(postern.dataDir).map((name): [string, string] => [
      name,
      readFileSync(join(postern.dataDir, name), 'latin1'),
    ]),
  ];
  assert.ok(site.backend.seen.length > 5, 'the backend was reached at all');
  assert.match(site.accessLog(), /\/ws\?a=1&token=\*\*\*&b=2 HTTP/);
  for (const [place, text] of places) {
    // The lock is one that is always empty.
    assert.ok(text.length > 0 || place === 'postern.lock', `${place} is empty`);
    for (const secret of [...secrets, adminKey]) {
      assert.ok(!text.includes(secret), `${place} holds a secret`);
    }
  }
});

test('a token in the query does not travel on in a login redirect', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token, id } = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${id}`);
  const page = await tryPage(`${site.url}/?token=${token}`, { accept: 'text/html' });
  assert.equal(page.status, 302);
  assert.ok(!String(page.headers.location).includes(token));
});

test('line breaks in a path do not become headers of a login redirect', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    server: 'add_header Strict-Transport-Security "max-age=63072000" always;',
    locations: (backend, include) => `
      location / {
        set $postern_login "https://login.example.com/?rd=$scheme://$http_host$request_uri";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
  });
  const answer = await sendRaw(
    site.nginx.port,
    'GET /x%0d%0aSet-Cookie:a=1 HTTP/1.1\nHost: app.example.com\nAccept: text/html\nConnection: close\n\n',
  );
  assert.equal(answer.status, 302);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(
    answer.headers.location,
    'https://login.example.com/?rd=http://app.example.com/x%0d%0aSet-Cookie:a=1',
  );
  assert.equal(answer.headers['strict-transport-security'], 'max-age=63072000');
});

test("the server's add_header lines survive on every answer of a protected location", async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    server: 'add_header Strict-Transport-Security "max-age=63072000" always;',
  });
  const { token } = await postern.issue();
  const outcomes = [
    await tryPage(`${site.url}/?token=${token}`),
    await tryHandshake(`${site.socketUrl}/ws?token=${token}`),
    await tryHandshake(`${site.socketUrl}/ws`),
    await tryPage(`${site.url}/`),
  ];
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [200, 101, 401, 302],
  );
  for (const { headers } of outcomes) {
    assert.equal(headers['strict-transport-security'], 'max-age=63072000');
  }
});
