import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { OperatorError } from '../../src/lib/operator-error.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';

type Environment = Record<string, string>;

/** The lines of the ConfigError that loading throws, with the file's directory left out. */
function problemsOf(t: TestContext, yaml: string, env: Environment = {}): string[] {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, yaml);
  return problemsIn(() => loadConfig({ file, env })).map((line) =>
    line.replace(file, 'postern.yaml'),
  );
}

function problemsIn(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError && error instanceof OperatorError, String(error));
    const [heading, ...lines] = error.message.split('\n');
    const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
    assert.equal(heading, `the configuration has ${count}:`);
    assert.equal(error.problems.length, lines.length);
    return lines.map((line) => line.trimStart());
  }
  throw new Error('the configuration was accepted');
}

test('unknown variables are refused, and the likely one is named', () => {
  const env = {
    POSTERN_GATE_LISTENS: 'a',
    POSTERN_ADMIN_KEYFILE: 'b',
    POSTERN_CONFIGS: 'c',
    POSTERN_SOMETHING_ELSE_ALTOGETHER: 'd',
    postern_data_dir: 'e',
  };
  assert.deepEqual(
    problemsIn(() => loadConfig({ env })),
    [
      'POSTERN_GATE_LISTENS: unknown variable; did you mean "POSTERN_GATE_LISTEN"?',
      'POSTERN_ADMIN_KEYFILE: unknown variable; did you mean "POSTERN_ADMIN_KEY_FILE"?',
      'POSTERN_CONFIGS: unknown variable; did you mean "POSTERN_CONFIG"?',
      'POSTERN_SOMETHING_ELSE_ALTOGETHER: unknown variable',
    ],
  );
});

/** Files with faults, and everything that has to be said of them. */
const faulty: Readonly<Record<string, readonly [yaml: string, ...problems: string[]]>> = {
  'an unknown key at the top': [
    'gatez:\n  listen: 127.0.0.1:1\n',
    'postern.yaml:1:1: gatez: unknown setting; did you mean "gate"?',
  ],
  'an unknown key in a section': [
    'gate:\n  lisen: 127.0.0.1:1\n  colour: red\n',
    'postern.yaml:2:3: gate.lisen: unknown setting; did you mean "listen"?',
    'postern.yaml:3:3: gate.colour: unknown setting',
  ],
  'a key with dots': [
    'log:\n  level: info\ngate.listen: 127.0.0.1:1\n',
    'postern.yaml:3:1: gate.listen: unknown setting',
  ],
  'a key __proto__': [
    '__proto__:\n  gate: {}\ngate:\n  __proto__:\n    listen: 127.0.0.1:1\n',
    'postern.yaml:1:1: __proto__: unknown setting',
    'postern.yaml:4:3: gate.__proto__: unknown setting',
  ],
  'keys that every object has': [
    'constructor: 1\ngate:\n  toString: 2\n',
    'postern.yaml:1:1: constructor: unknown setting',
    'postern.yaml:3:3: gate.toString: unknown setting',
  ],
  'values of the wrong type': [
    'data_dir: 5\ngate:\n  listen: [a]\n  trusted_proxies: loopback\nadmin: yes please\nlog:\n  level: 1\n',
    'postern.yaml:1:1: data_dir: must be string',
    'postern.yaml:3:3: gate.listen: must be string',
    'postern.yaml:4:3: gate.trusted_proxies: must be array',
    'postern.yaml:5:1: admin: must be object',
    'postern.yaml:7:3: log.level: must be one of debug, info, warn, error, silent',
  ],
  'words that are not in the list': [
    'default_gate:\n  sources: [cookie, header]\nlog:\n  level: loud\n  format: xml\n',
    'postern.yaml:2:3: default_gate.sources: must be one of query, subprotocol, bearer, basic, api_key, cookie, bridge',
    'postern.yaml:4:3: log.level: must be one of debug, info, warn, error, silent',
    'postern.yaml:5:3: log.format: must be one of auto, json, pretty',
  ],
  'durations that cannot be read': [
    'tokens:\n  default_ttl: 1 month\n  retention: 90\ntickets:\n  default_ttl: 1w\n',
    'postern.yaml:2:3: tokens.default_ttl: must be a duration such as 30s, 15m, 12h or 30d',
    'postern.yaml:3:3: tokens.retention: must be string',
    'postern.yaml:5:3: tickets.default_ttl: must be a duration such as 30s, 15m, 12h or 30d',
  ],
  'a duration beyond all measure': [
    'tokens:\n  default_ttl: 36501d\n',
    'postern.yaml:2:3: tokens.default_ttl: 36501d is too long; the maximum is 36500d',
  ],
  'a life of nothing': [
    'tokens:\n  default_ttl: 0s\ntickets:\n  default_ttl: 0d\n',
    'postern.yaml:2:3: tokens.default_ttl: must be longer than 0',
    'postern.yaml:4:3: tickets.default_ttl: must be longer than 0',
  ],
  'a life that is longer than the longest': [
    'tickets:\n  default_ttl: 2h\n  max_ttl: 90m\n',
    'postern.yaml:2:3: tickets.default_ttl: 2h is longer than tickets.max_ttl (90m)',
  ],
  'a longest life below the default one': [
    'log:\ntokens:\n  max_ttl: 1d\n',
    'postern.yaml:2:1: tokens.default_ttl: 30d is longer than tokens.max_ttl (1d)',
  ],
  'addresses that cannot be read': [
    'gate:\n  listen: "8420"\nadmin:\n  listen: 127.0.0.1:65536\n',
    'postern.yaml:2:3: gate.listen: "8420" is not an address; write host:port, [ipv6]:port or unix:/path',
    'postern.yaml:4:3: admin.listen: "127.0.0.1:65536" is not an address; write host:port, [ipv6]:port or unix:/path',
  ],
  'a throttle that could not work': [
    'throttle:\n  failures: 0\n  window: 0s\n  ipv4_prefix: 33\n  exempt: [nowhere]\n',
    'postern.yaml:2:3: throttle.failures: must be >= 1',
    'postern.yaml:3:3: throttle.window: must be longer than 0',
    'postern.yaml:4:3: throttle.ipv4_prefix: must be <= 32',
    'postern.yaml:5:3: throttle.exempt: "nowhere" is not an address, a CIDR network, "loopback" or "private"',
  ],
  'a window of more than a day': [
    'throttle:\n  window: 25h\n',
    'postern.yaml:2:3: throttle.window: the maximum is 1d',
  ],
  'two listeners at one place': [
    'gate:\n  listen: unix:/run/p.sock\nadmin:\n  listen: unix:/run/p.sock\n',
    'postern.yaml:4:3: admin.listen: the gate listens there; the admin API needs another address',
  ],
  'a network that cannot be read': [
    'gate:\n  trusted_proxies: [loopback, nginx, 10.0.0.0/33]\n',
    'postern.yaml:2:3: gate.trusted_proxies: "nginx" is not an address, a CIDR network, "loopback" or "private"',
  ],
  'a network with the name of a property that every object has': [
    'gate:\n  trusted_proxies: [constructor]\n',
    'postern.yaml:2:3: gate.trusted_proxies: "constructor" is not an address, a CIDR network, "loopback" or "private"',
  ],
  'an origin that cannot be read': [
    'default_gate:\n  origins: [same, app.example.com]\n',
    'postern.yaml:2:3: default_gate.origins: "app.example.com" is not an origin; write "same", "null", https://host[:port] or https://*.domain, without a path',
  ],
  'names that no cookie and no parameter can have': [
    'default_gate:\n  cookies: ["a b"]\n  query: ["a&b"]\n',
    "postern.yaml:2:3: default_gate.cookies: must match ^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    'postern.yaml:3:3: default_gate.query: must match ^[A-Za-z0-9._~-]+$',
  ],
  'no place to look for a token': [
    'default_gate:\n  sources: []\n  origins: []\n',
    'postern.yaml:2:3: default_gate.sources: is empty: add at least one item, or omit the setting',
    'postern.yaml:3:3: default_gate.origins: is empty: add at least one item, or omit the setting',
  ],
  'a cookie whose name is a number': [
    'sessions:\n  cookie: 0\n',
    'postern.yaml:2:3: sessions.cookie: must be string',
  ],
  'places to look for a token that are no list': [
    'default_gate:\n  sources: 1\n',
    'postern.yaml:2:3: default_gate.sources: must be array',
  ],
  'a list': ['- gate\n', 'postern.yaml: must be a mapping of settings, such as "gate:"'],
  'a word': ['gate\n', 'postern.yaml: must be a mapping of settings, such as "gate:"'],
};

for (const [what, [yaml, ...problems]] of Object.entries(faulty)) {
  test(`a file with ${what} is refused, and the place is named`, (t) => {
    assert.deepEqual(problemsOf(t, yaml).sort(), problems.toSorted());
  });
}

/** Settings that restrict, and what nothing at all would look like in each. */
const emptied: readonly (readonly [path: string, ...values: string[]])[] = [
  ['gate.trusted_proxies', '[]', ''],
  ...['sources', 'cookies', 'query', 'origins', 'kinds'].map(
    (name) => [`default_gate.${name}`, '[]', ''] as const,
  ),
  ['default_gate.networks', '{}', ''],
  ['default_gate.networks.allow', '[]', '', 'null'],
  ['default_gate.networks.deny', '[]', '~'],
  ['default_gate.require', '{}', ''],
  ['default_gate.require.groups', '[]', ''],
  ['default_gate.require.scopes', '[]', ''],
  ['default_gate.require.claims', '{}', ''],
  ['default_gate.require.claims.site', '[]', ''],
  ['gates', '{}', ''],
  ['gates.a.hosts', '[]', ''],
  ['gates.a.paths', '[]', ''],
  ['gates.a.kinds', '[]', ''],
  ['gates.a.networks', '{}', ''],
  ['gates.a.networks.allow', '[]', ''],
  ['gates.a.require', '{}', ''],
  ['gates.a.require.groups', '[]', ''],
  ['gates.a.require.claims.site', '[]', ''],
  ['gates.a.bridge.cookies', '[]', ''],
  ['jwt.issuers.a.audience', '[]', ''],
  ['jwt.issuers.a.algorithms', '[]', ''],
];

for (const [path, ...values] of emptied) {
  test(`${path} that holds nothing is refused, and named with its place`, (t) => {
    for (const value of values) {
      const names = path.split('.');
      const yaml = names.map((name, depth) => `${'  '.repeat(depth)}${name}:`).join('\n');
      const found = problemsOf(t, `${yaml} ${value}\n`);
      const place = `postern.yaml:${names.length}:${2 * names.length - 1}`;
      const expected = `${place}: ${path}: is empty: add at least one item, or omit the setting`;
      assert.ok(found.includes(expected), `${value}: ${found.join()}`);
      const others = found.filter((line) => line.includes(` ${path}: `));
      assert.equal(others.length, 1, others.join());
    }
  });
}

test('a variable that holds nothing is refused where the setting restricts', (t) => {
  for (const [variable, path, ...values] of [
    ['POSTERN_DEFAULT_GATE_REQUIRE_GROUPS', 'default_gate.require.groups', ',', ' ', ' , ,'],
    ['POSTERN_DEFAULT_GATE_NETWORKS_ALLOW', 'default_gate.networks.allow', ','],
    ['POSTERN_DEFAULT_GATE_KINDS', 'default_gate.kinds', ','],
    ['POSTERN_GATE_TRUSTED_PROXIES', 'gate.trusted_proxies', ','],
    ['POSTERN_DEFAULT_GATE_REQUIRE_CLAIMS', 'default_gate.require.claims', '{}', 'null'],
    ['POSTERN_GATES', 'gates', '{}', 'null', ' {}'],
  ] as const) {
    for (const value of values) {
      const yaml = 'gates: { a: { require: { groups: [admins] } } }';
      assert.deepEqual(problemsOf(t, yaml, { [variable]: value }), [
        `${variable}: ${path}: is empty: add at least one item, or omit the setting`,
      ]);
    }
  }
});

test('what opens may be empty: it takes back what default_gate says', (t) => {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    file,
    `
default_gate: { public: [/status], networks: { trust: [10.0.0.0/8] } }
throttle: { exempt: [] }
jwt: { issuers: {} }
gates: { a: { hosts: [a.test], public: [], networks: { trust: [] }, headers: {} } }
`,
  );
  const [gate] = loadConfig({ file, env: {} }).config.gates;
  assert.deepEqual([gate?.publicRoutes, gate?.networks.trust], [[], undefined]);
});

const syntaxErrors: readonly [what: string, yaml: string, where: string][] = [
  ['bad indentation', 'gate:\n  listen: a\n listen: b\n', 'postern.yaml:3:1: '],
  ['a tab', 'gate:\n\tlisten: a\n', 'postern.yaml:2:1: '],
  ['an open quote', 'data_dir: "a\n', 'postern.yaml:2:1: '],
  ['an open bracket', 'gate:\n  trusted_proxies: [a\n', 'postern.yaml:3:1: '],
  ['a key twice', 'data_dir: a\ndata_dir: b\n', 'postern.yaml:2:1: '],
  ['two documents', 'gate:\n---\ngate:\n', 'postern.yaml:2:1: '],
  ['an asterisk that YAML takes for an alias', 'gate:\n  listen: *:8420\n', 'postern.yaml:2:11: '],
  ['an alias of nothing', 'data_dir: *nowhere\n', 'postern.yaml:1:11: '],
];

for (const [what, yaml, where] of syntaxErrors) {
  test(`${what} in the file is a problem with its line`, (t) => {
    const [first, ...others] = problemsOf(t, yaml);
    assert.ok(first?.startsWith(where), first);
    assert.deepEqual(others, []);
  });
}

test('a file that unfolds beyond all measure is refused', (t) => {
  const row = (name: string, word: string) =>
    `${name}: &${name} [${Array(10).fill(word).join()}]\n`;
  problemsOf(t, row('a', '1') + row('b', '*a') + row('c', '*b'));
});

test('a file that cannot be read is named', (t) => {
  const missing = join(temporaryDirectory(t), 'missing.yaml');
  assert.deepEqual(
    problemsIn(() => loadConfig({ file: missing, env: {} })),
    [`${missing}: cannot be read: ENOENT`],
  );
});

test('all problems are reported at once, with the place of each', (t) => {
  const yaml = `
data_dir: 1
gatez: {}
gate:
  listen: nowhere
  trusted_proxies: [everywhere]
  extra: 1
admin:
  listen: 2
  key: short
default_gate:
  sources: [nowhere]
  cookies: a b
  query: [a b]
  origins: [anywhere]
tokens:
  default_ttl: long
  max_ttl: longer
  retention: 36501d
tickets:
  default_ttl: 1h
log:
  level: loud
  format: 3
`;
  const env = { POSTERN_LOG_LEVELS: 'a', POSTERN_TICKETS_RETENTION: 'ever' };
  const where = problemsOf(t, yaml, env).map((line) => line.split(': ').slice(0, 2).join(' '));
  assert.deepEqual(
    where.toSorted(),
    [
      'POSTERN_LOG_LEVELS unknown variable; did you mean "POSTERN_LOG_LEVEL"?',
      'POSTERN_TICKETS_RETENTION tickets.retention',
      'postern.yaml:2:1 data_dir',
      'postern.yaml:3:1 gatez',
      'postern.yaml:5:3 gate.listen',
      'postern.yaml:6:3 gate.trusted_proxies',
      'postern.yaml:7:3 gate.extra',
      'postern.yaml:9:3 admin.listen',
      'postern.yaml:10:3 admin.key',
      'postern.yaml:12:3 default_gate.sources',
      'postern.yaml:13:3 default_gate.cookies',
      'postern.yaml:14:3 default_gate.query',
      'postern.yaml:15:3 default_gate.origins',
      'postern.yaml:17:3 tokens.default_ttl',
      'postern.yaml:18:3 tokens.max_ttl',
      'postern.yaml:19:3 tokens.retention',
      'postern.yaml:21:3 tickets.default_ttl',
      'postern.yaml:23:3 log.level',
      'postern.yaml:24:3 log.format',
    ].toSorted(),
  );
});

test('a key file that cannot be read, and one with nothing in it, are named', (t) => {
  const directory = temporaryDirectory(t);
  const [missing, empty] = [join(directory, 'missing'), join(directory, 'empty')];
  writeFileSync(empty, '\n');
  const problemOf = (file: string) =>
    problemsIn(() => loadConfig({ env: { POSTERN_ADMIN_KEY_FILE: file } }));
  const name = 'POSTERN_ADMIN_KEY_FILE: admin.key_file';
  assert.deepEqual(problemOf(missing), [`${name}: cannot read ${missing}: ENOENT`]);
  assert.deepEqual(problemOf(directory), [`${name}: cannot read ${directory}: EISDIR`]);
  assert.deepEqual(problemOf(empty), [
    `${name}: the key has at most 0 bits of entropy; 128 are required. Make one with: openssl rand -base64 32`,
  ]);
});

test('a key and a key file together are refused, wherever each of them stands', (t) => {
  const file = join(temporaryDirectory(t), 'key');
  writeFileSync(file, adminKey);
  const env = { POSTERN_ADMIN_KEY: adminKey, POSTERN_ADMIN_KEY_FILE: file };
  const message = 'admin.key: set either admin.key or admin.key_file, not both';
  assert.deepEqual(
    problemsIn(() => loadConfig({ env })),
    [`POSTERN_ADMIN_KEY: ${message}`],
  );
  assert.deepEqual(
    problemsOf(t, `admin:\n  key: ${adminKey}\n`, { POSTERN_ADMIN_KEY_FILE: file }),
    [`postern.yaml:2:3: ${message}`],
  );
});

const weakKeys: readonly [what: string, key: string, problem: string][] = [
  ['of one letter over and over', 'a'.repeat(64), 'the key has at most 0 bits of entropy'],
  ['of 31 hexadecimal digits', '0123456789abcdef'.repeat(2).slice(1), 'at most 124 bits'],
  ['of 16 letters and digits', 'aAbBcCdDeEfF0123', 'at most 95 bits'],
  ['with spaces', 'correct horse battery staple', 'printable ASCII without spaces'],
  ['with letters beyond ASCII', `${adminKey}ü`, 'printable ASCII without spaces'],
];

for (const [what, key, problem] of weakKeys) {
  test(`an admin key ${what} is refused without being shown`, (t) => {
    for (const lines of [
      problemsIn(() => loadConfig({ env: { POSTERN_ADMIN_KEY: key } })),
      problemsOf(t, `admin:\n  key: "${key}"\n`),
    ]) {
      assert.equal(lines.length, 1);
      assert.ok(lines[0]?.includes(problem), lines[0]);
      assert.ok(!lines[0]?.includes(key));
    }
  });
}

test('no error shows the admin key, whatever is wrong around it', (t) => {
  const yamls = [
    `admin:\n  key: ${adminKey}\n  listen: nowhere\n`,
    `admin:\n  key: [${adminKey}]\n`,
    `admin:\n  key: {value: ${adminKey}}\n`,
    `admin:\n  keys: ${adminKey}\n`,
    `admin: ${adminKey}\n`,
    `admin:\n  key: "${adminKey}\n`,
    `admin:\n  key: ${adminKey}\n  key: ${adminKey}\n`,
    `admin:\n  key: ${adminKey}\n key: x\n`,
    `admin:\n  key: !!${adminKey} x\n`,
    `admin:\n  key: !${adminKey}\n`,
    `admin:\n  key: &${adminKey} [x]\n`,
    `admin:\n  key: *${adminKey}\n`,
    `admin:\n  key: @${adminKey}\n`,
    `admin:\n  key: %${adminKey}\n`,
    `admin:\n  key: |${adminKey}\n`,
    `admin:\n  key:${adminKey}\n`,
    `${adminKey}\n`,
    `- ${adminKey}\n`,
  ];
  for (const yaml of yamls) {
    const lines = problemsOf(t, yaml).join('\n');
    assert.ok(!lines.includes(adminKey.slice(8)), yaml);
  }
  const env = { POSTERN_ADMIN_KEYS: adminKey, POSTERN_LOG_LEVEL: adminKey };
  const lines = problemsIn(() => loadConfig({ env })).join('\n');
  assert.ok(!lines.includes(adminKey), lines);
});

test('braces that a template left around a key warn nobody with what is between them', async (t) => {
  const warnings: string[] = [];
  const keep = ({ message }: Error) => void warnings.push(message);
  process.on('warning', keep);
  t.after(() => process.off('warning', keep));
  const lines = problemsOf(t, `admin:\n  key: {{ ${adminKey} }}\n`);
  assert.deepEqual(lines, ['postern.yaml:2:3: admin.key: must be string']);
  // Warnings come a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});
