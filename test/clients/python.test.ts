import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { needPython } from '../../scripts/python.ts';
import type { SeenRequest } from '../../src/demo/backend.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { createCertificate } from '../../testkit/tls/certificate.ts';

/** How a connection of Python's `websockets` ended. */
interface PythonOutcome {
  readonly seen?: SeenRequest;
  /** Name of the exception, its text, and what the examples make of it. */
  readonly error?: string;
  readonly text?: string;
  readonly told?: string;
}

const examples = join(packageRoot, 'docs/examples/python-websockets.py');
const client = join(packageRoot, 'test/clients/python-client.py');

/** Connects with a function of the examples. */
async function connect(
  certificate: string,
  name: string,
  ...parameters: string[]
): Promise<PythonOutcome> {
  const { stdout } = await promisify(execFile)(
    needPython(),
    [client, examples, name, ...parameters],
    { env: { SSL_CERT_FILE: certificate, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  return JSON.parse(stdout);
}

async function startPythonSite(t: TestContext) {
  const certificate = createCertificate(t, ['app.example.com']);
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    certificate,
    locations: (backend, include) => `
      location / {
        set $postern_login "https://login.example.com/";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }
      location /redirected { return 302 https://login.example.com/; }`,
  });
  const host = `127.0.0.1:${site.nginx.port}`;
  const call = (name: string, ...parameters: string[]) =>
    connect(certificate.certFile, name, ...parameters);
  return { postern, site, host, url: `wss://${host}/ws`, call };
}

test('Python websockets gets in with a header, user information, a query and a cookie', async (t) => {
  const { postern, site, host, url, call } = await startPythonSite(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const ticket = await postern.issueTicket({ subject: 'alice' });
  const ways: [source: string, outcome: PythonOutcome][] = [
    ['bearer', await call('with_header', url, token)],
    ['basic', await call('with_user_info', host, token)],
    ['query', await call('with_query', url, ticket.token)],
    ['cookie', await call('with_cookie', url, token, site.url)],
  ];
  assert.deepEqual(
    postern.log.filter(({ event }) => event === 'decision').map(({ source }) => source),
    ways.map(([source]) => source),
  );
  for (const [source, { seen, text }] of ways) {
    assert.equal(seen?.headers['remote-user'], 'alice', text);
    assert.equal(seen?.url, '/ws', source);
    assert.equal(seen?.headers.authorization, undefined, source);
  }
});

test('Python websockets is denied with 401 in its own words, and never with a redirect', async (t) => {
  const { postern, site, host, url, call } = await startPythonSite(t);
  const { token } = await postern.issue();
  const revoked = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${revoked.id}`);
  const ticket = await postern.issueTicket();
  await call('with_query', url, ticket.token);
  const denied: [reason: string, outcome: PythonOutcome][] = [
    ['revoked', await call('with_header', url, revoked.token)],
    ['malformed_credential', await call('with_user_info', host, 'pst_wrong')],
    ['already_used', await call('with_query', url, ticket.token)],
    ['no_credential', await call('with_query', url, '')],
    ['origin_not_allowed', await call('with_cookie', url, token, 'https://evil.example')],
  ];
  const reasons = postern.log.flatMap(({ reason }) => reason ?? []);
  for (const [reason, { error, text, told }] of denied) {
    assert.equal(error, 'InvalidStatus', text);
    assert.match(text ?? '', /HTTP 401/);
    assert.equal(told, 'denied with 401');
    assert.ok(reasons.includes(reason), reason);
  }
  // What it says where a sign-on service redirects: the fault would look like one of the URL.
  const redirected = await call('with_query', `wss://${host}/redirected`, token);
  assert.equal(redirected.error, 'InvalidURI');
  assert.ok(!JSON.stringify(site.accessLog()).includes(token));
});
