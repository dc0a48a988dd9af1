import { isIP } from 'node:net';
import { normalizeAddress } from './network.ts';

/** Prefix lengths in bits. */
export interface PrefixLengths {
  readonly ipv4: number;
  readonly ipv6: number;
}

/**
 * The network of an address in canonical form: `203.0.113.0/24`, `2001:db8:0:7::/64`. IPv4-mapped
 * addresses count as IPv4. Undefined when the text is no address.
 */
export function networkOf(address: string, lengths: PrefixLengths): string | undefined {
  const plain = normalizeAddress(address);
  if (plain === undefined) return undefined;
  const isV4 = isIP(plain) === 4;
  const [parts, size] = isV4 ? [plain.split('.').map(Number), 8] : [addressGroups(plain), 16];
  const length = isV4 ? lengths.ipv4 : lengths.ipv6;
  const masked = parts.map((part, index) => {
    const kept = Math.min(Math.max(length - index * size, 0), size);
    return part & (((1 << kept) - 1) << (size - kept));
  });
  return `${isV4 ? masked.join('.') : renderGroups(masked)}/${length}`;
}

/** The eight 16-bit groups of an IPv6 address (RFC 4291, section 2.2). */
export function addressGroups(address: string): number[] {
  const [head = [], tail] = address.split('::').map(readGroups);
  if (tail === undefined) return head;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Abbreviates the trailing zeros that the mask leaves. */
function renderGroups(groups: readonly number[]): string {
  const end = groups.findLastIndex((group) => group !== 0) + 1;
  const text = groups.slice(0, end).map((group) => group.toString(16));
  return end === 8 ? text.join(':') : end === 7 ? `${text.join(':')}:0` : `${text.join(':')}::`;
}

function readGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
