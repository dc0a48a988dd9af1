import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { querySource } from '../../src/credentials/query.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

function extract(query: string | undefined, ...names: string[]) {
  const gate = aGate(names.length === 0 ? {} : { queryNames: names });
  const found = querySource.extract(aHandshake({ query }), gate);
  return found === undefined || isDenial(found) ? found : found.value;
}

const nothing = undefined;
const malformed = deny('malformed_credential');

const cases: readonly [what: string, query: string | undefined, found: unknown][] = [
  ['no query', undefined, nothing],
  ['an empty query', '', nothing],
  ['the parameter alone', 'token=abc', 'abc'],
  ['the parameter among others', 'a=1&token=abc&b=2', 'abc'],
  ['empty parameters around', '&&token=abc&&', 'abc'],
  ['a value with = in it', 'token=a=b==', 'a=b=='],
  ['a value with ? in it', 'token=a?b', 'a?b'],
  ['a plus, which is no space in a token', 'token=a+b', 'a+b'],
  ['a percent-encoded value', 'token=%61b%63', 'abc'],
  ['a percent-encoded & in the value', 'token=a%26token=b', 'a&token=b'],
  ['a value encoded twice, which is decoded once', 'token=%2561', '%61'],
  ['a percent-encoded name', '%74oken=abc', 'abc'],
  ['a name encoded in full', '%74%6F%6b%65%6E=abc', 'abc'],
  ['8,192 characters', `token=${'a'.repeat(8_192)}`, 'a'.repeat(8_192)],

  ['other parameters only', 'a=1&b=2', nothing],
  ['an empty value', 'token=', nothing],
  ['the name without =', 'token', nothing],
  ['a longer name', 'tokens=abc', nothing],
  ['a longer name in front', 'xtoken=abc', nothing],
  ['another case', 'Token=abc', nothing],
  ['a name encoded twice', '%2574oken=abc', nothing],
  ['a name in broken encoding', '%7token=abc&%ztoken=abc&token%=abc', nothing],
  ['an empty name', '=abc&=token=abc', nothing],
  ['a plus before the name', '+token=abc', nothing],
  ['an encoded space before the name', '%20token=abc', nothing],
  ['an encoded NUL behind the name', 'token%00=abc', nothing],
  ['an encoded NBSP before the name', '%c2%a0token=abc', nothing],
  ['brackets behind the name', 'token[]=abc&token%5B0%5D=abc', nothing],
  ['semicolons instead of &', 'a=1;token=abc', nothing],
  ['an encoded & in front', 'a=1%26token=abc', nothing],
  ['__proto__ and constructor', '__proto__=abc&constructor=abc', nothing],

  ['the parameter twice', 'token=abc&token=abd', malformed],
  ['the parameter twice, the other way round', 'token=abd&token=abc', malformed],
  ['the parameter twice with one value', 'token=abc&token=abc', malformed],
  ['the parameter twice, once encoded', 'token=abc&%74oken=abc', malformed],
  ['an empty parameter and another', 'token=&token=abc', malformed],
  ['another and an empty parameter', 'token=abc&token', malformed],
  ['an empty parameter twice', 'token&token', malformed],
  ['broken encoding', 'token=%', malformed],
  ['half an encoded octet', 'token=abc%6', malformed],
  ['what is no hexadecimal digit', 'token=%6g', malformed],
  ['encoded octets that are no UTF-8', 'token=%ff', malformed],
  ['an overlong encoding', 'token=%c1%a1', malformed],
  ['an encoded space', 'token=a%20b', malformed],
  ['an encoded line feed', 'token=a%0d%0ab', malformed],
  ['an encoded line feed at the end', 'token=abc%0a', malformed],
  ['an encoded NUL', 'token=abc%00', malformed],
  ['encoded UTF-8', 'token=%C3%A9', malformed],
  ['raw octets beyond ASCII', 'token=\u00c3\u00a9', malformed],
  ['8,193 characters', `token=${'a'.repeat(8_193)}`, malformed],
];

for (const [what, query, found] of cases) {
  test(`a query with ${what} holds ${outcome(found)}`, () => {
    assert.deepEqual(extract(query), found);
  });
}

function outcome(found: unknown): string {
  if (found === undefined) return 'no credential';
  return isDenial(found) ? 'a malformed credential' : 'the credential';
}

test('the parameter has the name that the gate gave it', () => {
  assert.equal(extract('token=abc&ticket=abd', 'ticket'), 'abd');
  assert.equal(extract('a.b=1&a-b=2&axb=3', 'a.b'), '1');
  assert.equal(extract('__proto__=abc', '__proto__'), 'abc');
});

test('the parameter is found among 3,000 others', () => {
  const others = Array.from({ length: 3_000 }, (_, i) => `p${i}=${i}`);
  assert.equal(extract([...others, 'token=abc'].join('&')), 'abc');
  assert.equal(extract(['token=abc', ...others].join('&')), 'abc');
  assert.equal(extract(others.join('&')), undefined);
});

test('32 KB of junk comes to an end', () => {
  for (const part of ['&', '=', '%', '%20', '%zz', 'a', '&=', '%&', '+', '\u00e9']) {
    const junk = part.repeat(Math.ceil(32_768 / part.length));
    assert.equal(extract(junk), undefined, part);
    assert.equal(extract(`token=abc&${junk}`), 'abc', part);
  }
});

const queries = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'token',
        '%74oken',
        '=',
        '&',
        'a',
        'abc',
        '%',
        '%61',
        '%0a',
        '%ff',
        '%c3%a9',
        '+',
        ' ',
      ),
    )
    .map((parts) => parts.join('')),
);

test('whatever the query is, a value is printable ASCII or there is none', () => {
  fc.assert(
    fc.property(queries, (query) => {
      const found = extract(query);
      if (typeof found === 'string') assert.match(found, /^[\x21-\x7e]+$/);
      else assert.ok(found === undefined || isDenial(found));
    }),
    { numRuns: 1_000 },
  );
});

test('a value is found however it is percent-encoded', () => {
  const value = fc
    .string({ unit: 'grapheme-ascii', minLength: 1 })
    .filter((text) => !/ /.test(text));
  const encode = (text: string, all: boolean) =>
    [...text]
      .map((c) => (all || /[%&#]/.test(c) ? `%${c.charCodeAt(0).toString(16)}` : c))
      .join('');
  fc.assert(
    fc.property(value, fc.boolean(), fc.boolean(), (value, allOfName, allOfValue) => {
      const query = `a=1&${encode('token', allOfName)}=${encode(value, allOfValue)}&b=2`;
      assert.equal(extract(query), value);
    }),
  );
});

test('parameters of other names change nothing, wherever they stand', () => {
  const others = fc.array(fc.stringMatching(/^[a-s]{1,5}(=[0-9a-z%]{0,5})?$/));
  fc.assert(
    fc.property(others, others, queries, (before, after, query) => {
      assert.deepEqual(extract([...before, query, ...after].join('&')), extract(query));
    }),
  );
});

test('a query token needs no Origin: a page had to hold it', () => {
  assert.equal(querySource.origin, 'none');
  assert.equal(querySource.name, 'query');
});
