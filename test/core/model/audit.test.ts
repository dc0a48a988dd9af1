import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AuditEntry,
  encodeRecord,
  genesisHash,
  toStoredFields,
} from '../../../src/core/model/audit.ts';
import { clientNetwork } from '../../../src/lib/client-network.ts';

const text = fc.option(fc.string({ unit: 'binary' }), { nil: null });
const record = fc.record({
  seq: fc.nat(),
  at: fc.nat(),
  event: fc.string(),
  actor: fc.string(),
  tokenId: text,
  kind: text,
  subject: text,
  gate: text,
  reason: text,
  client: text,
  requestId: text,
  count: fc.option(fc.nat(), { nil: null }),
  details: text,
  previous: fc.string(),
});

test('two entries that differ in anything are encoded differently', () => {
  fc.assert(
    fc.property(
      record,
      record,
      fc.constantFrom('seq', 'subject', 'gate', 'count'),
      (a, b, name) => {
        const isSame = JSON.stringify(a) === JSON.stringify({ ...a, ...pick(b, name) });
        const other = encodeRecord({ ...a, ...pick(b, name) });
        assert.equal(encodeRecord(a) === other, isSame);
      },
    ),
  );
});

function pick(from: object, name: string): object {
  return { [name]: Reflect.get(from, name) };
}

test('moving text from one field to the next changes the encoding', () => {
  const base = { ...toStoredFields({ at: 1, event: 'issue', actor: { name: 'a' } }), seq: 1 };
  const encode = (subject: string | null, gate: string | null) =>
    encodeRecord({ ...base, previous: genesisHash, subject, gate });
  const all = [
    encode('ab', 'c'),
    encode('a', 'bc'),
    encode('abc', null),
    encode(null, 'abc'),
    encode('abc', ''),
    encode('null', null),
    encode('a","b', null),
    encode('a', 'b'),
  ];
  assert.equal(new Set(all).size, all.length);
});

test('details are the same text in whatever order they come, and without what is not there', () => {
  const details = (entry: AuditEntry['details']) =>
    toStoredFields({ at: 1, event: 'issue', actor: { name: 'a' }, details: entry }).details;
  assert.equal(details({ b: 1, a: ['x', 'y'], c: undefined }), '{"a":["x","y"],"b":1}');
  assert.equal(details({ a: ['x', 'y'], b: 1 }), '{"a":["x","y"],"b":1}');
  assert.equal(details({ c: undefined }), null);
  assert.equal(details(undefined), null);
});

test('a long text is cut, so that no entry is large', () => {
  const { subject, details } = toStoredFields({
    ...{ at: 1, event: 'issue', actor: { name: 'a' } },
    subject: 'x'.repeat(10_000),
    details: { label: 'y'.repeat(10_000) },
  } as AuditEntry);
  assert.equal(subject, `${'x'.repeat(511)}…`);
  assert.equal(details, JSON.stringify({ label: `${'y'.repeat(511)}…` }));
});

const networks: readonly (readonly [string, string | undefined])[] = [
  ['203.0.113.7', '203.0.113.0/24'],
  ['::ffff:203.0.113.7', '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:1::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['no address', undefined],
  ['', undefined],
];

for (const [address, network] of networks) {
  test(`the network of "${address}" is ${network ?? 'not known'}`, () => {
    assert.equal(clientNetwork(address), network);
  });
}
