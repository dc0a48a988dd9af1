import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkLoginUrl } from '../../src/sign-on/login.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const cookie = sessions.tinyauth.alice;
const octets = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

/** Asks a service that answers with these headers. */
async function answerOf(
  t: Parameters<typeof startAnswering>[0],
  status: number,
  headers: Record<string, string | string[]>,
) {
  const { url } = await startAnswering(t, (_question, response) => {
    response.writeHead(status, headers).end();
  });
  const bridge = openBridge(t, { url });
  return { found: await bridge.about({ cookie }), reports: bridge.reports };
}

const readable: readonly [what: string, header: string | string[], subject: string][] = [
  ['a name', 'alice', 'alice'],
  ['a name in UTF-8', octets('Åsa 雪 🦉'), 'Åsa 雪 🦉'],
  ['a name with white space around it', '  alice\t', 'alice'],
  ['the same name twice', ['alice', 'alice'], 'alice'],
];
for (const [what, header, subject] of readable) {
  test(`${what} is read as ${subject}`, async (t) => {
    const { found } = await answerOf(t, 200, { 'remote-user': header });
    assert.equal(outcomeOf(found), subject);
  });
}

// At a place where nobody has to log in these would otherwise all be "anonymous".
const unreadable: readonly [what: string, header: string | string[]][] = [
  ['bytes that are no UTF-8', '\xe5sa'],
  ['half a character', octets('雪').slice(0, 2)],
  ['an overlong slash', '\xc0\xaf'],
  ['a tab inside', 'al\tice'],
  ['a C1 control character', octets('al\u0085ice')],
  ['a right-to-left override', octets('al\u202eice')],
  ['a space that is not seen', octets('al\u200bice')],
  ['two names', ['alice', 'mallory']],
  ['a name and nothing', ['', 'mallory']],
];
for (const [what, header] of unreadable) {
  test(`${what} as a name lets nobody through`, async (t) => {
    const { found, reports } = await answerOf(t, 200, { 'remote-user': header });
    assert.equal(outcomeOf(found), 'sign_on_unavailable');
    assert.deepEqual(reports, ['its header remote-user cannot be read']);
  });
}

test('a claim that cannot be read is left out, and the rest counts', async (t) => {
  const { found } = await answerOf(t, 200, {
    'remote-user': 'alice',
    'remote-email': '\xff',
    'remote-name': 'A\tB',
    'remote-groups': ' admins, ,users,,"quoted" ',
  });
  assert.deepEqual('claims' in found && found.claims, { groups: ['admins', 'users', 'quoted'] });
});

test('headers are found whatever their case, and __proto__ is one like any other', async (t) => {
  const { found } = await answerOf(t, 200, {
    'REMOTE-USER': 'alice',
    ['__proto__']: 'x',
    constructor: 'y',
  });
  assert.equal(outcomeOf(found), 'alice');
});

test('headers that the configuration names are read in the place of the usual', async (t) => {
  const { url } = await startAnswering(t, (_question, response) => {
    response
      .writeHead(200, { 'x-auth-request-preferred-username': 'alice', 'x-teams': 'a|b,c' })
      .end();
  });
  const bridge = openBridge(t, {
    service: 'oauth2-proxy',
    url,
    answerHeaders: {
      subject: 'x-auth-request-preferred-username',
      groups: 'x-teams',
      groupsSeparator: '|',
    },
  });
  const found = await bridge.about();
  assert.equal(outcomeOf(found), 'alice');
  assert.deepEqual('claims' in found && found.claims.groups, ['a', 'b,c']);
});

test('a custom service is told what the configuration says, and read as it says', async (t) => {
  const server = await startAnswering(t, ({ headers }, response) => {
    if (headers.cookie === 'sid=1') response.writeHead(204, { 'x-user': 'alice' }).end();
    else response.writeHead(401, { 'x-login': 'https://sso.example.com/' }).end();
  });
  const bridge = openBridge(t, {
    service: 'custom',
    url: server.url,
    cookies: ['sid'],
    answerHeaders: { subject: 'x-user' },
    custom: {
      path: '/verify?app=grist',
      requestHeaders: {
        url: ['X-Url'],
        uri: ['X-Uri'],
        scheme: ['X-Scheme'],
        host: ['Host'],
        method: ['X-Method'],
        client_address: ['X-Real-IP', 'X-Client'],
      },
      loginHeader: 'x-login',
    },
  });
  assert.equal(outcomeOf(await bridge.about({ cookie: 'sid=1; sid2=2' })), 'alice');
  const { path, headers } = server.last();
  assert.equal(path, '/verify?app=grist');
  assert.deepEqual(headers, {
    connection: 'keep-alive',
    cookie: 'sid=1',
    host: 'app.example.com',
    'x-url': 'https://app.example.com/socket',
    'x-uri': '/socket',
    'x-scheme': 'https',
    'x-method': 'GET',
    'x-real-ip': '203.0.113.7',
    'x-client': '203.0.113.7',
  });
  const denied = await bridge.about();
  assert.equal('login' in denied && denied.login, 'https://sso.example.com/');
});

test('a custom service that names nobody lets nobody through', async (t) => {
  const { url } = await startAnswering(t, (_question, response) => void response.end());
  const bridge = openBridge(t, {
    service: 'custom',
    url,
    cookies: ['sid'],
    answerHeaders: { subject: 'x-user' },
    custom: { path: '/', requestHeaders: {}, loginHeader: undefined },
  });
  assert.equal(outcomeOf(await bridge.about()), 'sign_on_unavailable');
  assert.match(String(bridge.reports), /answer_headers\.subject/);
});

const addresses: readonly [address: string, isFit: boolean][] = [
  ['https://auth.example.com/login?rd=https%3A%2F%2Fapp.example.com%2F', true],
  ['http://auth.example.com', true],
  ['HTTPS://auth.example.com/', true],
  ['https://[2001:db8::1]:8443/x#y', true],
  ['/oauth2/sign_in?rd=%2F', true],
  ['/', true],
  ['/a@b', true],
  ['', false],
  ['login', false],
  ['?login', false],
  ['//evil.example', false],
  ['/\\evil.example', false],
  ['https:\\\\evil.example', false],
  ['https://good.example\\@evil.example/', false],
  ['https:evil.example', false],
  ['https:/evil.example', false],
  ['https:///evil.example', false],
  ['https://', false],
  ['https://alice@evil.example/', false],
  ['https://alice:secret@evil.example/', false],
  ['https://@evil.example/', false],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['ftp://example.com/', false],
  ['https://exam ple.com/', false],
  ['https://example.com/\tx', false],
  ['/x\r\nSet-Cookie: a=1', false],
  ['/\u00e4', false],
  ['https://example.com:99999/', false],
  [`/${'a'.repeat(4_095)}`, true],
  [`/${'a'.repeat(4_096)}`, false],
];
for (const [address, isFit] of addresses) {
  test(`${JSON.stringify(address).slice(0, 60)} is ${isFit ? 'a' : 'no'} login address`, () => {
    assert.equal(checkLoginUrl(address), isFit ? address : undefined);
  });
}

test('what passes for a login address is one for browsers too, where it seems to be', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const address of [text, `/${text}`, `https://${text}`]) {
        if (checkLoginUrl(address) === undefined) continue;
        const seen = new URL(address, 'https://app.example.com/');
        if (address.startsWith('/')) assert.equal(seen.origin, 'https://app.example.com');
        else assert.equal(seen.protocol, 'https:');
        assert.equal(seen.username + seen.password, '');
      }
    }),
    { numRuns: 2_000 },
  );
});

for (const location of ['//evil.example/', 'javascript:alert(1)', 'https://u:p@evil.example/']) {
  test(`${location} from the service is not handed on`, async (t) => {
    for (const [status, name] of [
      [401, 'x-tinyauth-location'],
      [302, 'location'],
    ] as const) {
      const { found } = await answerOf(t, status, { [name]: location });
      assert.deepEqual(found, { verdict: 'deny', reason: 'sign_on_denied' });
    }
  });
}

test('a configured login wins, and everything in the address that was asked for is encoded', async (t) => {
  const { url } = await startAnswering(t, (_question, response) => {
    response.writeHead(401, { 'x-tinyauth-location': 'https://other.example.com/' }).end();
  });
  const bridge = openBridge(t, { url, login: 'https://sso.example.com/?go=' });
  const found = await bridge.about({
    path: '/a%20b/\xc3\xa4',
    query: 'x=1&go=//evil&token=S3cret',
  });
  assert.equal(
    'login' in found && found.login,
    'https://sso.example.com/?go=https%3A%2F%2Fapp.example.com%2Fa%2520b%2F%C3%A4%3Fx%3D1%26go%3D%2F%2Fevil',
  );
  const plain = openBridge(t, { url, login: '/welcome' });
  const back = await plain.about();
  assert.equal('login' in back && back.login, '/welcome');
});
