import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { createCertificate } from '../../testkit/tls/certificate.ts';
import { handshakeStatus, loadPage } from './fixture.ts';

const name = 'app.example.com';
const page = encodeURIComponent(`https://${name}/doc?a=1`);

/** Each service, how it is configured, and where it sends people to log in. */
const services = [
  ['tinyauth', 'tinyauth', {}, `https://tinyauth.example.com/login?redirect_uri=${page}`],
  [
    'tinyauth before 5.2',
    'tinyauth',
    { headers: 'forwarded', login: 'https://tinyauth.example.com/login?redirect_uri=' },
    `https://tinyauth.example.com/login?redirect_uri=${page}`,
  ],
  ['authelia', 'authelia', {}, `https://auth.example.com/?rd=${page}&rm=GET`],
  ['authentik', 'authentik', {}, `/outpost.goauthentik.io/start?rd=${page}`],
  ['oauth2-proxy', 'oauth2-proxy', {}, `/oauth2/sign_in?rd=%2Fdoc%3Fa%3D1`],
  [
    'vouch',
    'vouch',
    { login: 'https://vouch.example.com/login?url=' },
    `https://vouch.example.com/login?url=${page}`,
  ],
] as const;

for (const [kind, service, settings, login] of services) {
  test(`${kind} behind a gate: sockets get 401 or open, pages its login, programs in by token`, async (t) => {
    const signOn = await startSignOn(t, kind);
    const config = join(temporaryDirectory(t), 'postern.yaml');
    const bridge = JSON.stringify({ service, url: signOn.url, ...settings });
    writeFileSync(config, `gates:\n  app:\n    hosts: [${name}]\n    bridge: ${bridge}\n`);
    const postern = await startTestPostern(t, { config });
    const site = await startSite(t, {
      gate: postern.gate,
      certificate: createCertificate(t, [name]),
      locations: (backend, include) => `
        location / {
          ${include('postern-location.conf')}
          ${include('postern-proxy.conf')}
          ${backend}
        }`,
    });
    const { port } = site.nginx;
    const host = { host: name, tls: true };
    const here = { Origin: `https://${name}` };
    const { alice, bob } = sessions[service];

    assert.equal(await handshakeStatus(port, { ...host }), 401);
    const sent = await loadPage(port, { ...host, path: '/doc?a=1' });
    assert.deepEqual([sent.status, sent.headers.location], [302, login]);
    assert.equal(
      (await loadPage(port, { ...host, headers: { Accept: 'application/json' } })).status,
      401,
    );
    assert.equal(site.backend.seen.length, 0);

    assert.equal(
      await handshakeStatus(port, { ...host, headers: { ...here, Cookie: alice } }),
      101,
    );
    assert.equal(site.backend.seen.at(-1)?.headers['remote-user'], 'alice');
    assert.equal((await loadPage(port, { ...host, headers: { Cookie: alice } })).status, 200);
    assert.equal(postern.lastDecision().source, 'bridge');

    const evil = { Origin: 'https://evil.example', Cookie: alice };
    assert.equal(await handshakeStatus(port, { ...host, headers: evil }), 401);
    assert.equal(postern.lastDecision().reason, 'origin_not_allowed');

    const before = site.backend.seen.length;
    assert.equal(await handshakeStatus(port, { ...host, headers: { ...here, Cookie: bob } }), 401);
    assert.equal(site.backend.seen.length, before);

    const { token } = await postern.issue({ subject: 'ci' });
    const asked = signOn.questions.length;
    const bearer = { Authorization: `Bearer ${token}` };
    assert.equal(await handshakeStatus(port, { ...host, headers: bearer }), 101);
    assert.equal(site.backend.seen.at(-1)?.headers['remote-user'], 'ci');
    assert.equal(signOn.questions.length, asked, 'the service was asked about a token');

    await signOn.stop();
    assert.equal(
      await handshakeStatus(port, { ...host, headers: { ...here, Cookie: alice } }),
      503,
    );
    const away = await loadPage(port, { ...host, headers: { Cookie: alice } });
    assert.deepEqual([away.status, away.headers['retry-after']], [503, '5']);
    assert.equal(postern.lastDecision().reason, 'sign_on_unavailable');
    assert.equal(await handshakeStatus(port, { ...host, headers: bearer }), 101);
  });
}
