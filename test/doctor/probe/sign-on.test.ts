import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findingOf, probe, startPlainNginx } from '../../../testkit/doctor/probe.ts';

/** What stands in a server block, who is recognised, and whether the mend is the tested one. */
const services: readonly [title: string, redirect: string, tested: boolean][] = [
  [
    'TinyAuth',
    'return 302 https://auth.example.com/login?redirect_uri=$scheme://$http_host/;',
    true,
  ],
  [
    'TinyAuth',
    'add_header X-Tinyauth-Location x always; return 302 https://id.example.com/;',
    true,
  ],
  [
    'TinyAuth',
    'add_header Set-Cookie "tinyauth-csrf-1a2b3c4d=v"; return 307 https://id.example.com/;',
    true,
  ],
  [
    'Authelia',
    'return 302 https://auth.example.com/?rd=https%3A%2F%2Fa.example.com%2F&rm=GET;',
    true,
  ],
  ['Authelia', 'return 302 https://a.example.com/authelia/?rd=x;', true],
  [
    'Authelia',
    'add_header Set-Cookie "authelia_session=v"; return 303 https://id.example.com/;',
    true,
  ],
  ['authentik', 'return 302 /outpost.goauthentik.io/start?rd=$request_uri;', true],
  ['authentik', 'return 302 https://authentik.example.com/authentik/?rd=x;', true],
  ['oauth2-proxy', 'return 302 /oauth2/sign_in?rd=$request_uri;', true],
  ['oauth2-proxy', 'return 302 https://auth.example.com/oauth2/start?rd=x;', true],
  [
    'Vouch Proxy',
    'return 302 https://login.example.com/login?url=x&vouch-failcount=&X-Vouch-Token=&error=;',
    true,
  ],
  [
    'Cloudflare Access',
    'return 302 https://team.cloudflareaccess.com/cdn-cgi/access/login/a;',
    false,
  ],
  ['Pomerium', 'return 302 https://a.example.com/.pomerium/sign_in?x;', false],
  [
    'Keycloak',
    'return 302 https://id.example.com/realms/x/protocol/openid-connect/auth?a=b;',
    false,
  ],
  [
    'Microsoft Entra ID',
    'return 302 https://login.microsoftonline.com/common/oauth2/v2.0/authorize;',
    false,
  ],
  [
    'an OpenID Connect provider',
    'return 302 https://id.example.com/a?client_id=x&response_type=code;',
    false,
  ],
  ['a login page', 'return 302 https://id.example.com/sign-in;', false],
];

describe('a handshake that is redirected', { concurrency: 4 }, () => {
  for (const [title, redirect, tested] of services) {
    test(`by "${redirect.slice(0, 70)}" is redirected to ${title}`, async (t) => {
      const { url } = await startPlainNginx(
        t,
        `location / { auth_request /auth; error_page 401 = @login; proxy_pass http://127.0.0.1:1; }
         location = /auth { internal; return 401; }
         location @login { ${redirect} }`,
      );
      const report = await probe(url);
      const { evidence, change = '' } = findingOf(report, 'upgrade-redirected');
      assert.match(evidence, new RegExp(`^HTTP 30[237].*, looks like ${title}$`));
      assert.match(change, /no-login-redirect\.conf;/);
      assert.match(change, /docs\/why-302\.md/);
      assert.equal(/^One line, in the (?:protected location|location with)/.test(change), tested);
      assert.match(
        findingOf(report, 'page-redirected').evidence,
        new RegExp(`looks like ${title}$`),
      );
    });
  }

  test('to Postern’s own login has lost its Upgrade header on the way', async (t) => {
    const { url } = await startPlainNginx(
      t,
      'location / { return 302 /.postern/login?rd=https://a.example.com/; }',
    );
    const { change = '', meaning } = findingOf(await probe(url), 'upgrade-redirected');
    assert.match(change, /proxy in front of nginx/);
    assert.match(meaning, /lost it/);
  });

  test('with secrets in the address and in cookies shows their names only', async (t) => {
    const { url } = await startPlainNginx(
      t,
      `location / {
         add_header Set-Cookie "sid=c00kies3cr3t; Path=/";
         return 302 "https://id.example.com/login?state=s3cr3tst4te&nonce=n0nce#frag";
       }`,
    );
    const { evidence } = findingOf(await probe(url), 'upgrade-redirected');
    assert.match(evidence, /Location: https:\/\/id\.example\.com\/login\?state=…&nonce=…,/);
    assert.match(evidence, /sets cookies sid,/);
    assert.doesNotMatch(evidence, /s3cr3t|n0nce|frag/);
  });
});
