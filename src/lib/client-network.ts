import { isIP } from 'node:net';
import { normalizeAddress } from './network.ts';
import { addressGroups } from './network-of.ts';

/**
 * The network of an address for grouping clients: /24 for IPv4, and /64 for IPv6, the least that a provider
 * assigns to one customer. Undefined when the text is no address.
 */
export function clientNetwork(address: string): string | undefined {
  const plain = normalizeAddress(address);
  if (plain === undefined) return undefined;
  if (isIP(plain) === 4) return plain.replace(/\d+$/, '0/24');
  const groups = addressGroups(plain).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}
