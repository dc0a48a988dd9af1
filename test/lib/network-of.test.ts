import assert from 'node:assert/strict';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizeAddress } from '../../src/lib/network.ts';
import { networkOf } from '../../src/lib/network-of.ts';

const usual = { ipv4: 32, ipv6: 64 };

for (const [address, lengths, network] of [
  ['203.0.113.7', usual, '203.0.113.7/32'],
  ['203.0.113.7', { ...usual, ipv4: 24 }, '203.0.113.0/24'],
  ['203.0.113.255', { ...usual, ipv4: 25 }, '203.0.113.128/25'],
  ['255.255.255.255', { ...usual, ipv4: 8 }, '255.0.0.0/8'],
  ['::ffff:203.0.113.7', usual, '203.0.113.7/32'],
  ['::ffff:cb00:7107', usual, '203.0.113.7/32'],
  ['0:0:0:0:0:FFFF:cb00:7107', { ...usual, ipv4: 24 }, '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', usual, '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', usual, '2001:db8:1:2::/64'],
  ['2001:db8::1', usual, '2001:db8::/64'],
  ['2001:db8::1', { ...usual, ipv6: 48 }, '2001:db8::/48'],
  ['2001:db8:0:1::1', { ...usual, ipv6: 48 }, '2001:db8::/48'],
  ['2001:db8:ffff:ffff::1', { ...usual, ipv6: 56 }, '2001:db8:ffff:ff00::/56'],
  ['2001:db8::1', { ...usual, ipv6: 128 }, '2001:db8:0:0:0:0:0:1/128'],
  ['2001:db8:1:2:3:4:5:0', { ...usual, ipv6: 128 }, '2001:db8:1:2:3:4:5:0/128'],
  ['::1', usual, '::/64'],
  ['::', { ...usual, ipv6: 128 }, '::/128'],
  ['64:ff9b::192.0.2.1', { ...usual, ipv6: 128 }, '64:ff9b:0:0:0:0:c000:201/128'],
  ['fe80::1%eth0', usual, 'fe80::/64'],
  ['unknown', usual, undefined],
  ['', usual, undefined],
  ['203.0.113.7/32', usual, undefined],
] as const) {
  test(`"${address}" is in ${network} (${lengths.ipv4}, ${lengths.ipv6})`, () => {
    assert.equal(networkOf(address, lengths), network);
  });
}

test('the network of an address holds it, and is that of every address in it', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  const length = (bits: number) => fc.integer({ min: 8, max: bits });
  fc.assert(
    fc.property(address, length(32), length(128), (text, ipv4, ipv6) => {
      const network = networkOf(text, { ipv4, ipv6 }) ?? '';
      const [base = '', prefix] = network.split('/');
      const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
      const list = new BlockList();
      list.addSubnet(base, Number(prefix), family);
      assert.ok(list.check(normalizeAddress(text) ?? '', family), `${text} in ${network}`);
      assert.equal(networkOf(base, { ipv4, ipv6 }), network);
      assert.ok(family === 'ipv4' || isIPv6(base));
    }),
  );
});
