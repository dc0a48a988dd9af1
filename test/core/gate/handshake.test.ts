import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isGateName,
  isMethod,
  parseHost,
  parseTarget,
  parseUpgrade,
} from '../../../src/core/gate/handshake.ts';

const hosts: readonly [value: string, host: string | undefined][] = [
  ['app.example.com', 'app.example.com'],
  ['aPp.Example.COM', 'app.example.com'],
  ['app.example.com.', 'app.example.com'],
  ['App.Example.com.:8443', 'app.example.com'],
  ['localhost', 'localhost'],
  ['localhost:1', 'localhost'],
  ['my_app.internal', 'my_app.internal'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['127.0.0.1:65535', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[2001:DB8::A]:8443', '[2001:db8::a]'],
  ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
  ['', undefined],
  ['.', undefined],
  ['.example.com', undefined],
  ['example.com..', undefined],
  ['a..b', undefined],
  ['-a.example', undefined],
  ['a-.example', undefined],
  ['*.example.com', undefined],
  ['a b', undefined],
  [' a', undefined],
  ['a\t', undefined],
  ['a\n', undefined],
  ['a\u0000', undefined],
  ['a/b', undefined],
  ['user@a', undefined],
  ['a?b', undefined],
  ['a#b', undefined],
  ['a,b', undefined],
  ['a%2eb', undefined],
  ['bücher.example', undefined],
  ['a:', undefined],
  ['a:b', undefined],
  ['a:-1', undefined],
  ['a:123456', undefined],
  ['a:80:80', undefined],
  ['::1', undefined],
  ['[]', undefined],
  ['[::1', undefined],
  ['[::1]x', undefined],
  ['[::1].', undefined],
  ['[::1%eth0]', undefined],
  ['[app.example.com]', undefined],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['a'.repeat(254), undefined],
];

for (const [value, host] of hosts) {
  test(`parseHost reads ${JSON.stringify(value)} as ${host ?? 'no host'}`, () => {
    assert.equal(parseHost(value), host);
  });
}

test('brackets around what is no IPv6 address make no host', () => {
  for (const value of ['[.]', '[:]', '[:::]', '[1.2.3.4]', '[::1.]', '[12345::]']) {
    assert.equal(parseHost(value), undefined, value);
  }
});

/** Host names that are fine, in lower case. */
const hostName = fc
  .array(fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?$/), {
    minLength: 1,
    maxLength: 5,
  })
  .map((labels) => labels.join('.'));

test('a host is the same with other case, a trailing dot and a port', () => {
  fc.assert(
    fc.property(
      hostName,
      fc.boolean(),
      fc.option(fc.nat(65_535), { nil: undefined }),
      (name, dot, port) => {
        const dressed = `${name.toUpperCase()}${dot ? '.' : ''}${port === undefined ? '' : `:${port}`}`;
        assert.equal(parseHost(dressed), name);
      },
    ),
  );
});

test('whatever parseHost returns is a normal form of its own', () => {
  const anything = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), hostName);
  fc.assert(
    fc.property(anything, (value) => {
      const host = parseHost(value);
      if (host === undefined) return;
      assert.equal(parseHost(host), host);
      assert.match(host, /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])$/);
    }),
  );
});

const targets: readonly [value: string, path: string | undefined, query?: string][] = [
  ['/', '/'],
  ['/ws', '/ws'],
  ['/ws?', '/ws', ''],
  ['/ws?token=a', '/ws', 'token=a'],
  ['/ws?a?b', '/ws', 'a?b'],
  ['/ws?a=%23', '/ws', 'a=%23'],
  ['/admin?x=/pub', '/admin', 'x=/pub'],
  ['//admin', '//admin'],
  ['/pub/../admin', '/pub/../admin'],
  ['/pub/..%2fadmin', '/pub/..%2fadmin'],
  ['/admin;x', '/admin;x'],
  ['/%', '/%'],
  ['/\u00fc', '/\u00fc'],
  ['', undefined],
  ['*', undefined],
  ['ws', undefined],
  ['?a', undefined],
  ['#', undefined],
  // A target has no fragment; what a backend makes of one nobody knows.
  ['/admin#/pub', undefined],
  ['/pub#/../admin', undefined],
  ['/ws?token=a#b', undefined],
  ['/#', undefined],
  ['http://app.example.com/ws', undefined],
  ['app.example.com:443', undefined],
  ['/a b', undefined],
  [' /', undefined],
  ['/\t', undefined],
  ['/\r\nX: y', undefined],
  ['/\u0000', undefined],
  ['/\u007f', undefined],
  ['/a#\n', undefined],
];

for (const [value, path, query] of targets) {
  test(`parseTarget reads ${JSON.stringify(value)} as ${path === undefined ? 'no target' : JSON.stringify({ path, query })}`, () => {
    assert.deepEqual(parseTarget(value), path === undefined ? undefined : { path, query });
  });
}

test('path and query put together again are what was sent', () => {
  const target = fc.array(
    fc.oneof(fc.constantFrom('?', '#', '/', '%', ' ', '\n'), fc.string({ maxLength: 4 })),
  );
  fc.assert(
    fc.property(target, (parts) => {
      const value = `/${parts.join('')}`;
      const parsed = parseTarget(value);
      if (parsed === undefined) return;
      const { path, query } = parsed;
      assert.ok(path.startsWith('/') && !path.includes('?') && !value.includes('#'));
      assert.equal(`${path}${query === undefined ? '' : `?${query}`}`, value);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
      assert.doesNotMatch(value, /[\u0000-\u0020\u007f]/);
    }),
  );
});

const upgrades: readonly [value: string | undefined, upgrade: string][] = [
  [undefined, 'none'],
  ['', 'none'],
  ['websocket', 'websocket'],
  ['WebSocket', 'websocket'],
  ['WEBSOCKET', 'websocket'],
  ['h2c', 'other'],
  ['h2c, websocket', 'other'],
  ['websocket, h2c', 'other'],
  ['websocket,websocket', 'other'],
  ['websocket/13', 'other'],
  [' websocket', 'other'],
  ['websocket\t', 'other'],
  ['websockets', 'other'],
  ['webſocket', 'other'],
  [' ', 'other'],
  ['TLS/1.0', 'other'],
];

for (const [value, upgrade] of upgrades) {
  test(`parseUpgrade reads ${JSON.stringify(value)} as ${upgrade}`, () => {
    assert.equal(parseUpgrade(value), upgrade);
  });
}

test('no header but one that spells websocket asks for WebSocket', () => {
  // What Node hands over of a header: octets.
  const octets = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) });
  fc.assert(
    fc.property(octets, (value) => {
      fc.pre(value !== '' && !/^websocket$/i.test(value));
      assert.equal(parseUpgrade(value), 'other');
    }),
  );
});

test('gate names are lower case letters, digits, - and _, 64 at most', () => {
  const good = ['a', '0', 'chat', 'grist-ws', 'a_b', '9-', 'a'.repeat(64)];
  const bad = ['', '-a', '_a', 'Chat', 'a b', 'a.b', 'a/b', 'a"b', 'ü', 'a\n', 'a'.repeat(65)];
  assert.deepEqual(good.filter(isGateName), good);
  assert.deepEqual(bad.filter(isGateName), []);
});

test('methods are tokens of 32 characters at most', () => {
  const good = ['GET', 'get', 'PROPFIND', 'M-SEARCH', "!#$%&'*+.^_`|~", 'A'.repeat(32)];
  const bad = ['', 'GET ', 'GE T', 'GET,POST', 'GET\n', 'G\u00c9T', '(GET)', 'A'.repeat(33)];
  assert.deepEqual(good.filter(isMethod), good);
  assert.deepEqual(bad.filter(isMethod), []);
});
