import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findLoginProblem, renderLoginUrl } from '../../../src/core/gate/login.ts';
import { aHandshake } from '../../../testkit/examples.ts';

/** Text as it comes in headers: one octet a character. */
const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
});
const queryNames = ['token', 'access_token'];

for (const [login, address] of [
  ['https://login.test/', 'https://login.test/'],
  [
    'https://login.test/?rd={url}',
    'https://login.test/?rd=https%3A%2F%2Fapp.example.com%3A8443%2Fa%2520b%3Fx%3D1%26y',
  ],
  [
    '/.postern/login?rd={path}&h={host}&s={scheme}',
    '/.postern/login?rd=%2Fa%2520b%3Fx%3D1%26y&h=app.example.com%3A8443&s=https',
  ],
] as const) {
  test(`${login} leads back, without a token`, () => {
    const handshake = aHandshake({
      port: ':8443',
      path: '/a%20b',
      query: 'x=1&token=pst_secret&%74oken=pst_secret&y&access_token=z',
    });
    assert.equal(renderLoginUrl({ login, queryNames }, handshake), address);
  });
}

test('a parameter with a secret in it goes to no login, whatever it is called', () => {
  const secret = `pst_${'a'.repeat(49)}`;
  for (const query of [`TOKEN=${secret}`, `ticket=${secret}`, `token[]=${secret}`, `x=${secret}`]) {
    const handshake = aHandshake({ path: '/a', query: `b=1&${query}` });
    const address = renderLoginUrl({ login: '/login?rd={url}', queryNames }, handshake) ?? '';
    assert.ok(address.endsWith('%2Fa%3Fb%3D1'), address);
  }
});

test('a gate without a login has no address', () => {
  assert.equal(renderLoginUrl({ login: undefined, queryNames }, aHandshake()), undefined);
});

test('whatever was asked for stays one parameter of one header', () => {
  const login = 'https://login.test/?rd={url}&x=1';
  fc.assert(
    fc.property(octets, octets, (path, query) => {
      const handshake = aHandshake({ path: `/${path}`, query });
      const address = renderLoginUrl({ login, queryNames }, handshake) ?? '';
      assert.match(address, /^https:\/\/login\.test\/\?rd=[A-Za-z0-9%\-_.~]*&x=1$/);
    }),
  );
});

test('an address that leads nowhere is refused', () => {
  for (const good of ['/login', 'http://l.test', 'https://l.test/{host}/?a={url}', '/a?b={path}']) {
    assert.equal(findLoginProblem(good), undefined, good);
  }
  for (const bad of [
    ...['login', '//evil', '/\\evil', 'javascript:alert(1)', 'https://', 'ftp://l.test/'],
    ...[
      'https://l.test/?x={uri}',
      'https://l.test/ x',
      'https://l.test/ü',
      'https://l.test/\r\nX: y',
    ],
  ]) {
    assert.notEqual(findLoginProblem(bad), undefined, bad);
  }
});
