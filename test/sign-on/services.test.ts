import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRestrictions } from '../../src/core/model/identity.ts';
import type { BridgeService, BridgeSettings } from '../../src/core/model/sign-on-settings.ts';
import { deny } from '../../src/core/model/verdict.ts';
import { exempt } from '../../testkit/sign-on/service-rules.ts';
import { type SignOnKind, startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { alice, sessions } from '../../testkit/sign-on/users.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const app = { path: '/board/1', query: 'token=S3cret&view=all&%74oken=S3cret' } as const;
const asked = 'https://app.example.com/board/1?view=all';

interface Row {
  readonly kind: SignOnKind;
  readonly service: Exclude<BridgeService, 'custom'>;
  readonly settings?: Partial<BridgeSettings>;
  /** What it is told beside cookies. */
  readonly told: Readonly<Record<string, string>>;
  /** Where somebody without a session is to log in. */
  readonly login: string | undefined;
  /** What Bob gets, whom its rules do not admit. */
  readonly bob: string;
}

const rows: readonly Row[] = [
  {
    kind: 'tinyauth',
    service: 'tinyauth',
    told: { 'x-original-url': asked, 'x-forwarded-for': '203.0.113.7' },
    login: `https://tinyauth.example.com/login?redirect_uri=${encodeURIComponent(asked)}`,
    bob: 'sign_on_forbidden',
  },
  {
    kind: 'tinyauth before 5.2',
    service: 'tinyauth',
    settings: { headers: 'forwarded' },
    told: {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-uri': '/board/1?view=all',
      'x-forwarded-for': '203.0.113.7',
    },
    login: undefined,
    bob: 'sign_on_forbidden',
  },
  {
    kind: 'authelia',
    service: 'authelia',
    told: {
      'x-original-url': asked,
      'x-original-method': 'GET',
      'x-forwarded-for': '203.0.113.7',
    },
    login: `https://auth.example.com/?rd=${encodeURIComponent(asked)}&rm=GET`,
    bob: 'sign_on_forbidden',
  },
  {
    kind: 'authentik',
    service: 'authentik',
    told: { host: 'app.example.com', 'x-original-url': asked, 'x-forwarded-for': '203.0.113.7' },
    login: `/outpost.goauthentik.io/start?rd=${encodeURIComponent(asked)}`,
    bob: 'sign_on_denied',
  },
  {
    kind: 'oauth2-proxy',
    service: 'oauth2-proxy',
    told: {
      host: 'app.example.com',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-uri': '/board/1?view=all',
      'x-real-ip': '203.0.113.7',
    },
    login: `/oauth2/sign_in?rd=${encodeURIComponent('/board/1?view=all')}`,
    bob: 'sign_on_forbidden',
  },
  {
    kind: 'vouch',
    service: 'vouch',
    settings: { login: 'https://vouch.example.com/login?url=' },
    told: { host: 'app.example.com' },
    login: `https://vouch.example.com/login?url=${encodeURIComponent(asked)}`,
    bob: 'sign_on_denied',
  },
];

for (const { kind, service, settings, told, login, bob } of rows) {
  test(`${kind}: whoever is logged in there is let through, as who they are there`, async (t) => {
    const server = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url: server.url, ...settings });
    const cookie = `other=1; ${sessions[service].alice}; postern_token=abc`;
    assert.deepEqual(await bridge.about({ ...app, cookie }), {
      tokenId: '',
      kind: 'bridge',
      subject: alice.name,
      claims: { email: alice.email, name: alice.fullName, groups: alice.groups },
      restrictions: noRestrictions,
      expiresAt: undefined,
      maxUses: undefined,
    });
    assert.deepEqual(bridge.reports, []);
  });

  test(`${kind} is told what it has to know, once, and nothing else`, async (t) => {
    const server = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url: server.url, ...settings });
    await bridge.about({
      ...app,
      cookie: `a=1; ${sessions[service].alice}; b=2`,
      subprotocols: 'postern, S3cret',
      authorization: 'Bearer S3cret',
    });
    const { method, rawHeaders } = server.last();
    assert.equal(method, 'GET');
    const sent: [string, string][] = [];
    for (let i = 0; i < rawHeaders.length; i += 2) {
      sent.push([String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])]);
    }
    assert.deepEqual(Object.fromEntries(sent), {
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      ...told,
      cookie: sessions[service].alice,
    });
    assert.equal(sent.length, Object.keys(Object.fromEntries(sent)).length);
  });

  test(`${kind}: whoever is not logged in there is denied and told where to`, async (t) => {
    const server = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url: server.url, ...settings });
    const expected = { ...deny('sign_on_denied'), ...(login !== undefined && { login }) };
    assert.deepEqual(await bridge.about(app), expected);
    const cookie = sessions[service].alice.replace('alice', 'mallory');
    assert.deepEqual(await bridge.about({ ...app, cookie }), expected);
    assert.deepEqual(bridge.reports, []);
  });

  test(`${kind}: whom its rules do not admit is not let through`, async (t) => {
    const server = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url: server.url, ...settings });
    assert.equal(outcomeOf(await bridge.about({ ...app, cookie: sessions[service].bob })), bob);
  });
}

for (const [kind, service] of [
  ['tinyauth', 'tinyauth'],
  ['authelia', 'authelia'],
  ['authentik', 'authentik'],
] as const) {
  test(`${kind}: where nobody has to log in, everybody is anonymous`, async (t) => {
    const { url } = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url });
    const found = await bridge.about({ path: exempt.path });
    assert.equal(outcomeOf(found), 'anonymous');
    assert.deepEqual('claims' in found && found.claims, {});
  });
}

for (const [kind, service, hint] of [
  [
    'oauth2-proxy without --set-xauthrequest',
    'oauth2-proxy',
    /start oauth2-proxy with --set-xauth/,
  ],
  ['vouch with publicAccess', 'vouch', /set vouch\.publicAccess to false/],
] as const) {
  test(`${kind}: an answer that names nobody lets nobody through`, async (t) => {
    const { url } = await startSignOn(t, kind);
    const bridge = openBridge(t, { service, url });
    const cookie = kind.startsWith('vouch') ? 'VouchCookie=x' : sessions[service].alice;
    assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
    assert.match(String(bridge.reports), hint);
  });
}

for (const [kind, headers] of [
  ['tinyauth', 'forwarded'],
  ['tinyauth before 5.2', 'original'],
] as const) {
  test(`${kind} with headers: ${headers} is reported with what to change`, async (t) => {
    const { url } = await startSignOn(t, kind);
    const bridge = openBridge(t, { service: 'tinyauth', url, headers });
    const cookie = sessions.tinyauth.alice;
    assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
    const other = headers === 'forwarded' ? 'original' : 'forwarded';
    assert.match(String(bridge.reports), new RegExp(`^it answered 400: .* try ${other}$`));
  });
}

test('TinyAuth judges the address of the client and not that of Postern', async (t) => {
  const { url } = await startSignOn(t, 'tinyauth');
  const bridge = openBridge(t, { url });
  const from = async (clientAddress: string | undefined) =>
    outcomeOf(await bridge.about({ clientAddress }));
  assert.equal(await from(exempt.address), 'anonymous');
  assert.equal(await from('203.0.113.7'), 'sign_on_denied');
});

for (const service of ['tinyauth', 'authelia', 'authentik', 'oauth2-proxy'] as const) {
  test(`${service} is not asked about a client whose address is not known`, async (t) => {
    const server = await startSignOn(t, service);
    const bridge = openBridge(t, { service, url: server.url });
    const found = await bridge.about({
      clientAddress: undefined,
      cookie: sessions[service].alice,
    });
    assert.equal(outcomeOf(found), 'sign_on_unavailable');
    assert.deepEqual(server.questions, []);
    assert.match(String(bridge.reports), /X-Real-IP/);
  });
}

test('Authelia lets nobody through on plain http, whatever they carry', async (t) => {
  const { url } = await startSignOn(t, 'authelia');
  const bridge = openBridge(t, { service: 'authelia', url });
  const cookie = sessions.authelia.alice;
  const found = await bridge.about({ cookie, scheme: 'http' });
  assert.deepEqual(found, deny('sign_on_denied'));
});

test('Authelia gets a password that is meant for it', async (t) => {
  const { url } = await startSignOn(t, 'authelia');
  const bridge = openBridge(t, { service: 'authelia', url });
  const basic = `Basic ${Buffer.from('alice:correct horse').toString('base64')}`;
  assert.equal(outcomeOf(await bridge.about({}, 0, basic)), 'alice');
});

test('a service below a path is asked there', async (t) => {
  const server = await startSignOn(t, 'tinyauth');
  const bridge = openBridge(t, { url: `${server.url}/sso/` });
  await bridge.about();
  assert.equal(server.last().path, '/sso/api/auth/nginx');
});

test('an unusual port is part of the address, and of none of the hosts', async (t) => {
  const server = await startSignOn(t, 'authentik');
  const bridge = openBridge(t, { service: 'authentik', url: server.url });
  const found = await bridge.about({ port: ':8443', path: '/' });
  const { headers } = server.last();
  assert.equal(headers['x-original-url'], 'https://app.example.com:8443/');
  assert.equal(headers.host, 'app.example.com');
  assert.equal(
    'login' in found && found.login,
    '/outpost.goauthentik.io/start?rd=https%3A%2F%2Fapp.example.com%3A8443%2F',
  );
});
