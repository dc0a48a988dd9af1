import { isIPv6 } from 'node:net';
import { describe } from '../analysis.ts';
import type { Rule } from '../rule.ts';

/** Shorter prefixes are no network of anybody's: 10.0.0.0/8 and fc00::/7 are the largest that are private. */
const shortest = { ipv4: 8, ipv6: 7 } as const;

/** Everybody may say which address they come from. */
export const believedAddress: Rule = {
  code: 'PD040',
  title: 'Clients choose the address that they come from',
  severities: ['warning'],
  *find({ guarded }) {
    for (const { location, authRequest } of guarded) {
      for (const line of location.effective('set_real_ip_from')) {
        if (!isEverybody(line.args[0] ?? '')) continue;
        const header = location.value('real_ip_header')?.[0] ?? 'X-Real-IP';
        if (header === 'proxy_protocol') continue;
        yield {
          severity: 'warning',
          at: line,
          about: describe(location),
          because: authRequest === undefined ? [] : [authRequest],
          meaning: `Whoever connects is believed when ${header} names an address, and $remote_addr is that address from then on: for the networks that an auth service trusts, for its counts of attempts, and in every log.`,
          change:
            'Name the addresses of your own proxies alone. If only they can reach nginx at all, say so in the reason of an allowance.',
        };
      }
    }
  },
};

function isEverybody(text: string): boolean {
  const [address = '', prefix] = text.split('/');
  if (prefix === undefined) return false;
  return Number(prefix) < (isIPv6(address) ? shortest.ipv6 : shortest.ipv4);
}
