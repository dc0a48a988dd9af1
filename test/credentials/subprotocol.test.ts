import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSubprotocolOffer } from '../../src/core/gate/subprotocol.ts';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { subprotocolSource } from '../../src/credentials/subprotocol.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

function extract(subprotocols: string | undefined) {
  const found = subprotocolSource.extract(aHandshake({ subprotocols }), aGate());
  return found === undefined || isDenial(found) ? found : found.value;
}

const malformed = deny('malformed_credential');
const encode = (text: string) => Buffer.from(text).toString('base64url');

const cases: readonly [what: string, header: string | undefined, found: unknown][] = [
  ['none', undefined, undefined],
  ['own ones only', 'chat.v2, chat.v1', undefined],
  ['the marker alone', 'postern', undefined],
  ['a token alone', 'postern.bearer.abc', 'abc'],
  ['a token between others', 'a,  postern.bearer.abc ,b', 'abc'],
  [
    'a token with every character it may have',
    "postern.bearer.!#$%&'*+.^_`|~-z",
    "!#$%&'*+.^_`|~-z",
  ],
  ['an encoded token', `postern.bearer64.${encode('a/b:c=')}`, 'a/b:c='],
  ['a prefix in capitals, which is another name', 'Postern.Bearer.abc', undefined],
  ['two tokens', 'postern.bearer.a, postern.bearer.b', malformed],
  ['a token twice', 'postern.bearer.a, postern.bearer.a', malformed],
  ['two tokens in two forms', `postern.bearer.a, postern.bearer64.${encode('a')}`, malformed],
  ['an empty token', 'postern.bearer.', malformed],
  ['an empty encoded token', 'postern.bearer64.', malformed],
  ['encoding with padding', 'postern.bearer64.YWJjZA==', malformed],
  ['encoding with a character too many', 'postern.bearer64.YWJjZA0A1', malformed],
  ['encoded white space', `postern.bearer64.${encode('a b')}`, malformed],
  ['an encoded line break', `postern.bearer64.${encode('a\r\nb')}`, malformed],
  ['an empty name in the list', 'postern.bearer.a,,b', malformed],
  ['a list that ends in a comma', 'postern.bearer.a,', malformed],
  ['a name with a space', 'a b', malformed],
  ['a quoted name', '"a"', malformed],
  ['a name twice', 'a, a', malformed],
  ['an empty header', '', malformed],
  ['32 KB of spaces', ' '.repeat(32_768), malformed],
  ['32 KB of commas', ','.repeat(32_768), malformed],
];

for (const [what, header, found] of cases) {
  test(`subprotocols with ${what}`, () => assert.deepEqual(extract(header), found));
}

test('no header throws, and what is found is printable', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((rest) => `postern.bearer.${rest}`),
    fc.string().map((rest) => `a, postern.bearer64.${rest}`),
  );
  fc.assert(
    fc.property(text, (header) => {
      const found = extract(header);
      if (typeof found === 'string') assert.match(found, /^[\x21-\x7e]{1,8192}$/);
    }),
  );
});

test('any secret comes back from its encoded form, and no token is among the own ones', () => {
  const secret = fc.string({
    minLength: 1,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });
  fc.assert(
    fc.property(secret, (value) => {
      const header = `chat, postern.bearer64.${encode(value)}`;
      assert.equal(extract(header), value);
      assert.deepEqual(parseSubprotocolOffer(header)?.application, ['chat']);
    }),
  );
});
