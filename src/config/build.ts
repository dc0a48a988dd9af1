import { type NetworkSet, parseNetworks } from '../lib/network.ts';
import { readAdminKey } from './admin-key.ts';
import type { Config } from './config.ts';
import { buildGates } from './gates/gates.ts';
import { buildIssuers } from './jwt/issuers.ts';
import { readLifetimes, readTtl } from './lifetimes.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { asText, asTexts } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';
import { buildSessions } from './sessions.ts';
import { buildThrottle } from './throttle.ts';

/**
 * Builds the typed configuration from raw settings. Settings may name variables of `env`. Faults go to
 * `report`; after the first, the result serves only to find more of them.
 */
export function buildConfig(raw: RawConfig, env: NodeJS.ProcessEnv, report: ReportFault): Config {
  const text = (value: unknown) => asText(value) ?? '';
  const ttl = (path: string, value: unknown) => readTtl(path, value, report) ?? 0;

  const trustedProxies = readTrustedProxies(raw.gate?.trusted_proxies, report);
  const gateListen = readListenAddress('gate.listen', raw.gate?.listen, report);
  const adminListen = readListenAddress('admin.listen', raw.admin?.listen, report);
  if (isSameListener(gateListen, adminListen)) {
    report('admin.listen', 'the gate listens there; the admin API needs another address');
  }
  const tickets = readLifetimes('tickets', raw.tickets, report);
  return {
    dataDir: text(raw.data_dir),
    gate: { listen: gateListen, trustedProxies },
    admin: { listen: adminListen, key: readAdminKey(raw, report) },
    workers: typeof raw.workers === 'number' ? raw.workers : 1,
    ...buildGates(raw, { sessionCookie: text(raw.sessions?.cookie), env, report }),
    assertion: {
      issuer: text(raw.assertion?.issuer),
      ttl: ttl('assertion.ttl', raw.assertion?.ttl),
    },
    tokens: readLifetimes('tokens', raw.tokens, report),
    tickets: { ...tickets, maxTtl: tickets.maxTtl ?? tickets.defaultTtl },
    sessions: buildSessions(raw, report),
    jwtIssuers: buildIssuers(raw.jwt?.issuers, report),
    audit: {
      retention: ttl('audit.retention', raw.audit?.retention),
      denials: raw.audit?.denials !== false,
    },
    throttle: buildThrottle(raw.throttle, report),
    metrics: { public: raw.metrics?.public === true },
    tracing: { enabled: raw.tracing?.enabled === true },
    log: { level: raw.log?.level ?? 'info', format: raw.log?.format ?? 'auto' },
  };
}

function readTrustedProxies(raw: unknown, report: ReportFault): NetworkSet {
  const networks = parseNetworks(asTexts(raw) ?? []);
  if (!('invalid' in networks)) return networks;
  report(
    'gate.trusted_proxies',
    `"${networks.invalid}" is not an address, a CIDR network, "loopback" or "private"`,
  );
  return { includes: () => false };
}

function readListenAddress(
  path: 'gate.listen' | 'admin.listen',
  raw: unknown,
  report: ReportFault,
): ListenAddress {
  const text = asText(raw) ?? '';
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  report(path, `"${text}" is not an address; write host:port, [ipv6]:port or unix:/path`);
  return { kind: 'tcp', host: '127.0.0.1', port: 0 };
}

function isSameListener(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  return b.kind === 'tcp' && a.host === b.host && a.port === b.port && a.port !== 0;
}
