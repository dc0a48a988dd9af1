import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizeAddress, parseNetworks } from '../../src/lib/network.ts';

function includes(words: string[], address: string): boolean {
  const networks = parseNetworks(words);
  if ('invalid' in networks) throw new Error(`${networks.invalid} cannot be read`);
  return networks.includes(address);
}

const cases: readonly { words: string[]; inside: string[]; outside: string[] }[] = [
  {
    words: ['loopback'],
    inside: ['127.0.0.1', '127.255.255.255', '::1', '::ffff:127.0.0.1', '::FFFF:127.9.9.9'],
    outside: ['128.0.0.1', '::2', '10.0.0.1', '::ffff:10.0.0.1'],
  },
  {
    words: ['private'],
    inside: [
      ...['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
      ...['169.254.1.1', 'fc00::1', 'fdff::1', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
      ...['::ffff:192.168.1.1', '::ffff:c0a8:101'],
    ],
    outside: [
      ...['127.0.0.1', '172.15.255.255', '172.32.0.0', '192.167.1.1', '192.169.0.0', '11.0.0.0'],
      ...['::1', 'fbff::1', 'fe00::1', 'fec0::1', '2001:db8::1', '::ffff:8.8.8.8'],
    ],
  },
  {
    words: ['192.0.2.7'],
    inside: ['192.0.2.7', '::ffff:192.0.2.7'],
    outside: ['192.0.2.6', '192.0.2.8', '::c000:207'],
  },
  {
    words: ['198.51.100.64/26'],
    inside: ['198.51.100.64', '198.51.100.127'],
    outside: ['198.51.100.63', '198.51.100.128'],
  },
  {
    words: ['198.51.100.77/26'],
    inside: ['198.51.100.64', '198.51.100.127'],
    outside: ['198.51.100.63'],
  },
  { words: ['0.0.0.0/0'], inside: ['8.8.8.8', '::ffff:8.8.8.8'], outside: ['2001:db8::1'] },
  { words: ['192.0.2.1/32'], inside: ['192.0.2.1'], outside: ['192.0.2.0'] },
  {
    words: ['2001:DB8::/32'],
    inside: ['2001:db8::1', '2001:DB8:ffff::', '2001:0db8:0:0:0:0:0:1'],
    outside: ['2001:db9::', '2001:db7:ffff::', '32.1.13.184'],
  },
  { words: ['2001:db8::1/128'], inside: ['2001:db8::1'], outside: ['2001:db8::2'] },
  { words: ['::/0'], inside: ['::1', '2001:db8::1'], outside: [] },
  {
    words: ['192.0.2.1', 'loopback', '2001:db8::/32'],
    inside: ['192.0.2.1', '127.0.0.1', '2001:db8::5'],
    outside: ['192.0.2.2'],
  },
  { words: [], inside: [], outside: ['127.0.0.1', '::1'] },
];

for (const { words, inside, outside } of cases) {
  test(`the networks [${words.join(', ')}] hold their addresses and no others`, () => {
    assert.deepEqual(
      inside.filter((address) => !includes(words, address)),
      [],
      'missing',
    );
    assert.deepEqual(
      outside.filter((address) => includes(words, address)),
      [],
      'too many',
    );
  });
}

test('what is no address lies in no network', () => {
  const everything = ['0.0.0.0/0', '::/0'];
  const texts = [
    '',
    'localhost',
    'unix:',
    '127.0.0.1:80',
    '[::1]',
    ' 127.0.0.1',
    '127.1',
    '1.2.3.4.5',
  ];
  for (const text of texts) assert.equal(includes(everything, text), false, text);
});

test('a word that is no network is named', () => {
  const words = [
    ...['', 'localhost', 'Loopback', 'app.example.com', '*', '10', '10.0.0', '10.0.0.0/33'],
    ...['10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0 /8', '10.0.0.0/ 8'],
    ...['010.0.0.1', '256.0.0.1', '10.0.0.0/255.0.0.0', '/8', '::/129', '::g', '[::1]', '1:2'],
    ...['fe80::/1e1', '10.0.0.1-10.0.0.9', '10.0.0.1,10.0.0.2'],
  ];
  for (const word of words) {
    assert.deepEqual(parseNetworks(['loopback', word, 'also wrong']), { invalid: word });
  }
});

test('a network with the name of a property that every object has is refused', () => {
  for (const word of ['__proto__', 'constructor', 'toString']) {
    assert.deepEqual(parseNetworks([word]), { invalid: word });
  }
});

const addresses: readonly [text: string, plain: string | undefined][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:DB8::A', '2001:db8::a'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:FFFF:C000:0201', '192.0.2.1'],
  ['::ffff:192.0.2.1%eth0', '192.0.2.1'],
  ['::fffe:c000:201', '::fffe:c000:201'],
  ['192.0.2.1%eth0', undefined],
  ['', undefined],
  ['::ffff:300.0.2.1', undefined],
  ['a', undefined],
  ['192.0.2.1, 192.0.2.2', undefined],
  ['192.0.2.1:80', undefined],
  ['[2001:db8::a]', undefined],
  ['192.0.2.1\n', undefined],
  ['0x7f000001', undefined],
  ['2130706433', undefined],
];

for (const [text, plain] of addresses) {
  test(`normalizeAddress reads ${JSON.stringify(text)} as ${plain ?? 'no address'}`, () => {
    assert.equal(normalizeAddress(text), plain);
  });
}

test('an IPv4 network holds an address when its leading bits agree', () => {
  const bits = (address: string) =>
    address
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
  // Few octets, so that addresses often agree.
  const address = fc
    .array(fc.constantFrom(0, 1, 127, 128, 254, 255), { minLength: 4, maxLength: 4 })
    .map((octets) => octets.join('.'));
  fc.assert(
    fc.property(address, address, fc.nat(32), (network, other, prefix) => {
      const agree = bits(network).slice(0, prefix) === bits(other).slice(0, prefix);
      assert.equal(includes([`${network}/${prefix}`], other), agree);
      assert.equal(includes([`${network}/${prefix}`], `::ffff:${other}`), agree);
    }),
  );
});

test('normalizeAddress changes nothing when applied again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      const plain = normalizeAddress(text);
      if (plain !== undefined) assert.equal(normalizeAddress(plain), plain);
    }),
  );
});
