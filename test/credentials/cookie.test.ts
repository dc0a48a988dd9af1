import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { cookieSource } from '../../src/credentials/cookie.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

function extract(cookie: string | undefined, ...cookieNames: string[]) {
  const gate = aGate(cookieNames.length === 0 ? {} : { cookieNames });
  const found = cookieSource.extract(aHandshake({ cookie }), gate);
  return found === undefined || isDenial(found) ? found : found.value;
}

const nothing = undefined;
const malformed = deny('malformed_credential');

const cases: readonly [what: string, header: string | undefined, found: unknown][] = [
  ['no header', undefined, nothing],
  ['an empty header', '', nothing],
  ['the cookie alone', 'postern_token=abc', 'abc'],
  ['the cookie among others', 'a=1; postern_token=abc; b=2', 'abc'],
  ['no space between cookies', 'a=1;postern_token=abc;b=2', 'abc'],
  ['spaces and tabs around', ' \t postern_token \t=\t abc \t', 'abc'],
  [
    'every character that a value may have',
    "postern_token=!#$&'()*+-./:<=>?@[]^_`{|}~",
    "!#$&'()*+-./:<=>?@[]^_`{|}~",
  ],
  ['a value with = in it', 'postern_token=a=b==', 'a=b=='],
  ['a quoted value', 'postern_token="abc"', 'abc'],
  ['a value that a script has percent-encoded', 'postern_token=a%62c', 'abc'],
  ['broken percent-encoding', 'postern_token=a%6', malformed],
  ['8,192 characters', `postern_token=${'a'.repeat(8_192)}`, 'a'.repeat(8_192)],

  ['other cookies only', 'a=1; b=2', nothing],
  ['an empty value', 'postern_token=', nothing],
  ['an empty quoted value', 'postern_token=""', nothing],
  ['an empty value twice', 'postern_token=; postern_token=', nothing],
  ['the name without =', 'postern_token', nothing],
  ['the name as a value', 'a=postern_token; postern_token', nothing],
  ['a longer name', 'postern_token2=abc', nothing],
  ['a longer name in front', 'xpostern_token=abc', nothing],
  ['another case', 'Postern_Token=abc', nothing],
  ['a percent-encoded name', 'postern%5Ftoken=abc', nothing],
  ['a quoted name', '"postern_token"=abc', nothing],
  ['an empty name', '=abc', nothing],
  ['an empty name with the cookie as its value', '=postern_token=abc', nothing],
  ['$Version and $Path', '$Version=1; $Path=/; $postern_token=abc', nothing],
  ['a NBSP before the name', '\u00a0postern_token=abc', nothing],
  ['a NBSP before the name, in UTF-8', '\u00c2\u00a0postern_token=abc', nothing],
  ['a NBSP behind the name', 'postern_token\u00a0=abc', nothing],
  ['U+2000 before the name', '\u2000postern_token=abc', nothing],
  ['U+2000 before the name, in UTF-8', '\u00e2\u0080\u0080postern_token=abc', nothing],
  ['U+FEFF before the name', '\ufeffpostern_token=abc', nothing],
  ['a vertical tab before the name', '\u000bpostern_token=abc', nothing],
  ['a form feed before the name', '\fpostern_token=abc', nothing],
  ['a comma instead of the semicolon', 'a=1, postern_token=abc', nothing],
  ['__proto__ and constructor', '__proto__=abc; constructor=abc', nothing],

  ['identical cookies', 'postern_token=abc; postern_token=abc', 'abc'],
  ['identical cookies, one quoted', 'postern_token=abc; postern_token="abc"', 'abc'],
  ['$Version in front', '$Version=1; postern_token=abc; $Path=/', 'abc'],
  ['a dressed-up one in front', '\u00a0postern_token=evil; postern_token=abc', 'abc'],
  ['an empty name in front', '=evil; =postern_token=evil; postern_token=abc', 'abc'],

  ['two values', 'postern_token=abc; postern_token=abd', malformed],
  ['two values in the other order', 'postern_token=abd; postern_token=abc', malformed],
  ['a third value', 'postern_token=a; postern_token=a; postern_token=b', malformed],
  ['an empty one and another', 'postern_token=; postern_token=abc', malformed],
  ['another and an empty one', 'postern_token=abc; postern_token=', malformed],
  ['two values apart in case', 'postern_token=abc; postern_token=ABC', malformed],
  ['an open quote', 'postern_token="abc', malformed],
  ['a closing quote', 'postern_token=abc"', malformed],
  ['nothing but a quote', 'postern_token="', malformed],
  ['quotes within quotes', 'postern_token=""abc""', malformed],
  ['a space in the value', 'postern_token=a b', malformed],
  ['a space in the quotes', 'postern_token=" abc"', malformed],
  ['a comma in the value', 'postern_token=a,b', malformed],
  ['a backslash in the value', 'postern_token=a\\b', malformed],
  ['a NBSP behind the value', 'postern_token=abc\u00a0', malformed],
  ['UTF-8 in the value', 'postern_token=\u00c3\u00a9', malformed],
  ['a control character in the value', 'postern_token=a\u0001', malformed],
  ['8,193 characters', `postern_token=${'a'.repeat(8_193)}`, malformed],
];

for (const [what, header, found] of cases) {
  test(`a Cookie header with ${what} holds ${outcome(found)}`, () => {
    assert.deepEqual(extract(header), found);
  });
}

function outcome(found: unknown): string {
  if (found === undefined) return 'no credential';
  return isDenial(found) ? 'a malformed credential' : 'the credential';
}

test('a cookie with a prefix is read under exactly that name', () => {
  assert.equal(extract('__Host-token=abc', '__Host-token'), 'abc');
  assert.equal(extract('__host-token=abc; token=abc', '__Host-token'), undefined);
  assert.equal(extract('\u00a0__Host-token=abc', '__Host-token'), undefined);
});

test('a name with characters that mean something elsewhere is compared as it is', () => {
  assert.equal(extract('a.b=1; a+b=2; a|b=3', 'a+b'), '2');
  assert.equal(extract('__proto__=abc', '__proto__'), 'abc');
});

test('the cookie is found among 3,000 others', () => {
  const others = Array.from({ length: 3_000 }, (_, i) => `c${i}=${i}`);
  assert.equal(extract([...others, 'postern_token=abc'].join('; ')), 'abc');
  assert.equal(extract(['postern_token=abc', ...others].join('; ')), 'abc');
  assert.equal(extract(others.join('; ')), undefined);
});

test('32 KB of junk comes to an end', () => {
  for (const part of [' ', '\t', ';', '=', '"', 'a', '; ', ' =', '";', 'a=b;']) {
    const junk = part.repeat(Math.ceil(32_768 / part.length));
    assert.equal(extract(junk), undefined, part);
    assert.equal(extract(`postern_token=abc;${junk}`), 'abc', part);
  }
  assert.deepEqual(extract(`postern_token=a${' '.repeat(32_768)}b`), malformed);
  assert.deepEqual(extract(`postern_token=${'"'.repeat(32_768)}`), malformed);
});

const names = fc.constantFrom('postern_token', 'a', '', ' postern_token', '\u00a0postern_token');
const values = fc.oneof(
  fc.constantFrom('abc', '', '"abc"', '"', 'a b', 'a=b'),
  fc.string({ unit: 'binary' }),
);
const headers = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.tuple(names, values)).map((pairs) => pairs.map((pair) => pair.join('=')).join(';')),
);

test('whatever the header is, a value is printable ASCII or there is none', () => {
  fc.assert(
    fc.property(headers, (header) => {
      const found = extract(header);
      if (typeof found === 'string') assert.match(found, /^[\x21-\x7e]+$/);
      else assert.ok(found === undefined || isDenial(found));
    }),
    { numRuns: 1_000 },
  );
});

test('cookies of other names change nothing, wherever they stand', () => {
  const others = fc.array(fc.stringMatching(/^[a-z]{1,5}=[0-9a-z]{0,5}$/));
  fc.assert(
    fc.property(others, others, headers, (before, after, header) => {
      assert.deepEqual(extract([...before, header, ...after].join(';')), extract(header));
    }),
  );
});

test('a cookie needs an Origin: the browser adds it, whoever wrote the page', () => {
  assert.equal(cookieSource.origin, 'required');
  assert.equal(cookieSource.name, 'cookie');
});
