import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessions } from '../../testkit/sign-on/users.ts';
import {
  addresses,
  handshakeStatus,
  kioskKey,
  loadPage,
  type SiteRequest,
  startSixGates,
} from './fixture.ts';

/** What stands for a secret in the rows below; a ticket is a new one in each. */
const holders: Readonly<Record<string, Record<string, unknown>>> = {
  alice: { subject: 'alice' },
  user: { subject: 'ursula', claims: { groups: ['users'] } },
  admin: { subject: 'adele', claims: { groups: ['admins', 'users'] } },
  machine: { subject: 'm-1', claims: { scope: 'telemetry read', site: 'berlin' } },
  labMachine: { subject: 'm-2', claims: { scope: 'telemetry', site: 'lab-7' } },
  elsewhere: { subject: 'm-3', claims: { scope: 'telemetry', site: 'paris' } },
  unscoped: { subject: 'm-4', claims: { scope: 'read', site: 'berlin' } },
  kiosk: { subject: 'k-1', claims: { kiosk: 'lobby' } },
  mediaOnly: { subject: 'mia', gates: ['media'] },
  once: { subject: 'olga', max_uses: 1 },
};

type Kind = 'socket' | 'page';
type Row = readonly [
  what: string,
  kind: Kind,
  asked: SiteRequest,
  status: number,
  /** Reason of a denial, or subject and source of whoever got in. */
  outcome: string,
];

const grist = 'grist.example.com';
const chat = 'chat.example.com';
const media = 'media.example.com';
const api = 'api.example.com';
const kiosk = 'kiosk.example.com';
const admin = 'x.admin.example.com';

const same = (host: string) => ({ Origin: `http://${host}` });
const cookie = (name: string, value: string) => ({ Cookie: `${name}=${value}` });
const bearer = (value: string) => ({ Authorization: `Bearer ${value}` });
const www = { Origin: 'https://www.example.com' };
const { server, inside, banned } = addresses;

const rows: readonly Row[] = [
  ['nothing', 'socket', { host: grist }, 401, 'no_credential'],
  ['nothing, a page', 'page', { host: grist, path: '/doc?a=1' }, 302, 'no_credential'],
  [
    'a session',
    'socket',
    { host: grist, headers: { ...same(grist), ...cookie('postern_token', '{alice}') } },
    101,
    'alice by cookie',
  ],
  [
    'a session, a page',
    'page',
    { host: grist, headers: cookie('postern_token', '{alice}') },
    200,
    'alice by cookie',
  ],
  [
    'a session and a stranger’s page',
    'socket',
    {
      host: grist,
      headers: { Origin: 'https://evil.example', ...cookie('postern_token', '{alice}') },
    },
    401,
    'origin_not_allowed',
  ],
  [
    'a session and no Origin',
    'socket',
    { host: grist, headers: cookie('postern_token', '{alice}') },
    401,
    'origin_not_allowed',
  ],
  [
    'the self-check',
    'socket',
    { host: grist, path: '/o/docs', from: server },
    101,
    'grist-self-check by network',
  ],
  [
    'the self-check, a page',
    'page',
    { host: grist, from: server },
    200,
    'grist-self-check by network',
  ],
  [
    'a browser on the trusted address with a stranger’s page',
    'socket',
    { host: grist, from: server, headers: { Origin: 'https://evil.example' } },
    401,
    'origin_not_allowed',
  ],
  [
    'a bad token on the trusted address',
    'socket',
    { host: grist, path: '/?token=pst_x', from: server },
    401,
    'malformed_credential',
  ],
  [
    'the address of the self-check in headers',
    'socket',
    {
      host: grist,
      headers: { 'X-Forwarded-For': server, 'X-Real-IP': server, Forwarded: `for=${server}` },
    },
    401,
    'no_credential',
  ],
  [
    'the neighbour of the trusted address',
    'socket',
    { host: grist, from: '127.0.0.6' },
    401,
    'no_credential',
  ],
  ['a public path', 'page', { host: grist, path: '/status' }, 200, ' by public'],
  [
    'a public path, with its query',
    'page',
    { host: grist, path: '/status?x=1' },
    200,
    ' by public',
  ],
  ['a public socket', 'socket', { host: grist, path: '/status' }, 101, ' by public'],
  ['a webhook', 'page', { host: grist, path: '/webhooks/1', method: 'POST' }, 200, ' by public'],
  [
    'a webhook by another method',
    'page',
    { host: grist, path: '/webhooks/1', headers: { Accept: 'application/json' } },
    401,
    'no_credential',
  ],
  [
    'the public path by POST',
    'page',
    { host: grist, path: '/status', method: 'POST' },
    401,
    'no_credential',
  ],
  [
    'the public path in the query',
    'page',
    { host: grist, path: '/admin?x=/status' },
    302,
    'no_credential',
  ],
  [
    'the public path in a fragment',
    'page',
    { host: grist, path: '/admin#/status' },
    401,
    'malformed_request',
  ],
  [
    'out of the public path by dots',
    'page',
    { host: grist, path: '/status/../admin' },
    403,
    'ambiguous_path',
  ],
  [
    'out of the public path by encoded dots',
    'page',
    { host: grist, path: '/status/..%2fadmin' },
    403,
    'ambiguous_path',
  ],
  [
    'out of the public path by a backslash',
    'page',
    { host: grist, path: '/status/..%5cadmin' },
    403,
    'ambiguous_path',
  ],
  [
    'out of the public path twice encoded',
    'page',
    { host: grist, path: '/status/%252e%252e/admin' },
    403,
    'ambiguous_path',
  ],
  [
    'a health checker’s name',
    'page',
    {
      host: grist,
      path: '/',
      headers: { 'User-Agent': 'kube-probe/1.30', Accept: 'application/json' },
    },
    401,
    'no_credential',
  ],
  [
    'the host in capitals',
    'socket',
    {
      host: 'GRIST.Example.COM',
      headers: { ...same(grist), ...cookie('postern_token', '{alice}') },
    },
    101,
    'alice by cookie',
  ],
  [
    'the host with a dot and a port',
    'socket',
    { host: `${grist}.:8443`, headers: { ...same(grist), ...cookie('postern_token', '{alice}') } },
    101,
    'alice by cookie',
  ],

  [
    'a ticket',
    'socket',
    { host: chat, path: '/ws?token={ticket}', headers: www },
    101,
    'alice by query',
  ],
  [
    'a ticket in a subprotocol',
    'socket',
    { host: chat, path: '/ws', headers: www, protocols: ['postern', 'postern.bearer.{ticket}'] },
    101,
    'alice by subprotocol',
  ],
  [
    'a ticket from a subdomain',
    'socket',
    {
      host: chat,
      path: '/ws/room',
      headers: { Origin: 'https://eu.app.example.com' },
      protocols: [],
    },
    401,
    'no_credential',
  ],
  [
    'a ticket, a listed subdomain',
    'socket',
    { host: chat, path: '/ws?token={ticket}', headers: { Origin: 'https://eu.app.example.com' } },
    101,
    'alice by query',
  ],
  [
    'a ticket from the chat’s own host',
    'socket',
    { host: chat, path: '/ws?token={ticket}', headers: same(chat) },
    401,
    'origin_not_allowed',
  ],
  [
    'a ticket from a host that only begins like it',
    'socket',
    { host: chat, path: '/ws?token={ticket}', headers: { Origin: 'https://www.example.com.evil' } },
    401,
    'origin_not_allowed',
  ],
  [
    'a ticket from nowhere',
    'socket',
    { host: chat, path: '/ws?token={ticket}' },
    401,
    'origin_not_allowed',
  ],
  [
    'a ticket from the origin null',
    'socket',
    { host: chat, path: '/ws?token={ticket}', headers: { Origin: 'null' } },
    401,
    'origin_not_allowed',
  ],
  [
    'a token that is no ticket',
    'socket',
    { host: chat, path: '/ws?token={alice}', headers: www },
    401,
    'kind_not_accepted',
  ],
  [
    'a token that is no ticket, a page',
    'page',
    { host: chat, path: '/ws?token={alice}', headers: www },
    403,
    'kind_not_accepted',
  ],
  [
    'a cookie',
    'socket',
    { host: chat, path: '/ws', headers: { ...www, ...cookie('postern_token', '{alice}') } },
    401,
    'no_credential',
  ],

  [
    'the cookie AUTH',
    'socket',
    { host: media, headers: { ...www, ...cookie('AUTH', '{alice}') } },
    101,
    'alice by cookie',
  ],
  [
    'the cookie AUTH, same host',
    'socket',
    { host: media, headers: { ...same(media), ...cookie('AUTH', '{mediaOnly}') } },
    101,
    'mia by cookie',
  ],
  [
    'the cookie AUTH from a sibling',
    'socket',
    { host: media, headers: { Origin: 'http://chat.example.com', ...cookie('AUTH', '{alice}') } },
    401,
    'origin_not_allowed',
  ],
  [
    'the parameter auth_token',
    'socket',
    { host: media, path: '/live?auth_token={alice}', headers: www },
    101,
    'alice by query',
  ],
  [
    'the parameter token',
    'socket',
    { host: media, path: '/live?token={alice}', headers: www },
    401,
    'no_credential',
  ],
  [
    'the default cookie',
    'socket',
    { host: media, headers: { ...www, ...cookie('postern_token', '{alice}') } },
    401,
    'no_credential',
  ],
  [
    'two cookies of one name',
    'socket',
    { host: media, headers: { ...www, Cookie: 'AUTH={alice}; AUTH=other' } },
    401,
    'malformed_credential',
  ],
  [
    'a token of another gate',
    'socket',
    { host: grist, path: '/?token={mediaOnly}' },
    401,
    'wrong_gate',
  ],
  [
    'a token of another gate, a page',
    'page',
    { host: grist, path: '/?token={mediaOnly}' },
    403,
    'wrong_gate',
  ],

  [
    'a machine',
    'page',
    { host: api, from: inside, headers: bearer('{machine}') },
    200,
    'm-1 by bearer',
  ],
  [
    'a machine’s socket',
    'socket',
    { host: api, from: inside, headers: bearer('{machine}') },
    101,
    'm-1 by bearer',
  ],
  [
    'a machine of the lab',
    'page',
    { host: api, from: inside, headers: bearer('{labMachine}') },
    200,
    'm-2 by bearer',
  ],
  [
    'a machine of another site',
    'page',
    { host: api, from: inside, headers: bearer('{elsewhere}') },
    403,
    'not_admitted',
  ],
  [
    'a machine of another site, a socket',
    'socket',
    { host: api, from: inside, headers: bearer('{elsewhere}') },
    401,
    'not_admitted',
  ],
  [
    'a machine without the scope',
    'page',
    { host: api, from: inside, headers: bearer('{unscoped}') },
    403,
    'insufficient_scope',
  ],
  [
    'a machine outside',
    'page',
    { host: api, headers: bearer('{machine}') },
    403,
    'network_not_allowed',
  ],
  [
    'a machine outside that says it is inside',
    'page',
    {
      host: api,
      headers: { ...bearer('{machine}'), 'X-Real-IP': inside, 'X-Forwarded-For': inside },
    },
    403,
    'network_not_allowed',
  ],
  [
    'a machine on the banned network',
    'socket',
    { host: api, from: banned, headers: bearer('{machine}') },
    401,
    'network_not_allowed',
  ],
  [
    'a machine with its token in the query',
    'page',
    { host: api, path: '/?token={machine}', from: inside },
    401,
    'no_credential',
  ],

  [
    'a kiosk without an Origin',
    'socket',
    { host: kiosk, headers: bearer('{kiosk}') },
    101,
    'k-1 by bearer',
  ],
  ['a kiosk, by query', 'socket', { host: kiosk, path: '/?token={kiosk}' }, 101, 'k-1 by query'],
  [
    'a kiosk’s token in a cookie',
    'socket',
    { host: kiosk, headers: { ...same(kiosk), ...cookie('postern_token', '{kiosk}') } },
    401,
    'no_credential',
  ],
  ['a used up token', 'socket', { host: kiosk, path: '/?token={spent}' }, 401, 'already_used'],
  ['a revoked token', 'socket', { host: kiosk, path: '/?token={revoked}' }, 401, 'revoked'],

  [
    'people with their sign-on',
    'page',
    { host: admin, headers: { Cookie: sessions.tinyauth.alice } },
    200,
    'alice by bridge',
  ],
  [
    'people with their sign-on, a socket',
    'socket',
    { host: admin, headers: { ...same(admin), Cookie: sessions.tinyauth.alice } },
    101,
    'alice by bridge',
  ],
  [
    'their sign-on and a stranger’s page',
    'socket',
    { host: admin, headers: { Origin: 'https://evil.example', Cookie: sessions.tinyauth.alice } },
    401,
    'origin_not_allowed',
  ],
  [
    'their sign-on and no Origin',
    'socket',
    { host: admin, headers: { Cookie: sessions.tinyauth.alice } },
    401,
    'origin_not_allowed',
  ],
  [
    'people whom the sign-on does not admit',
    'page',
    { host: admin, headers: { Cookie: sessions.tinyauth.bob } },
    403,
    'sign_on_forbidden',
  ],
  [
    'a script of people whom the sign-on does not admit',
    'page',
    { host: admin, headers: { Accept: '*/*', Cookie: sessions.tinyauth.bob } },
    403,
    'sign_on_forbidden',
  ],
  ['nobody, a page', 'page', { host: admin, path: '/a?b=1' }, 302, 'sign_on_denied'],
  ['nobody, a socket', 'socket', { host: admin }, 401, 'sign_on_denied'],
  [
    'nobody, a script',
    'page',
    { host: admin, headers: { Accept: 'application/json' } },
    401,
    'sign_on_denied',
  ],
  [
    'a script of an admin',
    'socket',
    { host: admin, headers: bearer('{admin}') },
    101,
    'adele by bearer',
  ],
  ['a script of a user', 'page', { host: admin, headers: bearer('{user}') }, 403, 'not_admitted'],
  [
    'a bad token beside a good sign-on',
    'page',
    {
      host: admin,
      headers: {
        ...bearer('pst_bad'),
        Cookie: sessions.tinyauth.alice,
        Accept: 'application/json',
      },
    },
    401,
    'malformed_credential',
  ],

  [
    'a host that no gate has',
    'socket',
    { host: 'admin.example.com', headers: bearer('{admin}') },
    401,
    'no_gate',
  ],
  [
    'another method than GET',
    'page',
    {
      host: kiosk,
      method: 'POST',
      headers: { ...bearer('{kiosk}'), Upgrade: 'websocket', Connection: 'Upgrade' },
    },
    401,
    'upgrade_not_websocket',
  ],
  [
    'another upgrade',
    'page',
    {
      host: kiosk,
      headers: {
        ...bearer('{kiosk}'),
        Upgrade: 'h2c',
        Connection: 'Upgrade, HTTP2-Settings',
        'HTTP2-Settings': 'AAMAAABkAAQAAP__',
      },
    },
    401,
    'upgrade_not_websocket',
  ],
];

test('six gates behind one nginx', async (t) => {
  const fixture = await startSixGates(t);
  const secrets: Record<string, string> = {};
  for (const [name, body] of Object.entries(holders)) {
    secrets[name] = (await fixture.postern.issue(body)).token;
  }
  const { token, id } = await fixture.postern.issue();
  secrets.revoked = token;
  await fixture.postern.api('DELETE', `/v1/tokens/${id}`);
  secrets.spent = secrets.once ?? '';
  await handshakeStatus(fixture.port, { host: kiosk, path: `/?token=${secrets.spent}` });

  /** The row with real secrets in it. */
  async function fill(asked: SiteRequest): Promise<SiteRequest> {
    const ticket = JSON.stringify(asked).includes('{ticket}')
      ? (await fixture.postern.issueTicket()).token
      : '';
    return JSON.parse(
      JSON.stringify(asked).replace(/\{(\w+)\}/g, (_, name: string) =>
        name === 'ticket' ? ticket : (secrets[name] ?? ''),
      ),
    );
  }

  for (const [what, kind, asked, status, outcome] of rows) {
    await t.test(`${asked.host}: ${what}`, async () => {
      const filled = await fill(asked);
      const before = fixture.postern.log.length;
      const seen = fixture.backend.seen.length;
      const answered =
        kind === 'socket'
          ? await handshakeStatus(fixture.port, filled)
          : (await loadPage(fixture.port, filled)).status;
      const line = fixture.postern.log.slice(before).find(({ event }) => event === 'decision');
      const told =
        line === undefined
          ? 'none'
          : line.verdict === 'allow'
            ? `${line.subject} by ${line.source}`
            : line.reason;
      assert.deepEqual([answered, told], [status, outcome]);
      if (status >= 300) assert.equal(fixture.backend.seen.length, seen, 'the backend was reached');
    });
  }

  await t.test(
    'the kiosk’s backend gets its key, and what the client sends in its place does not count',
    async () => {
      const path = `/?token=${secrets.kiosk}`;
      const headers = {
        'X-Kiosk': 'spoofed',
        'Remote-User': 'root',
        Connection: 'X-Kiosk, Remote-User',
      };
      assert.equal((await loadPage(fixture.port, { host: kiosk, path, headers })).status, 200);
      const got = fixture.backend.seen.at(-1)?.headers ?? {};
      assert.equal(got.authorization, kioskKey);
      assert.equal(got['x-kiosk'], 'lobby');
      assert.equal(got['remote-user'], 'kiosk');
      assert.equal(got['x-postern-token-id']?.slice(0, 4), 'tok_');
    },
  );

  await t.test(
    'no other backend gets the kiosk’s key, nor a header that its gate does not have',
    async () => {
      const headers = {
        ...cookie('AUTH', secrets.alice ?? ''),
        'X-Kiosk': 'spoofed',
      };
      assert.equal((await loadPage(fixture.port, { host: media, headers })).status, 200);
      const got = fixture.backend.seen.at(-1)?.headers ?? {};
      assert.equal(got['x-kiosk'], undefined);
      assert.equal(got.authorization, undefined);
    },
  );

  await t.test(
    'page loads go where their gate, or its sign-on, says, and come back to what was asked for',
    async () => {
      const at = async (host: string) =>
        (await loadPage(fixture.port, { host, path: '/doc?a=1&token=pst_x' })).headers.location;
      const back = (host: string) => encodeURIComponent(`http://${host}/doc?a=1`);
      assert.equal(
        await at(`${grist}:8443`),
        `https://login.example.com/?rd=${back(`${grist}:8443`)}`,
      );
      assert.equal(
        await at(admin),
        `https://tinyauth.example.com/login?redirect_uri=${back(admin)}`,
      );
    },
  );

  await t.test('the sign-on gets its own cookie and nothing of Postern’s', async () => {
    const headers = {
      Cookie: `other=1; ${sessions.tinyauth.alice}; postern_token=${secrets.alice}`,
      'X-Forwarded-For': '192.0.2.1',
    };
    await loadPage(fixture.port, { host: admin, path: `/a?token=${secrets.alice}&b=1`, headers });
    const { headers: got } = fixture.signOn.last();
    assert.equal(got.cookie, sessions.tinyauth.alice);
    assert.equal(got['x-original-url'], `http://${admin}/a?b=1`);
    assert.ok(!JSON.stringify(fixture.signOn.questions).includes('pst_'));
  });

  await t.test('the key of the kiosk’s backend is in no log and in no list', async () => {
    const { body } = await fixture.postern.api('GET', '/v1/gates');
    assert.ok(!JSON.stringify(body).includes('kiosk-backend-key-0123456789'));
    assert.ok(!fixture.postern.rawLog().includes('kiosk-backend-key-0123456789'));
    for (const secret of Object.values(secrets)) {
      assert.ok(!fixture.postern.rawLog().includes(secret));
    }
  });
});
