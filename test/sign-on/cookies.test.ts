import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSecret, tokenPrefix } from '../../src/lib/secret.ts';
import { forwardableAuthorization } from '../../src/sign-on/authorization.ts';
import { pickCookies } from '../../src/sign-on/cookies.ts';

const secret = createSecret(tokenPrefix);
const patterns = ['sid', 'proxy_*'];

const cases: readonly [what: string, header: string | undefined, found: string | undefined][] = [
  ['no header', undefined, undefined],
  ['an empty header', '', undefined],
  ['the cookie alone', 'sid=1', 'sid=1'],
  ['the cookie among others', 'a=1; sid=1; b=2', 'sid=1'],
  ['several, in their order', 'proxy_1=b; sid=1; proxy_0=a', 'proxy_1=b; sid=1; proxy_0=a'],
  ['two of one name', 'sid=1; sid=2', 'sid=1; sid=2'],
  ['spaces and tabs', ' \tsid=1\t ;proxy_=2', 'sid=1; proxy_=2'],
  ['a value with = and quotes', 'sid="a=b=="', 'sid="a=b=="'],
  ['others only', 'a=1; b=2', undefined],
  ['a longer name', 'sid2=1; xsid=1', undefined],
  ['other case', 'SID=1; Proxy_0=1', undefined],
  ['an empty value', 'sid=; proxy_0= ', undefined],
  ['a name without =', 'sid; proxy_0', undefined],
  ['a name in a value', 'a=sid=1; b="; proxy"', undefined],
  ['an NBSP before the name', '\xa0sid=1', undefined],
  ['a line break before the name', '\nsid=1', undefined],
  ['a token of ours', `sid=${secret}; proxy_1=${secret}`, undefined],
  ['a cookie of the gate', 'proxy_token=abc; proxy_0=a', 'proxy_0=a'],
];
for (const [what, header, found] of cases) {
  test(`${what}: ${found ?? 'nothing'} goes to the service`, () => {
    assert.equal(pickCookies(header, patterns, ['proxy_token']), found);
  });
}

const cookies = fc.array(
  fc.record({
    name: fc.oneof(
      fc.constantFrom('sid', 'proxy_0', 'proxy_token', 'sid2', '__proto__'),
      fc.stringMatching(/^[!#-+\--:<>-~]{0,12}$/),
    ),
    value: fc.oneof(fc.constant(secret), fc.stringMatching(/^[!-:<-~]{0,12}$/)),
  }),
);

test('exactly the service’s own cookies go to it, whatever stands around them', () => {
  fc.assert(
    fc.property(cookies, fc.constantFrom(';', '; ', ' ;\t'), (all, separator) => {
      const header = all.map(({ name, value }) => `${name}=${value}`).join(separator);
      const own = all.filter(({ name, value }) => {
        const [first = ''] = name.split('=');
        const isNamed = first === 'sid' || first.startsWith('proxy_');
        return isNamed && first !== 'proxy_token' && !(value === '' || value === secret);
      });
      const expected = own.map(({ name, value }) => `${name}=${value}`).join('; ') || undefined;
      assert.equal(pickCookies(header, patterns, ['proxy_token']), expected);
    }),
    { numRuns: 2_000 },
  );
});

test('any header is read without a fault, and read again it gives the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (header) => {
      const once = pickCookies(header, patterns, []);
      assert.equal(pickCookies(once, patterns, []), once);
    }),
    { numRuns: 2_000 },
  );
});

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const forwarded: readonly [what: string, value: string | undefined, isForwarded: boolean][] = [
  ['none', undefined, false],
  ['an empty one', '', false],
  ['a foreign Bearer', 'Bearer eyJhbGciOi', true],
  ['a foreign Basic', basic('alice:correct horse'), true],
  ['a token of ours as Bearer', `Bearer ${secret}`, false],
  ['a token of ours as Bearer, in other words', `bEARER   ${secret} `, false],
  ['a token of ours as a password', basic(`alice:${secret}`), false],
  ['a token of ours as a user', basic(`${secret}:`), false],
  ['a token of ours in an unknown scheme', `Token ${secret}`, false],
  ['a token of ours without a scheme', secret, false],
  ['a token of ours in quotes', `Bearer "${secret}"`, false],
  ['a token of ours behind a tab', `bearer\t${secret}`, false],
  ['a token of ours as a parameter', `Token token="${secret}"`, false],
  ['a token of ours in capitals', `Bearer ${secret.toUpperCase()}`, false],
  ['a token of ours, cut', `Bearer ${secret.slice(0, -1)}`, false],
  ['a token of ours in Basic with a blank', basic(`alice:${secret} `), false],
];
for (const [what, value, isForwarded] of forwarded) {
  test(`Authorization: ${what} ${isForwarded ? 'goes' : 'does not go'} to the service`, () => {
    assert.deepEqual(forwardableAuthorization(value), isForwarded ? { Authorization: value } : {});
  });
}
