import { BlockList, isIP } from 'node:net';
import { memoize } from './memo.ts';

/** Named sets of networks. */
const namedNetworks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 1918, RFC 4193 and link-local addresses: what container networks and home networks use.
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    'fc00::/7',
    'fe80::/10',
  ],
};

/** A set of IP networks. */
export interface NetworkSet {
  /** True when the address (IPv4, IPv6 or IPv4-mapped IPv6) lies in one of the networks. */
  includes(address: string): boolean;
}

/**
 * Parses addresses, CIDR networks and the names `loopback` and `private`. Returns the first invalid word as
 * `{ invalid }`.
 */
export function parseNetworks(words: readonly string[]): NetworkSet | { readonly invalid: string } {
  const list = new BlockList();
  for (const word of words) {
    for (const network of (Object.hasOwn(namedNetworks, word) && namedNetworks[word]) || [word]) {
      if (!addNetwork(list, network)) return { invalid: word };
    }
  }
  return {
    includes: memoize((address) => {
      const plain = normalizeAddress(address);
      return plain !== undefined && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
    }),
  };
}

/**
 * Normalizes an IP address: IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2) becomes IPv4, and the zone of an
 * IPv6 address is removed. Undefined when the text is no address.
 */
export function normalizeAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 4) return text;
  if (version === 0) return undefined;
  const address = text.replace(/%.*$/s, '').toLowerCase();
  const dotted = /^(?:0{0,4}:){1,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] =
    /^(?:0{0,4}:){1,5}:?ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

function addNetwork(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  const bits = version === 4 ? 32 : 128;
  if (prefix === undefined) {
    list.addAddress(address, version === 4 ? 'ipv4' : 'ipv6');
    return true;
  }
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return false;
  list.addSubnet(address, Number(prefix), version === 4 ? 'ipv4' : 'ipv6');
  return true;
}
