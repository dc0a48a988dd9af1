import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type RawAnswer, sendRaw } from '../../testkit/clients/raw-request.ts';
import { signOns } from '../../testkit/sign-on/nginx/index.ts';
import type { SignOn } from '../../testkit/sign-on/nginx/sign-on.ts';
import { cookieOf, fix, type SignOnSite, startSignOnSite } from '../../testkit/sign-on/site.ts';

const upgradeTo = (protocol: string) => `Connection: Upgrade\nUpgrade: ${protocol}`;
const handshake = `${upgradeTo('websocket')}
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;

/** What clients send, without a cookie. */
const requests = {
  handshake: ask('GET', `${handshake}\nOrigin: https://grist.example.com`),
  'handshake in other letters': ask('GET', handshake.replace('websocket', 'WebSocket')),
  'handshake of a foreign page': ask('GET', `${handshake}\nOrigin: https://evil.example`),
  'handshake of a program': ask('GET', handshake),
  page: ask('GET', 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'),
  'page in a WebView': ask('GET', 'Accept: text/html\nX-Requested-With: com.example.app'),
  HEAD: ask('HEAD', 'Accept: text/html'),
  'POST of a form': ask(
    'POST',
    'Accept: text/html\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3',
    'a=1',
  ),
  fetch: ask('GET', 'Accept: application/json, text/plain, */*'),
  'fetch without Accept': ask('GET', 'User-Agent: curl'),
  'fetch of anything': ask('GET', 'Accept: */*'),
  'fetch of HTML': ask('GET', 'Accept: text/html\nSec-Fetch-Mode: cors\nSec-Fetch-Dest: empty'),
  'fetch with a token': ask('GET', 'Accept: text/html\nAuthorization: Bearer wrong'),
  'fetch of problem details': ask('GET', 'Accept: application/problem+json'),
  XMLHttpRequest: ask('GET', 'Accept: */*\nX-Requested-With: XMLHttpRequest'),
  'POST of JSON': ask(
    'POST',
    'Accept: application/json\nContent-Type: application/json\nContent-Length: 2',
    '{}',
  ),
  EventSource: ask('GET', 'Accept: text/event-stream'),
  h2c: ask('GET', `${upgradeTo('h2c')}\nHTTP2-Settings: AAMAAABkAAQAAP__`),
  'an unknown upgrade': ask('GET', upgradeTo('frobnicate')),
  'a list of upgrades': ask('GET', upgradeTo('websocket, h2c')),
} as const;
type RequestName = keyof typeof requests;

const handshakes = names('handshake');
const upgrades: RequestName[] = [...handshakes, 'h2c', 'an unknown upgrade', 'a list of upgrades'];
const pages: RequestName[] = [...names('page'), 'HEAD', 'POST of a form'];
const scripts: RequestName[] = [...names('fetch'), 'XMLHttpRequest', 'POST of JSON', 'EventSource'];

function names(beginning: string): RequestName[] {
  return (Object.keys(requests) as RequestName[]).filter((name) => name.startsWith(beginning));
}

function ask(method: string, headers: string, body = ''): string {
  const isUpgrade = headers.includes('Connection: Upgrade');
  const connection = isUpgrade ? '' : '\nConnection: close';
  return `${method} /doc?a=1&b=2 HTTP/1.1\nHost: grist.example.com${connection}\n${headers}\n\n${body}`;
}

/** The whole answer, but for the time of day. */
async function send(site: SignOnSite, name: RequestName, cookie?: string): Promise<RawAnswer> {
  const line = cookie === undefined ? '' : `\nCookie: ${cookie}`;
  const request = requests[name].replace('\nHost:', `${line}\nHost:`).replace(/^\n/, '');
  const isUpgrade = upgrades.includes(name);
  const answer = await sendRaw(site.nginx.port, request, { tls: true, body: !isUpgrade });
  return { ...answer, text: answer.text.replace(/\r\nDate: [^\r]*/, '') };
}

/** The same site twice: as people have it, and with the line that they add. */
async function startBoth(t: TestContext, signOn: SignOn) {
  const [without, fixed] = await Promise.all([
    startSignOnSite(t, signOn),
    startSignOnSite(t, signOn, { after: fix }),
  ]);
  return { without, fixed };
}

/** Fails when nginx asked the stand-in something that the real service would not understand. */
function assertUnderstood(...sites: SignOnSite[]) {
  assert.deepEqual(
    sites.flatMap(({ misunderstandings }) => misunderstandings),
    [],
  );
}

for (const signOn of signOns) {
  const strangers = [undefined, cookieOf(signOn, 'nobody')];
  const alice = cookieOf(signOn, 'alice');
  const { login } = signOn;

  test(`${signOn.name}: without the fix a handshake gets the answer for pages`, async (t) => {
    const without = await startSignOnSite(t, signOn);
    for (const cookie of strangers) {
      for (const name of [...upgrades, ...scripts]) {
        const { status, headers } = await send(without, name, cookie);
        assert.equal(status, login.status, name);
        assert.equal(headers.location, login.location, name);
      }
    }
    assert.deepEqual(without.reached, []);
    assertUnderstood(without);
  });

  test(`${signOn.name}: without a session, upgrades and scripts get 401 and no login`, async (t) => {
    const fixed = await startSignOnSite(t, signOn, { after: fix });
    for (const cookie of strangers) {
      for (const name of [...upgrades, ...scripts]) {
        const { status, headers } = await send(fixed, name, cookie);
        assert.equal(status, 401, name);
        assert.equal(headers.location, undefined, name);
        assert.equal(headers['set-cookie'], undefined, name);
      }
    }
    assert.deepEqual(fixed.reached, []);
    assertUnderstood(fixed);
  });

  test(`${signOn.name}: pages get the same login as before, to the byte`, async (t) => {
    const { without, fixed } = await startBoth(t, signOn);
    for (const cookie of [...strangers, cookieOf(signOn, 'mallory')]) {
      for (const name of pages) {
        const before = await send(without, name, cookie);
        const after = await send(fixed, name, cookie);
        assert.equal(after.text, before.text, name);
        if (!strangers.includes(cookie)) continue;
        assert.equal(before.status, login.status, name);
        assert.equal(before.headers.location, login.location, name);
      }
    }
    assert.deepEqual([...without.reached, ...fixed.reached], []);
    assertUnderstood(without, fixed);
  });

  test(`${signOn.name}: with a session everything passes as before`, async (t) => {
    const { without, fixed } = await startBoth(t, signOn);
    for (const name of [...handshakes, ...pages, ...scripts]) {
      const before = await send(without, name, alice);
      const after = await send(fixed, name, alice);
      assert.equal(after.text, before.text, name);
      assert.equal(after.status, handshakes.includes(name) ? 101 : 200, name);
    }
    assert.deepEqual(fixed.reached, without.reached);
    assertUnderstood(without, fixed);
  });

  test(`${signOn.name}: h2c is no tunnel any more, and is served as an ordinary request`, async (t) => {
    const { without, fixed } = await startBoth(t, signOn);
    assert.equal((await send(without, 'h2c', alice)).status, 101, 'a tunnel without the fix');
    for (const name of ['h2c', 'an unknown upgrade', 'a list of upgrades'] as const) {
      const { status } = await send(fixed, name, alice);
      assert.equal(status, 200, name);
    }
    assert.deepEqual([...new Set(fixed.reached)], ['GET /doc?a=1&b=2']);
  });

  test(`${signOn.name}: while the service is down nothing passes and nothing is redirected`, async (t) => {
    const { without, fixed } = await startBoth(t, signOn);
    await Promise.all([without.stopService(), fixed.stopService()]);
    for (const name of [...upgrades, ...scripts, ...pages]) {
      const { status, headers } = await send(fixed, name, alice);
      assert.equal(status, 500, name);
      assert.equal(headers.location, undefined, name);
      if (!pages.includes(name)) continue;
      assert.equal((await send(without, name, alice)).status, 500, name);
    }
    assert.deepEqual(fixed.reached, []);
  });

  if (signOn.refusal === undefined) continue;
  test(`${signOn.name}: a handshake of somebody who may not come in gets ${signOn.refusal}`, async (t) => {
    const fixed = await startSignOnSite(t, signOn, { after: fix });
    for (const name of handshakes) {
      const { status, headers } = await send(fixed, name, cookieOf(signOn, 'mallory'));
      assert.equal(status, signOn.refusal, name);
      assert.equal(headers.location, undefined, name);
    }
    assert.deepEqual(fixed.reached, []);
  });
}
