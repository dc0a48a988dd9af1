import { formatDuration, parseDuration } from '../lib/duration.ts';
import { parseNetworks } from '../lib/network.ts';
import { readAdminKey } from './admin-key.ts';
import type { Config, LifetimeConfig } from './config.ts';
import { buildGates } from './gates/gates.ts';
import { buildIssuers } from './jwt/issuers.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { asText, asTexts } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';
import { buildSessions } from './sessions.ts';
import { buildThrottle } from './throttle.ts';

/**
 * Turns raw settings into the typed configuration. `env` is for settings that name a variable. Faults go to `report`; what is returned then is
 * only good for finding more of them.
 */
export function buildConfig(raw: RawConfig, env: NodeJS.ProcessEnv, report: ReportFault): Config {
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

function isSameListener(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  return b.kind === 'tcp' && a.host === b.host && a.port === b.port && a.port !== 0;
}
