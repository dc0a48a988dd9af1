import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { decide } from '../../src/core/decision/decide.ts';
import { credentialSources } from '../../src/credentials/index.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { aGate, aHandshake, anIdentity, noThrottle } from '../../testkit/examples.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

function problemsOf(t: TestContext, yaml: string, env: Record<string, string> = {}): string[] {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, yaml);
  try {
    loadConfig({ file, env });
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

for (const name of [
  ...['Host', 'cookie', 'Set-Cookie', 'X-Forwarded-For', 'X-Real-IP', 'X-Original-URI'],
  ...['Connection', 'Upgrade', 'Sec-WebSocket-Protocol', 'X-Postern-Gate', 'Content-Length'],
]) {
  test(`a gate may not set ${name}, which is nginx's or Postern's own`, (t) => {
    const yaml = `gates: { a: { headers: { ${name}: { value: x } } } }`;
    assert.deepEqual(problemsOf(t, yaml), [
      `gates.a.headers.${name}: is set by nginx or by Postern itself`,
    ]);
  });
}

for (const [what, gate, problem] of [
  [
    'a name that nginx drops',
    'headers: { X_Key: { value: x } }',
    /headers\.X_Key: .*letters, digits and -/,
  ],
  ['no value', 'headers: { X-Key: {} }', /headers\.X-Key: set the source of its value/],
  ['two values', 'headers: { X-Key: { value: a, env: B } }', /headers\.X-Key: set the source/],
  ['a variable that is not set', 'headers: { X-Key: { env: NOWHERE } }', /NOWHERE is not set/],
  ['a missing file', 'headers: { X-Key: { file: /nowhere } }', /cannot read \/nowhere: ENOENT/],
  ['a value with a line feed', 'headers: { X-Key: { value: "a\\nb" } }', /cannot carry/],
  ['a path that is none', 'paths: [ws]', /paths: "ws": a path starts with \//],
  ['a host with a port', 'hosts: ["a.example.com:443"]', /hosts: "a.example.com:443": write/],
  [
    'a network that is none',
    'hosts: [a.test], networks: { trust: [home] }',
    /networks\.trust: "home" is not an address/,
  ],
  ['a login that leads nowhere', 'login: "//evil"', /login: write https:/],
  ['a public place that is none', 'public: ["GET"]', /public: "GET": a path starts/],
  ['a cache that is kept too long', 'cache: 1h', /cache: the maximum is 5m/],
  ['a source without its service', 'sources: [bridge]', /sources: bridge needs/],
  [
    'a trusted network and no host',
    'paths: [/ws], networks: { trust: [10.0.0.0/8] }',
    /^gates\.a\.hosts: is required with networks\.trust/,
  ],
] as const) {
  test(`a gate with ${what} is refused`, (t) => {
    const [found, ...more] = problemsOf(t, `gates: { a: { ${gate} } }`);
    assert.match(found ?? '', problem);
    assert.deepEqual(more, []);
  });
}

test('gates that nobody could tell apart are refused, and both are named', (t) => {
  const yaml = 'gates: { a: { paths: [/ws] }, b: { paths: [/ws/] } }';
  const [found] = problemsOf(t, yaml);
  assert.match(found ?? '', /^gates\.b: is as specific as gates\.a for any host \/ws/);
});

test('gates whose paths differ in capitals only are refused, whatever their order', (t) => {
  for (const [first, second] of [
    ['/ws', '/WS'],
    ['/WS', '/ws'],
    ['/rooms/*/Ws', '/Rooms/*/ws'],
  ]) {
    const [found] = problemsOf(t, `gates: { a: { paths: [${first}] }, b: { paths: [${second}] } }`);
    assert.match(found ?? '', /^gates\.b: is as specific as gates\.a for any host/);
  }
});

test('a trusted network that all gates take over needs gates, each with its hosts', (t) => {
  const trusting = 'default_gate: { networks: { trust: [10.0.0.0/8] } }';
  assert.match(
    problemsOf(t, trusting).join(),
    /^default_gate\.networks\.trust: needs gates with hosts/,
  );
  const gates = `${trusting}\ngates: { a: { hosts: [a.test] }, b: { paths: [/b] }, c: {} }`;
  const found = problemsOf(t, gates).map((line) => line.split(':')[0]);
  assert.deepEqual(found, ['gates.b.hosts', 'gates.c.hosts']);
  const own = 'c: { networks: { trust: [] } }';
  assert.deepEqual(problemsOf(t, `${trusting}\ngates: { a: { hosts: [a.test] }, ${own} }`), []);
});

test('a fault in default_gate is told once, however many gates take it over', (t) => {
  const yaml = 'default_gate: { origins: [nowhere] }\ngates: { a: {}, b: {} }';
  assert.equal(problemsOf(t, yaml).length, 1);
});

test('who is known and not admitted is not sent to a login', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, 'gates: { a: { login: "https://l.test/?rd={url}", kinds: [ticket] } }');
  const postern = await startTestPostern(t, { config });
  const { token } = await postern.issue();
  const gate = { 'x-postern-gate': 'a' };
  const stranger = await ask(postern.gate, gate);
  assert.match(String(stranger.headers['x-postern-login']), /^https:\/\/l\.test\//);
  const known = await ask(postern.gate, { ...gate, 'x-original-uri': `/?token=${token}` });
  assert.deepEqual([known.status, known.headers['x-postern-login']], [403, undefined]);
  const upgrade = await ask(postern.gate, { ...gate, 'x-original-upgrade': 'websocket' });
  assert.deepEqual([upgrade.status, upgrade.headers['x-postern-login']], [401, undefined]);
});

test('a sign-on service does not get an Authorization that the gate reads itself', async () => {
  const given: (string | undefined)[] = [];
  const bridge = {
    acceptsBearer: true,
    selectCookies: (cookie: string | undefined) => cookie,
    async ask({ authorization }: { authorization: string | undefined }) {
      given.push(authorization);
      return anIdentity({ kind: 'bridge', tokenId: '' });
    },
    close: async () => {},
  };
  const ports = {
    sources: credentialSources,
    verify: async () => anIdentity(),
    bridgeOf: () => bridge,
    redeem: async () => undefined,
    throttle: noThrottle,
  };
  const handshake = aHandshake({ cookie: 'session=1', authorization: 'Bearer a.jwt.of-theirs' });
  for (const sources of [['bridge', 'bearer'], ['bridge', 'basic'], ['bridge']] as const) {
    await decide({ handshake, gate: aGate({ sources }), now: 0 }, ports);
  }
  assert.deepEqual(given, [undefined, 'Bearer a.jwt.of-theirs', 'Bearer a.jwt.of-theirs']);
});
