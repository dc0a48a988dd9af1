import { readFileSync } from 'node:fs';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { parseNetworks } from '../lib/network.ts';
import { lengthEntropy } from '../lib/secret.ts';
import type { Config, LifetimeConfig, SessionConfig } from './config.ts';
import { buildGates } from './gates/gates.ts';
import { buildIssuers } from './jwt/issuers.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { asText, asTexts } from './raw-values.ts';
import type { Report } from './report.ts';
import type { RawConfig } from './schema.ts';
import { buildThrottle } from './throttle.ts';

/**
 * Turns raw settings into the typed configuration. `env` is for settings that name a variable. Faults go to `report`; what is returned then is
 * only good for finding more of them.
 */
export function buildConfig(raw: RawConfig, env: NodeJS.ProcessEnv, report: Report): Config {
  const text = (value: unknown) => asText(value) ?? '';
  const list = (value: unknown) => asTexts(value) ?? [];

  const listen = (path: 'gate.listen' | 'admin.listen', value: unknown): ListenAddress => {
    const address = parseListenAddress(text(value));
    if (address === undefined) {
      report(path, `"${text(value)}" is no address; write host:port, [ipv6]:port or unix:/path`);
    }
    return address ?? { kind: 'tcp', host: '127.0.0.1', port: 0 };
  };
  const ttl = (path: string, value: unknown): number | undefined => {
    if (value === undefined) return undefined;
    const milliseconds = parseDuration(text(value));
    if (milliseconds === undefined) report(path, `${text(value)} is too long; 36500d is the most`);
    const isLife = !path.endsWith('.retention');
    if (milliseconds === 0 && isLife) report(path, 'must be longer than nothing');
    return milliseconds;
  };
  const lifetime = (name: 'tokens' | 'tickets'): LifetimeConfig => {
    const section = raw[name];
    const defaultTtl = ttl(`${name}.default_ttl`, section?.default_ttl) ?? 0;
    const maxTtl = ttl(`${name}.max_ttl`, section?.max_ttl);
    if (maxTtl !== undefined && defaultTtl > maxTtl) {
      report(
        `${name}.default_ttl`,
        `${formatDuration(defaultTtl)} is longer than ${name}.max_ttl (${formatDuration(maxTtl)})`,
      );
    }
    return { defaultTtl, maxTtl, retention: ttl(`${name}.retention`, section?.retention) ?? 0 };
  };

  const trustedProxies = parseNetworks(list(raw.gate?.trusted_proxies));
  if ('invalid' in trustedProxies) {
    report(
      'gate.trusted_proxies',
      `"${trustedProxies.invalid}" is no address, CIDR network, "loopback" or "private"`,
    );
  }
  const gateListen = listen('gate.listen', raw.gate?.listen);
  const adminListen = listen('admin.listen', raw.admin?.listen);
  if (isSameListener(gateListen, adminListen)) {
    report('admin.listen', 'the gate listens there; the admin API needs a listener of its own');
  }
  const tickets = lifetime('tickets');
  return {
    dataDir: text(raw.data_dir),
    gate: {
      listen: gateListen,
      trustedProxies: 'invalid' in trustedProxies ? { includes: () => false } : trustedProxies,
    },
    admin: { listen: adminListen, key: readAdminKey(raw, report) },
    workers: typeof raw.workers === 'number' ? raw.workers : 1,
    ...buildGates(raw, { sessionCookie: text(raw.sessions?.cookie), env, report }),
    assertion: {
      issuer: text(raw.assertion?.issuer),
      ttl: ttl('assertion.ttl', raw.assertion?.ttl) ?? 0,
    },
    tokens: lifetime('tokens'),
    tickets: { ...tickets, maxTtl: tickets.maxTtl ?? tickets.defaultTtl },
    sessions: buildSessions(raw, report, ttl),
    jwtIssuers: buildIssuers(raw.jwt?.issuers, report),
    audit: {
      retention: ttl('audit.retention', raw.audit?.retention) ?? 0,
      denials: raw.audit?.denials !== false,
    },
    throttle: buildThrottle(raw.throttle, report),
    metrics: { public: raw.metrics?.public === true },
    tracing: { enabled: raw.tracing?.enabled === true },
    log: { level: raw.log?.level ?? 'info', format: raw.log?.format ?? 'auto' },
  };
}

function buildSessions(
  raw: RawConfig,
  report: Report,
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

function isSameListener(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  return b.kind === 'tcp' && a.host === b.host && a.port === b.port && a.port !== 0;
}

/** Fewest bits of an admin key: nobody guesses 2^128. */
const adminKeyBits = 128;

function readAdminKey(raw: RawConfig, report: Report): string | undefined {
  const { key: inline, key_file: file } = raw.admin ?? {};
  if (inline !== undefined && file !== undefined) {
    report('admin.key', 'set either admin.key or admin.key_file, not both');
    return undefined;
  }
  const path = file === undefined ? 'admin.key' : 'admin.key_file';
  let key = inline;
  if (typeof file === 'string') {
    try {
      key = readFileSync(file, 'utf8').trim();
    } catch (error) {
      report(path, `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
      return undefined;
    }
  }
  if (typeof key !== 'string') return undefined;
  const bits = lengthEntropy(key);
  if (bits < adminKeyBits || !/^[\x21-\x7e]+$/.test(key)) {
    report(
      path,
      bits < adminKeyBits
        ? `the key has at most ${bits} bits of entropy; ${adminKeyBits} are needed. Make one with: openssl rand -base64 32`
        : 'the key may hold printable ASCII characters without spaces only',
    );
    return undefined;
  }
  return key;
}
