import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { FindingCode } from '../../../src/doctor/probe/catalog.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { findingOf, probe, reportCodes, startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { startRawServer } from '../../../testkit/servers/raw-server.ts';
import { createAuthority, type Wanted } from '../../../testkit/tls/authority.ts';

const host = 'ws.example.test';

/** An nginx with TLS; the probe gets there by --connect, as if the name led there. */
async function startTls(t: TestContext, wanted: Partial<Wanted>, listen = 'ssl') {
  const authority = createAuthority(t);
  const { certFile, keyFile } = authority.issue({ host, ...wanted });
  const { nginx } = await startPlainNginx(
    t,
    `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; location / { return 401; }`,
    { listen },
  );
  return { ca: authority.root, connect: `127.0.0.1:${nginx.port}` };
}

/** What the certificate is like, whether its root is trusted, and what is found. */
const certificates: readonly [
  what: string,
  wanted: Partial<Wanted>,
  trusted: boolean,
  codes: readonly FindingCode[],
][] = [
  ['good', {}, true, ['tls-valid']],
  ['of an unknown authority', {}, false, ['tls-untrusted']],
  ['without its issuer’s', { withoutIssuer: true }, true, ['tls-incomplete-chain']],
  ['expired', { fromDay: -40, toDay: -10 }, true, ['tls-expired']],
  ['of tomorrow', { fromDay: 1 }, true, ['tls-not-yet-valid']],
  ['close to its end', { toDay: 5 }, true, ['tls-expires-soon', 'tls-valid']],
  ['for another name', { host: 'other.example.test' }, true, ['tls-wrong-name']],
  ['signed by itself', { selfSigned: true }, false, ['tls-self-signed']],
  [
    'signed by itself, expired and for another name',
    { selfSigned: true, fromDay: -40, toDay: -10, host: 'other.example.test' },
    false,
    ['tls-expired', 'tls-wrong-name', 'tls-self-signed'],
  ],
];

describe('a certificate that is', { concurrency: 4 }, () => {
  for (const [what, wanted, trusted, codes] of certificates) {
    test(`${what}: ${codes.join(', ')}, and the probe goes on`, async (t) => {
      const { ca, connect } = await startTls(t, wanted);
      const report = await probe(`wss://${host}/ws`, { connect, ...(trusted && { ca }) });
      assert.deepEqual(
        reportCodes(report).filter((code) => code.startsWith('tls-')),
        codes,
      );
      findingOf(report, 'upgrade-denied');
    });
  }

  test('signed by itself and given with --ca: no complaint', async (t) => {
    const authority = createAuthority(t);
    const { certFile, keyFile } = authority.issue({ host, selfSigned: true });
    const { nginx } = await startPlainNginx(
      t,
      `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; location / { return 401; }`,
      { listen: 'ssl' },
    );
    const connect = `127.0.0.1:${nginx.port}`;
    const report = await probe(`wss://${host}/ws`, { connect, ca: readFileSync(certFile, 'utf8') });
    assert.equal(report.worst, 'ok', reportCodes(report).join());
  });
});

describe('HTTP versions', () => {
  test('HTTP/2 beside HTTP/1.1 is fine', async (t) => {
    const { ca, connect } = await startTls(t, {}, 'ssl http2');
    const report = await probe(`wss://${host}/ws`, { connect, ca });
    assert.match(findingOf(report, 'http-versions').evidence, /h2 beside http\/1\.1/);
    assert.equal(report.worst, 'ok');
  });

  test('HTTP/2 alone is a fault', async (t) => {
    const authority = createAuthority(t);
    const { certFile, keyFile } = authority.issue({ host });
    const server = createSecureServer({
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      allowHTTP1: false,
    });
    server.on('sessionError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const connect = `127.0.0.1:${port}`;
    const report = await probe(`wss://${host}/ws`, { connect, ca: authority.root });
    assert.match(findingOf(report, 'http2-only').evidence, /it took h2/);
  });

  test('HTTP/2 without TLS is told by its first frame', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 401; }', { listen: 'http2' });
    assert.match(findingOf(await probe(url), 'answer-not-http').evidence, /HTTP\/2 SETTINGS frame/);
  });
});

describe('a port', () => {
  test('that wants TLS and gets ws:// says so', async (t) => {
    const { connect } = await startTls(t, {});
    const report = await probe(`ws://${connect}/ws`);
    assert.match(findingOf(report, 'plain-to-tls-port').evidence, /HTTP 400/);
  });

  test('that does not speak TLS and gets wss:// says so', async (t) => {
    const { nginx } = await startPlainNginx(t, 'location / { return 401; }');
    const report = await probe(`wss://127.0.0.1:${nginx.port}/ws`);
    assert.deepEqual(reportCodes(report), ['tls-failed']);
    assert.match(findingOf(report, 'tls-failed').evidence, /wrong version number/);
  });

  test('that accepts and never speaks does not hold the probe up', async (t) => {
    const { port } = await startRawServer(t, () => {});
    const report = await probe(`wss://127.0.0.1:${port}/ws`, { timeout: 300 });
    assert.match(findingOf(report, 'tls-failed').evidence, /no answer within 0\.3 s/);
  });

  test('that wants a client certificate says so', async (t) => {
    const authority = createAuthority(t);
    const { certFile, keyFile } = authority.issue({ host });
    const { nginx } = await startPlainNginx(
      t,
      `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
       ssl_client_certificate ${certFile}; ssl_verify_client on; location / { return 401; }`,
      { listen: 'ssl' },
    );
    const connect = `127.0.0.1:${nginx.port}`;
    const report = await probe(`wss://${host}/ws`, { connect, ca: authority.root });
    findingOf(report, 'client-certificate-wanted');
  });

  test('where nobody listens is named with its address', async () => {
    const port = await findFreePort();
    const report = await probe(`ws://127.0.0.1:${port}/`);
    assert.deepEqual(reportCodes(report), ['connection-failed']);
    assert.match(
      report.findings[0]?.evidence ?? '',
      new RegExp(`127.0.0.1 port ${port}: .*refused`),
    );
    assert.equal(report.requests, 0);
  });
});

describe('a name', () => {
  test('that leads nowhere is named', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    const report = await probe('wss://nowhere.example.test/', { lookup });
    assert.deepEqual(reportCodes(report), ['dns-failed']);
    assert.match(
      report.findings[0]?.evidence ?? '',
      /nowhere\.example\.test: the name does not exist/,
    );
  });

  test('whose name server does not answer does not hold the probe up', async () => {
    const lookup = () => new Promise<never>(() => {});
    const report = await probe('wss://slow.example.test/', { lookup, timeout: 20 });
    assert.match(findingOf(report, 'dns-failed').evidence, /no answer from the name server/);
  });

  test('with an address that does not answer is warned of, and the other is used', async (t) => {
    const { nginx } = await startPlainNginx(t, 'location / { return 401; }');
    const lookup = () => Promise.resolve(['127.0.0.2', '127.0.0.1']);
    const report = await probe(`ws://two.example.test:${nginx.port}/`, { lookup });
    assert.match(findingOf(report, 'address-unreachable').evidence, /127\.0\.0\.2 port .*refused/);
    findingOf(report, 'upgrade-denied');
    findingOf(report, 'not-encrypted');
  });
});
