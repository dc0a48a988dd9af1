import { isIP } from 'node:net';
import { plainAddress } from './network.ts';
import { addressGroups } from './network-of.ts';

/**
 * The network that an address is taken to come from with its neighbours: /24 for IPv4 and /64 for IPv6,
 * what one customer of a provider gets at least. Undefined when the text is no address.
 */
export function clientNetwork(address: string): string | undefined {
  const plain = plainAddress(address);
  if (plain === undefined) return undefined;
  if (isIP(plain) === 4) return plain.replace(/\d+$/, '0/24');
  const groups = addressGroups(plain).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}
