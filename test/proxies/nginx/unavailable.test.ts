import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestProgram } from '../../../testkit/postern/program.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

test('when Postern stops, clients get 503 and the backend nothing; when it is back, it works again', async (t) => {
  const port = await findFreePort();
  const gate = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const site = await startSite(t, { gate });
  const check = async () => {
    const handshake = await tryHandshake(`${site.socketUrl}/ws`);
    assert.equal(handshake.status, 503);
    assert.equal(handshake.headers['retry-after'], '5');
    assert.equal((await tryPage(`${site.url}/`)).status, 503);
    assert.deepEqual(site.backend.seen, []);
  };
  await check();
  const postern = await startTestPostern(t, { env: { POSTERN_GATE_LISTEN: `127.0.0.1:${port}` } });
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  await postern.close();
  await check();
});

test('when Postern hangs, clients get 503 after the timeout of the auth location', async (t) => {
  const service = await startTestProgram(t);
  const site = await startSite(t, { gate: service.gate });
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  service.pause();
  const [handshake, page] = await Promise.all([
    tryHandshake(`${site.socketUrl}/ws`),
    tryPage(`${site.url}/`),
  ]);
  assert.deepEqual([handshake.status, page.status], [503, 503]);
  assert.deepEqual(site.backend.seen, []);
  service.resume();
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
});

test('when Postern is killed, clients get 503', async (t) => {
  const service = await startTestProgram(t);
  const site = await startSite(t, { gate: service.gate });
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  await service.end('SIGKILL');
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 503);
  assert.equal((await tryPage(`${site.url}/`)).status, 503);
});

for (const status of [301, 302, 307, 400, 404, 418, 429, 431, 500, 502, 503]) {
  test(`an auth service that answers ${status} lets nobody in: clients get 503`, async (t) => {
    const headers = { location: 'https://evil.example/' };
    const { gate } = await startAuthService(t, () => ({ status, headers }));
    const site = await startSite(t, { gate });
    const handshake = await tryHandshake(`${site.socketUrl}/ws`);
    assert.equal(handshake.status, 503);
    assert.equal(handshake.headers.location, undefined);
    assert.equal((await tryPage(`${site.url}/`)).status, 503);
    assert.deepEqual(site.backend.seen, []);
  });
}

test('a store that cannot answer denies with 503, not with 200', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issueTicket();
  const { default: Database } = await import('better-sqlite3');
  const other = new Database(`${postern.dataDir}/postern.db`);
  // Another process holds the write lock, so the ticket cannot be burned.
  other.exec('BEGIN IMMEDIATE');
  const outcome = await tryHandshake(`${site.socketUrl}/ws?token=${token}`);
  assert.equal(outcome.status, 503);
  assert.equal(postern.lastDecision().reason, 'store_unavailable');
  other.exec('ROLLBACK');
  other.close();
  assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status, 101);
});
