import { formatDuration } from '../lib/duration.ts';
import type { SessionConfig } from './config.ts';
import { asText } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';

export function buildSessions(
  raw: RawConfig,
  report: ReportFault,
  ttl: (path: string, value: unknown) => number | undefined,
): SessionConfig {
  const section = raw.sessions ?? {};
  const cookieName = asText(section.cookie) ?? '';
  const sameSite = section.same_site ?? 'lax';
  const partitioned = section.partitioned === true;
  if (cookieName.startsWith('__Host-') && section.domain !== undefined) {
    report(
      'sessions.domain',
      'browsers refuse a cookie named __Host-… with a domain; set sessions.cookie to __Secure-postern, for example',
    );
  }
  if (partitioned && sameSite !== 'none') {
    report('sessions.partitioned', 'needs sessions.same_site: none');
  }
  const life = ttl('sessions.ttl', section.ttl) ?? 0;
  const maxTtl = ttl('sessions.max_ttl', section.max_ttl) ?? 0;
  if (maxTtl < life) {
    report('sessions.max_ttl', `is shorter than sessions.ttl (${formatDuration(life)})`);
  }
  const { max_per_token: maxPerToken = 200, max_per_subject: maxPerSubject = 2_000 } = section;
  if (maxPerSubject < maxPerToken) {
    report('sessions.max_per_subject', `is less than sessions.max_per_token (${maxPerToken})`);
  }
  return {
    cookieName,
    ttl: life,
    expiry: section.expiry ?? 'fixed',
    maxTtl,
    retention: ttl('sessions.retention', section.retention) ?? 0,
    maxPerToken,
    maxPerSubject,
    sameSite,
    domain: section.domain,
    partitioned,
  };
}
