import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { createCertificate } from '../../testkit/tls/certificate.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const cookie = 'VouchCookie=x';

/** A service behind TLS that lets everybody in as the host that was asked about. */
async function startTls(t: TestContext, hosts: readonly string[], isTrusted: boolean) {
  const { certFile, keyFile } = createCertificate(t, hosts);
  const cert = readFileSync(certFile, 'utf8');
  const before = getCACertificates('default');
  if (isTrusted) setDefaultCACertificates([...before, cert]);
  t.after(() => setDefaultCACertificates(before));
  const counts = { connections: 0, names: [] as unknown[] };
  const server = createServer({ cert, key: readFileSync(keyFile) }, ({ headers }, response) => {
    response.writeHead(200, { 'x-vouch-user': headers.host }).end();
  });
  server.on('secureConnection', (socket) => {
    counts.connections++;
    counts.names.push((socket as { servername?: unknown }).servername);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { counts, port: (server.address() as AddressInfo).port };
}

for (const [host, name] of [
  ['localhost', 'localhost'],
  ['127.0.0.1', false],
] as const) {
  test(`https://${host}: one connection serves every host that is asked about`, async (t) => {
    const { port, counts } = await startTls(t, ['localhost'], true);
    const bridge = openBridge(t, {
      service: 'vouch',
      url: `https://${host}:${port}`,
      maxRequests: 1,
    });
    for (const app of ['a.example.com', 'b.example.com', '192.0.2.7', 'a.example.com']) {
      assert.equal(outcomeOf(await bridge.about({ cookie, host: app })), app);
    }
    assert.deepEqual(counts, { connections: 1, names: [name] });
  });
}

test('a certificate for the host that is asked about is not one for the service', async (t) => {
  const { port } = await startTls(t, ['app.example.com'], true);
  const bridge = openBridge(t, { service: 'vouch', url: `https://localhost:${port}` });
  assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  assert.deepEqual(bridge.reports, ['its certificate is for another host']);
});

test('a certificate that nobody vouches for is not believed', async (t) => {
  const { port } = await startTls(t, ['localhost'], false);
  const bridge = openBridge(t, { service: 'vouch', url: `https://localhost:${port}` });
  assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  assert.match(String(bridge.reports), /certificate is not trusted/);
});

test('an https address with plain HTTP behind it is reported as that', async (t) => {
  const { url } = await startSignOn(t, 'vouch');
  const bridge = openBridge(t, { service: 'vouch', url: url.replace('http:', 'https:') });
  assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  assert.match(String(bridge.reports), /^TLS with it fails/);
});
