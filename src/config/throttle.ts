import { formatDuration, parseDuration } from '../lib/duration.ts';
import { parseNetworks } from '../lib/network.ts';
import type { ThrottleConfig } from './config.ts';
import { asMap, asText, asTexts } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';

/** Limit on `window`: a throttled network takes half of one to recover. */
const maxWindow = 24 * 3_600_000;

/** Builds `throttle`. Faults go to `report`. */
export function buildThrottle(section: unknown, report: ReportFault): ThrottleConfig {
  const raw = asMap(section);
  const window = parseDuration(asText(raw.window) ?? '') ?? maxWindow + 1;
  if (window === 0) report('throttle.window', 'must be longer than 0');
  if (window > maxWindow) {
    report('throttle.window', `the maximum is ${formatDuration(maxWindow)}`);
  }
  const words = asTexts(raw.exempt) ?? [];
  const exempt = parseNetworks(words);
  if ('invalid' in exempt) {
    report(
      'throttle.exempt',
      `"${exempt.invalid}" is not an address, a CIDR network, "loopback" or "private"`,
    );
  }
  const number = (value: unknown) => (typeof value === 'number' ? value : 1);
  return {
    enabled: raw.enabled !== false,
    failures: number(raw.failures),
    window,
    prefixLengths: { ipv4: number(raw.ipv4_prefix), ipv6: number(raw.ipv6_prefix) },
    exempt: words.length === 0 || 'invalid' in exempt ? undefined : exempt,
    persist: raw.persist === true,
  };
}
