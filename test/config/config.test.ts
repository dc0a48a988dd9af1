import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import { identityHeaders } from '../../src/core/gate/gate.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';

const day = 86_400_000;
type Environment = Record<string, string>;

function loadYaml(t: TestContext, yaml: string, env: Environment = {}): LoadedConfig {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env });
}

/** A configuration as far as it can be compared. */
function plain({ gate, defaultGate: { settings: _settings, ...defaultGate }, ...rest }: Config) {
  return {
    ...rest,
    defaultGate,
    gate: { listen: gate.listen, trusts: gate.trustedProxies.includes('127.0.0.1') },
  };
}

const defaults = {
  dataDir: './data',
  gate: { listen: { kind: 'tcp', host: '127.0.0.1', port: 8420 }, trusts: true },
  admin: { listen: { kind: 'tcp', host: '127.0.0.1', port: 8421 }, key: undefined },
  defaultGate: {
    sources: ['query', 'subprotocol', 'bearer', 'basic', 'cookie'],
    cookieNames: ['__Host-postern', 'postern_token'],
    queryNames: ['token'],
    forwardAuthorization: false,
    assertion: false,
    jwtSingleUse: false,
    origins: { same: true, opaque: false, exact: [], wildcards: [] },
    headers: identityHeaders,
    networks: { trust: undefined, trustAs: 'trusted-network', allow: undefined, deny: undefined },
    publicRoutes: [],
    requirements: { scopes: [], groups: [], claims: new Map() },
    kinds: ['token', 'ticket', 'session', 'jwt'],
    maxUses: undefined,
    login: undefined,
    cacheTtl: 0,
    bridge: undefined,
  },
  workers: 1,
  gates: [],
  assertion: { issuer: 'postern', ttl: 60_000 },
  sessions: {
    cookieName: '__Host-postern',
    ttl: day / 2,
    expiry: 'fixed',
    maxTtl: 30 * day,
    retention: 7 * day,
    maxPerToken: 200,
    maxPerSubject: 2_000,
    sameSite: 'lax',
    domain: undefined,
    partitioned: false,
  },
  tokens: { defaultTtl: 30 * day, maxTtl: undefined, retention: 30 * day },
  tickets: { defaultTtl: 30_000, maxTtl: 300_000, retention: day },
  jwtIssuers: [],
  audit: { retention: 400 * day, denials: true },
  throttle: {
    enabled: true,
    failures: 300,
    window: 600_000,
    prefixLengths: { ipv4: 32, ipv6: 64 },
    exempt: undefined,
    persist: false,
  },
  metrics: { public: false },
  tracing: { enabled: false },
  log: { level: 'info', format: 'auto' },
};

test('without any settings everything has its default', () => {
  const { config, effective } = loadConfig({ env: {} });
  assert.deepEqual(plain(config), defaults);
  assert.equal(config.gate.trustedProxies.includes('10.0.0.1'), false);
  assert.deepEqual(
    effective.filter(({ from }) => from !== 'default'),
    [],
  );
});

for (const [what, yaml] of [
  ['empty', ''],
  ['of comments only', '# nothing\n# yet\n'],
  ['of an empty document', '---\n...\n'],
  ['with empty sections', 'gate:\nadmin:\ntokens: {}\n'],
  ['with a setting left blank', 'gate:\n  listen:\n'],
  ['with settings left blank that have no default', 'admin:\n  key:\ntokens:\n  max_ttl:\n'],
] as const) {
  test(`a file ${what} changes nothing`, (t) => {
    assert.deepEqual(plain(loadYaml(t, yaml).config), defaults);
  });
}

/** A value other than the default for every setting, and what becomes of it. */
const samples: Readonly<
  Record<
    string,
    {
      text: string;
      yaml?: unknown;
      read: (config: Config) => unknown;
      value?: unknown;
      other?: string;
    }
  >
> = {
  data_dir: { text: '/srv/postern', read: (config) => config.dataDir },
  'gate.listen': {
    text: 'unix:/run/gate.sock',
    read: (config) => config.gate.listen,
    value: { kind: 'unix', path: '/run/gate.sock' },
  },
  'gate.trusted_proxies': {
    text: '192.0.2.1, 10.0.0.0/8',
    yaml: ['192.0.2.1', '10.0.0.0/8'],
    read: ({ gate: { trustedProxies } }) =>
      ['192.0.2.1', '10.1.2.3', '127.0.0.1'].map((address) => trustedProxies.includes(address)),
    value: [true, true, false],
  },
  'admin.listen': {
    text: '[::1]:9000',
    read: (config) => config.admin.listen,
    value: { kind: 'tcp', host: '::1', port: 9_000 },
  },
  'admin.key': { text: adminKey, read: (config) => config.admin.key },
  'default_gate.sources': {
    text: 'cookie',
    yaml: ['cookie'],
    read: (config) => config.defaultGate.sources,
    value: ['cookie'],
  },
  'default_gate.cookies': {
    text: '__Host-token',
    yaml: ['__Host-token'],
    read: (config) => config.defaultGate.cookieNames,
    value: ['__Host-postern', '__Host-token'],
  },
  'default_gate.query': {
    text: 'ticket, access_token',
    yaml: ['ticket', 'access_token'],
    read: (config) => config.defaultGate.queryNames,
    value: ['ticket', 'access_token'],
  },
  'default_gate.forward_authorization': {
    text: 'true',
    yaml: true,
    read: (config) => config.defaultGate.forwardAuthorization,
    value: true,
  },
  'default_gate.assertion': {
    text: 'true',
    yaml: true,
    read: (config) => config.defaultGate.assertion,
    value: true,
  },
  'default_gate.origins': {
    text: 'null,https://*.example.com',
    yaml: ['null', 'https://*.example.com'],
    read: (config) => config.defaultGate.origins,
    value: {
      same: false,
      opaque: true,
      exact: [],
      wildcards: [{ scheme: 'https', suffix: '.example.com', port: '' }],
    },
  },
  'default_gate.networks.trust_as': {
    text: 'grist-server',
    read: (config) => config.defaultGate.networks.trustAs,
  },
  'default_gate.networks.allow': {
    text: '192.0.2.0/24',
    yaml: ['192.0.2.0/24'],
    read: ({ defaultGate }) => defaultGate.networks.allow?.includes('192.0.2.9'),
    value: true,
    other: 'private',
  },
  'default_gate.networks.deny': {
    text: '192.0.2.0/24',
    yaml: ['192.0.2.0/24'],
    read: ({ defaultGate }) => defaultGate.networks.deny?.includes('192.0.2.9'),
    value: true,
    other: 'private',
  },
  'default_gate.public': {
    text: '/healthz,POST|PUT /hooks/*',
    yaml: ['/healthz', 'POST|PUT /hooks/*'],
    read: ({ defaultGate }) =>
      defaultGate.publicRoutes.map(({ methods, path }) => [methods, path.text]),
    value: [
      [['GET', 'HEAD'], '/healthz'],
      [['POST', 'PUT'], '/hooks/*'],
    ],
    other: '/metrics',
  },
  'default_gate.require.scopes': {
    text: 'chat,read',
    yaml: ['chat', 'read'],
    read: (config) => config.defaultGate.requirements.scopes,
    value: ['chat', 'read'],
  },
  'default_gate.require.groups': {
    text: 'admins,owners',
    yaml: ['admins', 'owners'],
    read: (config) => config.defaultGate.requirements.groups,
    value: ['admins', 'owners'],
  },
  'default_gate.require.claims': {
    text: '{"email":"*@example.com","level":[2,3]}',
    yaml: { email: '*@example.com', level: [2, 3] },
    read: (config) => [...config.defaultGate.requirements.claims],
    value: [
      ['email', ['*@example.com']],
      ['level', [2, 3]],
    ],
    other: '{"level":4}',
  },
  'default_gate.kinds': {
    text: 'ticket,jwt',
    yaml: ['ticket', 'jwt'],
    read: (config) => config.defaultGate.kinds,
    value: ['ticket', 'jwt'],
  },
  'default_gate.max_uses': {
    text: '1',
    yaml: 1,
    read: (config) => config.defaultGate.maxUses,
    value: 1,
    other: '2',
  },
  'default_gate.login': {
    text: 'https://login.example.com/?rd={url}',
    read: (config) => config.defaultGate.login,
    other: '/login',
  },
  'default_gate.headers': {
    text: '{"X-Role":{"value":"kiosk"}}',
    yaml: { 'X-Role': { value: 'kiosk' } },
    read: (config) => config.defaultGate.headers.at(-1),
    value: { name: 'X-Role', field: { value: 'kiosk' } },
    other: '{}',
  },
  'default_gate.cache': {
    text: '5s',
    read: (config) => config.defaultGate.cacheTtl,
    value: 5_000,
  },
  'default_gate.bridge': {
    text: '{"service":"vouch","url":"http://vouch:9090"}',
    yaml: { service: 'vouch', url: 'http://vouch:9090' },
    read: ({ defaultGate: { bridge, sources } }) => [bridge?.service, bridge?.url, sources.at(-1)],
    value: ['vouch', 'http://vouch:9090', 'bridge'],
    other: '{"service":"authelia","url":"http://authelia:9091"}',
  },
  gates: {
    text: '{"chat":{"paths":["/ws"],"sources":["query"]}}',
    yaml: { chat: { paths: ['/ws'], sources: ['query'] } },
    read: ({ gates }) => gates.map(({ name, sources, queryNames }) => [name, sources, queryNames]),
    value: [['chat', ['query'], ['token']]],
    other: '{"media":{}}',
  },
  workers: { text: '4', yaml: 4, read: (config) => config.workers, value: 4, other: '2' },
  'assertion.issuer': {
    text: 'https://gate.example.com',
    read: (config) => config.assertion.issuer,
  },
  'assertion.ttl': { text: '5m', read: (config) => config.assertion.ttl, value: 300_000 },
  'sessions.cookie': {
    text: '__Secure-sid',
    read: (config) => [config.sessions.cookieName, config.defaultGate.cookieNames],
    value: ['__Secure-sid', ['__Secure-sid', 'postern_token']],
  },
  'sessions.ttl': { text: '1h', read: (config) => config.sessions.ttl, value: day / 24 },
  'sessions.expiry': { text: 'sliding', read: (config) => config.sessions.expiry },
  'sessions.max_ttl': { text: '90d', read: (config) => config.sessions.maxTtl, value: 90 * day },
  'sessions.max_per_token': {
    text: '5',
    yaml: 5,
    read: (config) => config.sessions.maxPerToken,
    value: 5,
    other: '6',
  },
  'sessions.max_per_subject': {
    text: '3000',
    yaml: 3_000,
    read: (config) => config.sessions.maxPerSubject,
    value: 3_000,
    other: '4000',
  },
  'sessions.retention': { text: '1d', read: (config) => config.sessions.retention, value: day },
  'sessions.same_site': { text: 'strict', read: (config) => config.sessions.sameSite },
  'default_gate.jwt_single_use': {
    text: 'true',
    yaml: true,
    read: (config) => config.defaultGate.jwtSingleUse,
    value: true,
  },
  'tokens.default_ttl': { text: '12h', read: (config) => config.tokens.defaultTtl, value: day / 2 },
  'tokens.max_ttl': { text: '90d', read: (config) => config.tokens.maxTtl, value: 90 * day },
  'tokens.retention': { text: '7d', read: (config) => config.tokens.retention, value: 7 * day },
  'tickets.default_ttl': { text: '1m', read: (config) => config.tickets.defaultTtl, value: 60_000 },
  'tickets.max_ttl': { text: '45s', read: (config) => config.tickets.maxTtl, value: 45_000 },
  'tickets.retention': { text: '2d', read: (config) => config.tickets.retention, value: 2 * day },
  'audit.retention': { text: '7d', read: (config) => config.audit.retention, value: 7 * day },
  'audit.denials': {
    text: 'false',
    yaml: false,
    read: (config) => config.audit.denials,
    value: false,
    other: 'true',
  },
  'throttle.enabled': {
    text: 'false',
    yaml: false,
    read: (config) => config.throttle.enabled,
    value: false,
    other: 'true',
  },
  'throttle.failures': {
    text: '20',
    yaml: 20,
    read: (config) => config.throttle.failures,
    value: 20,
    other: '30',
  },
  'throttle.window': { text: '5m', read: (config) => config.throttle.window, value: 300_000 },
  'throttle.ipv4_prefix': {
    text: '24',
    yaml: 24,
    read: (config) => config.throttle.prefixLengths.ipv4,
    value: 24,
    other: '30',
  },
  'throttle.ipv6_prefix': {
    text: '56',
    yaml: 56,
    read: (config) => config.throttle.prefixLengths.ipv6,
    value: 56,
    other: '60',
  },
  'throttle.exempt': {
    text: '192.0.2.0/24,loopback',
    yaml: ['192.0.2.0/24', 'loopback'],
    read: ({ throttle }) =>
      ['192.0.2.9', '127.0.0.1', '10.0.0.1'].map((address) => throttle.exempt?.includes(address)),
    value: [true, true, false],
    other: 'private',
  },
  'throttle.persist': {
    text: 'true',
    yaml: true,
    read: (config) => config.throttle.persist,
    value: true,
    other: 'false',
  },
  'metrics.public': {
    text: 'true',
    yaml: true,
    read: (config) => config.metrics.public,
    value: true,
  },
  'tracing.enabled': {
    text: 'true',
    yaml: true,
    read: (config) => config.tracing.enabled,
    value: true,
  },
  'log.level': { text: 'warn', read: (config) => config.log.level },
  'log.format': { text: 'json', read: (config) => config.log.format },
};

/** Settings that make sense beside another one only; they have tests of their own. */
const ofTheirOwn = new Set([
  'admin.key_file',
  'default_gate.networks.trust',
  'jwt.issuers',
  'sessions.domain',
  'sessions.partitioned',
]);

for (const { path, variable, schema } of settings) {
  const dotted = path.join('.');
  if (ofTheirOwn.has(dotted)) continue;
  const secret = schema.writeOnly === true;

  test(`${dotted} can be set by ${variable}`, () => {
    const sample = samples[dotted];
    assert.ok(sample, `give ${dotted} a sample above`);
    const { config, effective } = loadConfig({ env: { [variable]: sample.text } });
    assert.deepEqual(sample.read(config), sample.value ?? sample.text);
    assert.deepEqual(
      effective.filter(({ from }) => from !== 'default'),
      [{ path: dotted, value: sample.yaml ?? sample.text, from: variable, secret }],
    );
  });

  test(`${dotted} can be set in the file, and its variable wins over that`, (t) => {
    const sample = samples[dotted];
    assert.ok(sample, `give ${dotted} a sample above`);
    const yaml = stringify(nest(path, sample.yaml ?? sample.text));
    const inFile = loadYaml(t, yaml).config;
    assert.deepEqual(sample.read(inFile), sample.value ?? sample.text);
    const fallback = Array.isArray(schema.default) ? schema.default.join(',') : schema.default;
    const other = sample.other ?? String(fallback ?? (secret ? `${adminKey}2` : '36500d'));
    const { config } = loadYaml(t, yaml, { [variable]: other });
    assert.deepEqual(
      sample.read(config),
      sample.read(loadConfig({ env: { [variable]: other } }).config),
    );
    assert.notDeepEqual(sample.read(config), sample.read(inFile));
  });
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}

test('a network that default_gate trusts is trusted by the gates that say nothing else', (t) => {
  const yaml = 'gates: { a: { hosts: [a.test] }, b: { hosts: [b.test], networks: { trust: [] } } }';
  const env = { POSTERN_DEFAULT_GATE_NETWORKS_TRUST: '192.0.2.0/24,loopback' };
  const trusted = loadYaml(t, yaml, env).config.gates.map(({ networks }) =>
    ['192.0.2.9', '127.0.0.1', '10.0.0.1'].map((address) => networks.trust?.includes(address)),
  );
  const [none, both] = [Array(3).fill(undefined), [true, true, false]];
  assert.deepEqual(trusted, [both, none]);
});

test('a session cookie with a domain needs another name, and a partitioned one same_site none', () => {
  const problemsOf = (env: Record<string, string>) => {
    try {
      return loadConfig({ env }).config.sessions;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const domain = { POSTERN_SESSIONS_DOMAIN: 'example.com' };
  assert.match(String(problemsOf(domain)), /sessions\.domain: browsers reject .*__Secure-postern/);
  const named = problemsOf({ ...domain, POSTERN_SESSIONS_COOKIE: '__Secure-postern' });
  assert.equal(typeof named === 'object' && named.domain, 'example.com');
  const partitioned = { POSTERN_SESSIONS_PARTITIONED: 'true' };
  assert.match(
    String(problemsOf(partitioned)),
    /sessions\.partitioned: needs sessions\.same_site: none/,
  );
  const both = problemsOf({ ...partitioned, POSTERN_SESSIONS_SAME_SITE: 'none' });
  assert.equal(typeof both === 'object' && both.partitioned, true);
});

test('the variable POSTERN_CONFIG names the file, and an option wins over it', (t) => {
  const directory = temporaryDirectory(t);
  const [one, two] = [join(directory, 'one.yaml'), join(directory, 'two.yaml')];
  writeFileSync(one, 'data_dir: /one');
  writeFileSync(two, 'data_dir: /two');
  assert.equal(loadConfig({ env: { POSTERN_CONFIG: one } }).config.dataDir, '/one');
  assert.equal(loadConfig({ file: two, env: { POSTERN_CONFIG: one } }).config.dataDir, '/two');
  assert.equal(loadConfig({ env: { POSTERN_CONFIG: '' } }).config.dataDir, './data');
});

test('an empty variable counts as unset', (t) => {
  const { config } = loadYaml(t, 'data_dir: /srv\n', {
    POSTERN_DATA_DIR: '',
    POSTERN_ADMIN_KEY: '',
    POSTERN_DEFAULT_GATE_ORIGINS: '',
    POSTERN_UNHEARD_OF: '',
  });
  assert.equal(config.dataDir, '/srv');
});

test('white space and empty words in a list of a variable are left out', () => {
  const env = { POSTERN_DEFAULT_GATE_SOURCES: ' cookie ,, query ,' };
  assert.deepEqual(loadConfig({ env }).config.defaultGate.sources, ['cookie', 'query']);
});

test('what Docker and Kubernetes put beside a service called postern is ignored', () => {
  const env = {
    POSTERN_PORT: 'tcp://10.0.0.1:8420',
    POSTERN_PORT_8420_TCP: 'tcp://10.0.0.1:8420',
    POSTERN_PORT_8420_TCP_PROTO: 'tcp',
    POSTERN_PORT_8420_TCP_PORT: '8420',
    POSTERN_PORT_8420_TCP_ADDR: '10.0.0.1',
    POSTERN_PORT_53_UDP: 'udp://10.0.0.1:53',
    POSTERN_SERVICE_HOST: '10.0.0.1',
    POSTERN_SERVICE_PORT: '8420',
    POSTERN_SERVICE_PORT_GATE: '8420',
    POSTERN_ADMIN_SERVICE_HOST: '10.0.0.2',
    POSTERN_ADMIN_PORT: 'tcp://10.0.0.2:8421',
    POSTERN_ADMIN_PORT_8421_TCP_ADDR: '10.0.0.2',
    POSTERNS: 'x',
    PATH: '/bin',
  };
  assert.deepEqual(plain(loadConfig({ env }).config), defaults);
});

test('the admin key can come from a file, without the line feed at its end', (t) => {
  const file = join(temporaryDirectory(t), 'key');
  writeFileSync(file, `${adminKey}\n`);
  assert.equal(loadConfig({ env: { POSTERN_ADMIN_KEY_FILE: file } }).config.admin.key, adminKey);
  assert.equal(loadYaml(t, `admin:\n  key_file: ${file}\n`).config.admin.key, adminKey);
});

test('an admin key of exactly 128 bits is strong enough', () => {
  const key = '0123456789abcdef'.repeat(2);
  assert.equal(loadConfig({ env: { POSTERN_ADMIN_KEY: key } }).config.admin.key, key);
});
