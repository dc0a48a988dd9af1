import { normalizeAddress, parseNetworks } from '../../src/lib/network.ts';
import { expect, type Target } from '../target.ts';

const words = [
  ...['10.0.0.0/8', '192.168.1.7', '::1', 'fe80::/10', '::ffff:10.1.2.3', 'loopback', 'private'],
  ...['::ffff:a01:203', '0:0:0:0:0:ffff:10.1.2.3', 'fe80::1%eth0', '0.0.0.0/0', '::/0', '/33', '1'],
  ...['::1.2.3.4', '10.0.0.0/08', '2001:DB8::1', '255.255.255.255/32', '010.1.1.1'],
];

/** First line: an address. Then the words of a set. */
export const network: Target = {
  seeds: [
    '10.1.2.3\n10.0.0.0/8',
    '::ffff:10.1.2.3\nprivate',
    '::ffff:a01:203\n10.0.0.0/8',
    'fe80::1%eth0\nfe80::/10',
    '127.0.0.1\nloopback\n::/0',
    'x\ny',
  ],
  words: [...words, '\n', '/', ':', '.', '0', 'ffff'],
  longest: 16_384,
  generate: (random) =>
    Array.from({ length: 2 + random.below(3) }, () => random.pick(words)).join('\n'),
  run(text) {
    const [address = '', ...lines] = text.split('\n');
    const plain = normalizeAddress(address);
    if (plain !== undefined) {
      expect(normalizeAddress(plain) === plain, 'an address in its usual form stays so', plain);
      expect(!/[%A-F]/.test(plain), 'it has no zone and no capitals', plain);
    }
    const set = parseNetworks(lines);
    if ('invalid' in set) {
      expect(lines.includes(set.invalid), 'the fault is one of the words', set.invalid);
      return 'invalid set';
    }
    const isIn = set.includes(address);
    expect(set.includes(address) === isIn, 'a set does not change its mind');
    if (plain === undefined) {
      expect(!isIn, 'what is no address is in no set');
      return 'no address';
    }
    const told = lines.some((line) => named(line).some((one) => lies(plain, one)));
    expect(isIn === told, 'the bits decide', { plain, lines });
    return isIn ? 'in' : 'not in';
  },
};

function named(word: string): string[] {
  if (word === 'loopback') return ['127.0.0.0/8', '::1/128'];
  if (word !== 'private') return [word];
  const own = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'];
  return [...own, 'fc00::/7', 'fe80::/10'];
}

/** By arithmetic, and not by Node's own lists. */
function lies(address: string, network: string): boolean {
  const [base = '', prefix] = network.split('/');
  const [a, b] = [toNumber(address), toNumber(base.replace(/%.*$/, ''))];
  const length = Number(prefix ?? b.bits);
  // An IPv4 address lies in the networks of IPv6 that hold its mapped form, and the other way round.
  const isMapped = b.value >> 32n === 0xffffn && b.bits === 128;
  if (a.bits === 32 && b.bits === 128 && (isMapped || length < 96)) {
    return (a.value | (0xffffn << 32n)) >> BigInt(128 - length) === b.value >> BigInt(128 - length);
  }
  if (a.bits !== b.bits) return false;
  return a.value >> BigInt(a.bits - length) === b.value >> BigInt(b.bits - length);
}

function toNumber(address: string): { value: bigint; bits: number } {
  if (!address.includes(':')) return { value: fold(address.split('.'), 10, 8), bits: 32 };
  const dotted = /[^:]*\.[^:]*$/.exec(address)?.[0];
  const tail = dotted === undefined ? undefined : fold(dotted.split('.'), 10, 8);
  const text =
    tail === undefined
      ? address
      : address.replace(/[^:]*$/, `${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`);
  const [head = '', rest] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = rest === undefined ? 0 : 8 - left.length - right.length;
  return { value: fold([...left, ...Array(zeros).fill('0'), ...right], 16, 16), bits: 128 };
}

function fold(parts: readonly string[], base: 10 | 16, bits: number): bigint {
  return parts.reduce(
    (sum, part) => (sum << BigInt(bits)) | BigInt(Number.parseInt(part, base)),
    0n,
  );
}
