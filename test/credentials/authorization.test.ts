import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { basicSource, bearerSource } from '../../src/credentials/authorization.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

const malformed = deny('malformed_credential');
const encode = (text: string) => Buffer.from(text).toString('base64');

const bearer = (authorization: string | undefined) =>
  bearerSource.extract(aHandshake({ authorization }), aGate());
const basic = (authorization: string | undefined) =>
  basicSource.extract(aHandshake({ authorization }), aGate());

const bearerCases: readonly [header: string | undefined, found: unknown][] = [
  [undefined, undefined],
  ['', undefined],
  ['Basic YTpi', undefined],
  ['Bearers abc', undefined],
  ['Bearer=abc', undefined],
  ['Bearer abc', { value: 'abc' }],
  ['BEARER abc', { value: 'abc' }],
  ['bearer    abc  ', { value: 'abc' }],
  ['\tBearer abc\t', { value: 'abc' }],
  ['Bearer abc\u00a0', malformed],
  ['\u00a0Bearer abc', undefined],
  ['Bearer', malformed],
  ['Bearer ', malformed],
  ['Bearer a b', malformed],
  ['Bearer a, Basic b', malformed],
  ['Bearer a\tb', malformed],
  ['Bearer ü', malformed],
  [`Bearer ${'a'.repeat(8_192)}`, { value: 'a'.repeat(8_192) }],
  [`Bearer ${'a'.repeat(8_193)}`, malformed],
];

for (const [header, found] of bearerCases) {
  test(`as Bearer: ${JSON.stringify(header?.slice(0, 40))}`, () => {
    assert.deepEqual(bearer(header), found);
  });
}

const basicCases: readonly [header: string | undefined, found: unknown][] = [
  [undefined, undefined],
  ['Bearer abc', undefined],
  [`Basic ${encode('token:abc')}`, { value: 'abc' }],
  [`bAsIc ${encode('alice:abc')}`, { value: 'abc', claimedSubject: 'alice' }],
  [`Basic ${encode('Zoë:abc')}`, { value: 'abc', claimedSubject: 'Zoë' }],
  [`Basic ${encode('Token:abc')}`, { value: 'abc', claimedSubject: 'Token' }],
  [`Basic ${encode(':abc')}`, { value: 'abc', claimedSubject: '' }],
  [`Basic ${encode('a:b:c')}`, { value: 'b:c', claimedSubject: 'a' }],
  [`Basic ${encode('alice:abc').replace(/=+$/, '')}`, { value: 'abc', claimedSubject: 'alice' }],
  ['Basic', malformed],
  ['Basic ====', malformed],
  [`Basic ${'='.repeat(8_000)}a`, malformed],
  [`Basic ${encode('alice:abc').replace('=', '')}`, { value: 'abc', claimedSubject: 'alice' }],
  [`Basic ${encode('alice')}`, malformed],
  [`Basic ${encode('alice:')}`, malformed],
  [`Basic ${encode('alice:a b')}`, malformed],
  [`Basic ${encode('alice:a\nb')}`, malformed],
  [`Basic ${encode('alice:ü')}`, malformed],
  [`Basic ${encode('alice:abc')}*`, malformed],
  [`Basic ${encode('alice:abc')} x`, malformed],
  ['Basic YWxpY2U6YWJ$', malformed],
];

for (const [header, found] of basicCases) {
  test(`as Basic: ${JSON.stringify(header)}`, () => assert.deepEqual(basic(header), found));
}

test('no header throws, and what is found is printable', () => {
  const scheme = fc.constantFrom('Bearer ', 'bearer ', 'Basic ', 'BASIC  ', '');
  const rest = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.string().map(encode));
  fc.assert(
    fc.property(scheme, rest, (name, value) => {
      for (const found of [bearer(name + value), basic(name + value)]) {
        if (found !== undefined && !isDenial(found)) assert.match(found.value, /^[\x21-\x7e]+$/);
      }
    }),
  );
});

test('whatever user and password are, they come back as they were', () => {
  const user = fc.string().filter((text) => !text.includes(':') && text !== 'token');
  const password = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
  fc.assert(
    fc.property(user, password, (claimedSubject, value) => {
      assert.deepEqual(basic(`Basic ${encode(`${claimedSubject}:${value}`)}`), {
        value,
        claimedSubject,
      });
    }),
  );
});
