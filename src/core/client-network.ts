import { isIP } from 'node:net';
import { plainAddress } from './network.ts';

/**
 * The network that an address is taken to come from with its neighbours: /24 for IPv4 and /64 for IPv6,
 * what one customer of a provider gets at least. Undefined when the text is no address.
 */
export function clientNetwork(address: string): string | undefined {
  const plain = plainAddress(address);
  if (plain === undefined) return undefined;
  if (isIP(plain) === 4) return plain.replace(/\d+$/, '0/24');
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  // An IPv4 address at the end stands for two groups.
  const length = groups.length + rest.length + (plain.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - length }, () => '0');
  const first = [...groups, ...zeros, ...rest].slice(0, 4);
  return `${first.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
