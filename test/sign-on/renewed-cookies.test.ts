import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createAnswer } from '../../src/admission/answer.ts';
import type { DecisionRecord, Events } from '../../src/core/model/events.ts';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { aGate, aHandshake, anIdentity } from '../../testkit/examples.ts';
import { flavourSites } from '../../testkit/nginx/flavours.ts';
import { nginxPrograms } from '../../testkit/nginx/programs.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { openBridge } from './fixture.ts';

const service = {
  service: 'custom',
  cookies: ['sid', 'part_*'],
  custom: { path: '/verify', requestHeaders: {}, loginHeader: undefined },
  answerHeaders: { subject: 'x-user' },
} as const;

/** A service that knows everybody with a cookie `sid`, and sets these cookies for them. */
async function startRenewing(t: TestContext, lines: readonly string[]) {
  return startAnswering(t, ({ headers }, response) => {
    const isKnown = headers.cookie?.includes('sid=');
    if (isKnown) response.writeHead(200, { 'X-User': 'alice', 'Set-Cookie': [...lines] });
    else response.writeHead(401, { 'Set-Cookie': 'sid=fresh; Path=/' });
    response.end();
  });
}

/** A Postern whose only gate asks the service. */
async function startAsking(t: TestContext, lines: readonly string[], settings = {}, gate = {}) {
  const signOn = await startRenewing(t, lines);
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = {
    service: 'custom',
    url: signOn.url,
    path: '/verify',
    cookies: service.cookies,
    answer_headers: { subject: 'X-User' },
  };
  writeFileSync(
    config,
    JSON.stringify({ default_gate: { ...gate, bridge: { ...bridge, ...settings } } }),
  );
  return { signOn, postern: await startTestPostern(t, { config }) };
}

const attributes = 'Path=/; Expires=Wed, 06 May 2031 07:08:09 GMT; HttpOnly; Secure; SameSite=Lax';
const renewed = [`part_0=a"b,c; ${attributes}`, 'part_1=; Max-Age=0', `sid=new; ${attributes}`];
const others = [
  'theme=dark; Path=/',
  '__Host-postern=stolen; Path=/; Secure',
  'sid_x=1',
  'nothing',
];

const sites = [
  ...flavourSites,
  ...nginxPrograms.map(
    ({ name, program }) =>
      [`nginx ${name}`, (t, options) => startSite(t, { ...options, program })] as const satisfies [
        string,
        (typeof flavourSites)[number][1],
      ],
  ),
];

for (const [name, start] of sites) {
  test(`${name}: all cookies that the service renews reach the client, with a page and a socket`, async (t) => {
    const { postern } = await startAsking(t, [...others, ...renewed]);
    const site = await start(t, { gate: postern.gate, server: 'add_header X-Of-The-Server 1;' });
    const headers = { cookie: 'sid=old', origin: site.url };
    const page = await tryPage(`${site.url}/doc`, headers);
    assert.equal(page.status, 200);
    // The plain files have their lines in the http block, which the server's own line hides.
    const isHidden = name === 'plain' || name.startsWith('nginx ');
    assert.deepEqual(page.headers['set-cookie'], isHidden ? undefined : renewed);
    assert.equal(page.headers['x-of-the-server'], '1');
    const socket = await tryHandshake(`${site.socketUrl}/ws`, headers);
    assert.equal(socket.status, 101);
    assert.deepEqual(socket.headers['set-cookie'], isHidden ? undefined : renewed);
    const marked = await tryHandshake(`${site.socketUrl}/ws`, headers, ['postern']);
    assert.equal(marked.status, 101);
    assert.deepEqual(marked.headers['set-cookie'], renewed);
    const told = JSON.stringify([page.headers, socket.headers]).toLowerCase();
    assert.doesNotMatch(told, /x-postern-set-cookie/);
    assert.ok(!postern.rawLog().includes('sid=new'));
  });
}

for (const { name, program } of nginxPrograms) {
  test(`nginx ${name}: the cookies come by themselves, and beside the server’s own lines with one include`, async (t) => {
    const { postern } = await startAsking(t, renewed);
    const headers = { cookie: 'sid=old' };
    const { gate } = postern;
    const own = await startSite(t, { gate, program, http: 'add_header X-Of-All 1;' });
    const page = await tryPage(`${own.url}/`, headers);
    assert.deepEqual([page.headers['set-cookie'], page.headers['x-of-all']], [renewed, '1']);

    const beside = await startSite(t, {
      gate,
      program,
      locations: (backend, include) => `
        add_header Strict-Transport-Security "max-age=1";
        ${include('postern-cookies.conf')}
        location / {
          ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
        }`,
    });
    const other = await tryPage(`${beside.url}/`, headers);
    assert.deepEqual(
      [other.headers['set-cookie'], other.headers['strict-transport-security']],
      [renewed, 'max-age=1'],
    );
  });
}

test('a denial sets no cookie: the service sets its own when people log in', async (t) => {
  const { postern } = await startAsking(t, renewed);
  const site = await startSite(t, { gate: postern.gate });
  const page = await tryPage(`${site.url}/`, { cookie: 'other=1' });
  assert.deepEqual([page.status, page.headers['set-cookie']], [302, undefined]);
});

test('neither nginx nor Postern keeps a cookie with an answer', async (t) => {
  const { signOn, postern } = await startAsking(t, renewed, { cache: '60s' }, { cache: '60s' });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: { cache: { path: join(temporaryDirectory(t), 'answers'), ttl: 60_000 } },
  });
  const cookies = async () =>
    (await tryPage(`${site.url}/`, { cookie: 'sid=old' })).headers['set-cookie'];
  assert.deepEqual(await cookies(), renewed);
  assert.equal(await cookies(), undefined);
  assert.equal(await cookies(), undefined);
  assert.equal(signOn.questions.length, 1);
  // The first answer is Postern's, the second comes from its cache, and only that one is kept by nginx.
  assert.equal(postern.log.filter(({ event }) => event === 'decision').length, 2);
});

test('a service cannot set the cookies of the gate, even where its own names cover them', async (t) => {
  const { url } = await startRenewing(t, ['postern_token=stolen', 'sid=new']);
  const bridge = openBridge(t, { ...service, url, cookies: ['sid', 'postern_*'] });
  const found = await bridge.about({ cookie: 'sid=old' });
  assert.ok('setCookies' in found);
  assert.deepEqual(found.setCookies, ['sid=new']);
});

const rows: readonly [what: string, lines: readonly string[], passed: readonly string[]][] = [
  ['eight are passed', Array(8).fill('sid=1'), Array(8).fill('sid=1')],
  ['of nine none', Array(9).fill('sid=1'), []],
  ['8 KiB are passed', [`sid=${'x'.repeat(8_188)}`], [`sid=${'x'.repeat(8_188)}`]],
  ['of more none', ['part_0=1', `sid=${'x'.repeat(8_188)}`], []],
  ['others do not count', [...Array(9).fill('theme=1'), 'sid=1'], ['sid=1']],
  ['one with a control character is left out', ['sid=a\tb', 'part_=1'], ['part_=1']],
  ['one beyond ASCII is left out', ['sid=\xe9', 'part_=1'], ['part_=1']],
  ['names are compared as they are', ['SID=1', ' sid =2', '=sid=3'], [' sid =2'.trim()]],
];
for (const [what, lines, passed] of rows) {
  test(`cookies of a service: ${what}`, async (t) => {
    const { url } = await startRenewing(t, lines);
    const found = await openBridge(t, { ...service, url }).about({ cookie: 'sid=old' });
    assert.ok('subject' in found);
    assert.deepEqual('setCookies' in found ? found.setCookies : [], passed);
  });
}

test('where both readings of a path are asked about, the cookies of both answers count', async (t) => {
  let asked = 0;
  const { url } = await startAnswering(t, (_question, response) => {
    response.writeHead(200, { 'X-User': 'alice', 'Set-Cookie': `sid=${++asked}` }).end();
  });
  const found = await openBridge(t, { ...service, url }).about({
    cookie: 'sid=old',
    path: '/public/../admin',
  });
  assert.ok('setCookies' in found);
  assert.deepEqual(found.setCookies, ['sid=1', 'sid=2']);
});

test('explain says that the service sets cookies, and shows none; the record of a decision has none', async (t) => {
  const { postern } = await startAsking(t, renewed);
  const cookie = 'sid=old';
  const { status, body } = await postern.api('POST', '/v1/explain', {
    uri: '/doc',
    headers: [['Cookie', cookie]],
  });
  assert.equal(status, 200);
  const explained = JSON.stringify(body);
  assert.match(explained, /sets 3 cookies/);
  assert.doesNotMatch(explained, /sid=|part_0|part_1/);
  const records: DecisionRecord[] = [];
  const answer = createAnswer({
    decideHandshake: () => ({
      at: { gate: aGate(), matchedBy: 'test' },
      verdict: { verdict: 'allow', identity: anIdentity(), source: 'bridge', setCookies: renewed },
    }),
    renew: () => {},
    touch: () => {},
    assert: () => Promise.reject(new Error('not asked')),
    events: { decided: (record: DecisionRecord) => records.push(record) } as unknown as Events,
    clock: Date.now,
  });
  const given = await answer({
    handshake: aHandshake(),
    upgrading: false,
    clientAddress: undefined,
  });
  assert.ok(given.headers.some(([, value]) => value === renewed[2]));
  assert.equal(records.length, 1);
  assert.doesNotMatch(JSON.stringify(records), /sid=|part_0/);
});
