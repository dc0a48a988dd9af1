import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { apiKeySource } from '../../src/credentials/api-key.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

const malformed = deny('malformed_credential');

const extract = (apiKey: string | undefined) =>
  apiKeySource.extract(aHandshake({ apiKey }), aGate());

const cases: readonly [header: string | undefined, found: unknown][] = [
  [undefined, undefined],
  ['', undefined],
  [' \t', undefined],
  ['abc', { value: 'abc' }],
  [' \tabc ', { value: 'abc' }],
  ['a=b,c;d', { value: 'a=b,c;d' }],
  ['a b', malformed],
  ['Bearer abc', malformed],
  // Two lines of the header, as nginx joins them.
  ['abc, abc', malformed],
  ['abc, def', malformed],
  ['abc\u00a0', malformed],
  ['a\tb', malformed],
  ['a\u0000b', malformed],
  ['ü', malformed],
  ['a'.repeat(8_192), { value: 'a'.repeat(8_192) }],
  ['a'.repeat(8_193), malformed],
];

for (const [header, found] of cases) {
  test(`as X-Api-Key: ${JSON.stringify(header?.slice(0, 40))} (${header?.length ?? 0})`, () => {
    assert.deepEqual(extract(header), found);
  });
}

test('no header throws, and what is found is the printable header itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (header) => {
      const found = extract(header);
      if (found === undefined || isDenial(found)) return;
      assert.match(found.value, /^[\x21-\x7e]+$/);
      assert.ok(header.includes(found.value));
    }),
  );
});
