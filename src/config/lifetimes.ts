import { formatDuration, parseDuration } from '../lib/duration.ts';
import type { LifetimeConfig } from './config.ts';
import { asText } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';

/** Reads a lifetime (longer than zero), or a retention (zero is allowed), in milliseconds. */
export function readTtl(path: string, value: unknown, report: ReportFault): number | undefined {
  if (value === undefined) return undefined;
  const text = asText(value) ?? '';
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) report(path, `${text} is too long; the maximum is 36500d`);
  const isLifetime = !path.endsWith('.retention');
  if (milliseconds === 0 && isLifetime) report(path, 'must be longer than 0');
  return milliseconds;
}

/** Builds `tokens` or `tickets`. */
export function readLifetimes(
  name: 'tokens' | 'tickets',
  section: RawConfig['tokens'],
  report: ReportFault,
): LifetimeConfig {
  const defaultTtl = readTtl(`${name}.default_ttl`, section?.default_ttl, report) ?? 0;
  const maxTtl = readTtl(`${name}.max_ttl`, section?.max_ttl, report);
  if (maxTtl !== undefined && defaultTtl > maxTtl) {
    report(
      `${name}.default_ttl`,
      `${formatDuration(defaultTtl)} is longer than ${name}.max_ttl (${formatDuration(maxTtl)})`,
    );
  }
  const retention = readTtl(`${name}.retention`, section?.retention, report) ?? 0;
  return { defaultTtl, maxTtl, retention };
}
