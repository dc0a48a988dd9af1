import { formatDuration } from '../lib/duration.ts';
import type { SessionConfig } from './config.ts';
import { readTtl } from './lifetimes.ts';
import { asText } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';

/** Builds `sessions`. Faults go to `report`. */
export function buildSessions(raw: RawConfig, report: ReportFault): SessionConfig {
  const section = raw.sessions ?? {};
  const ttl = (name: 'ttl' | 'max_ttl' | 'retention') =>
    readTtl(`sessions.${name}`, section[name], report) ?? 0;
  const cookieName = asText(section.cookie) ?? '';
  const sameSite = section.same_site ?? 'lax';
  const partitioned = section.partitioned === true;
  if (cookieName.startsWith('__Host-') && section.domain !== undefined) {
    report(
      'sessions.domain',
      'browsers reject a cookie named __Host-… with a domain; set sessions.cookie to __Secure-postern, for example',
    );
  }
  if (partitioned && sameSite !== 'none') {
    report('sessions.partitioned', 'needs sessions.same_site: none');
  }
  const lifetime = ttl('ttl');
  const maxTtl = ttl('max_ttl');
  if (maxTtl < lifetime) {
    report('sessions.max_ttl', `is shorter than sessions.ttl (${formatDuration(lifetime)})`);
  }
  const { max_per_token: maxPerToken = 200, max_per_subject: maxPerSubject = 2_000 } = section;
  if (maxPerSubject < maxPerToken) {
    report('sessions.max_per_subject', `is less than sessions.max_per_token (${maxPerToken})`);
  }
  return {
    cookieName,
    ttl: lifetime,
    expiry: section.expiry ?? 'fixed',
    maxTtl,
    retention: ttl('retention'),
    maxPerToken,
    maxPerSubject,
    sameSite,
    domain: section.domain,
    partitioned,
  };
}
