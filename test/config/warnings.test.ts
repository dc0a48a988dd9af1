import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { runCommand } from '../../testkit/postern/command.ts';
import { startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

function warningsOf(t: TestContext, yaml: string, env: Record<string, string> = {}): string[] {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env })
    .warnings()
    .map(({ code, where, path }) => `${where.replace(file, 'postern.yaml')} ${path} ${code}`);
}

const open = { POSTERN_GATE_LISTEN: '0.0.0.0:8420' };

const warned: readonly (readonly [yaml: string, warning: string, env?: Record<string, string>])[] =
  [
    ...['0.0.0.0/0', '"::/0"', '128.0.0.0/1', '2000::/3'].map(
      (network) =>
        [
          `gates:\n  a:\n    hosts: [a.test]\n    networks: { trust: [10.0.0.0/8, "${network.replaceAll('"', '')}"] }`,
          'postern.yaml:4:17 gates.a.networks.trust trusts_everybody',
        ] as const,
    ),
    [
      'gate:\n  trusted_proxies: [0.0.0.0/0]',
      'postern.yaml:2:3 gate.trusted_proxies trusts_every_proxy',
      open,
    ],
    [
      'gate:\n  listen: "[::]:8420"\n  trusted_proxies: [loopback, "::/0"]',
      'postern.yaml:3:3 gate.trusted_proxies trusts_every_proxy',
    ],
    [
      'gate:\n  listen: 203.0.113.7:8420',
      'POSTERN_GATE_TRUSTED_PROXIES gate.trusted_proxies trusts_every_proxy',
      { POSTERN_GATE_TRUSTED_PROXIES: '0.0.0.0/0' },
    ],
    ['default_gate:\n  public: [/]', 'postern.yaml:2:3 default_gate.public public_everything'],
    [
      'gates:\n  a:\n    public: [/status, POST /**]',
      'postern.yaml:3:5 gates.a.public public_everything',
    ],
    [
      'default_gate:\n  origins: [same, "https://*.com"]',
      'postern.yaml:2:3 default_gate.origins wide_name',
    ],
    [
      'gates:\n  a:\n    hosts: ["*.com"]\n    networks: { trust: [private] }',
      'postern.yaml:3:5 gates.a.hosts wide_name',
    ],
  ];

for (const [yaml, warning, env] of warned) {
  test(`what is rarely meant is warned of, with its place: ${yaml.replace(/\s+/g, ' ')}`, (t) => {
    assert.deepEqual(warningsOf(t, yaml, env), [warning]);
  });
}

test('what people write on purpose is not warned of', (t) => {
  const yaml = `
gate: { trusted_proxies: [loopback, private] }
default_gate: { origins: [same, "https://*.example.com", "https://*.lan"], public: [=/, /status] }
gates:
  a: { hosts: ["*.example.com"], networks: { trust: [10.0.0.0/8, "fd00::/8", 203.0.113.7] } }
  b: { hosts: ["*.lan"], networks: { trust: [private] } }
  c: { hosts: ["*.com"], networks: { deny: [0.0.0.0/0] } }
`;
  assert.deepEqual(warningsOf(t, yaml, open), []);
  assert.deepEqual(warningsOf(t, 'gate: { trusted_proxies: [0.0.0.0/0] }'), []);
  const socket = { POSTERN_GATE_LISTEN: 'unix:/run/gate.sock' };
  assert.deepEqual(warningsOf(t, 'gate: { trusted_proxies: [0.0.0.0/0] }', socket), []);
});

test('a data directory and files with secrets that every user can read are warned of', (t) => {
  const directory = temporaryDirectory(t);
  const at = (name: string) => join(directory, name);
  const secrets = ['admin', 'header', 'shared'];
  writeFileSync(at('admin'), adminKey);
  writeFileSync(at('header'), 'key-of-the-backend');
  writeFileSync(at('shared'), 'a-shared-secret-of-an-issuer-0123456789-abcdef');
  mkdirSync(at('data'));
  const issuer = { issuer: 'one', audience: 'postern', secret_file: at('shared') };
  const config = {
    data_dir: at('data'),
    admin: { key_file: at('admin') },
    gates: { a: { headers: { 'X-Key': { file: at('header') } } } },
    jwt: {
      issuers: {
        one: issuer,
        two: {
          ...issuer,
          issuer: 'two',
          secret_file: undefined,
          secret: 'x'.repeat(20) + adminKey,
        },
      },
    },
  };
  const file = at('postern.yaml');
  writeFileSync(file, JSON.stringify(config));
  const found = () =>
    loadConfig({ file, env: {} })
      .warnings()
      .map(({ code, path }) => `${path} ${code}`);
  const chmod = (mode: number) => {
    for (const name of [...secrets, 'postern.yaml']) chmodSync(at(name), mode);
    chmodSync(at('data'), mode === 0o600 ? 0o700 : 0o755);
  };
  chmod(0o644);
  // Nobody else gets there.
  assert.equal(statSync(directory).mode & 0o077, 0);
  assert.deepEqual(found(), []);
  chmodSync(directory, 0o711);
  assert.deepEqual(found(), [
    'data_dir world_readable',
    'admin.key_file world_readable',
    'jwt.issuers.two.secret world_readable',
    'gates.a.headers.X-Key world_readable',
    'jwt.issuers.one.secret_file world_readable',
  ]);
  chmod(0o600);
  assert.deepEqual(found(), []);
});

describe('on the command line', { concurrency: true }, () => {
  const settings = { POSTERN_DEFAULT_GATE_PUBLIC: '/' };

  test('config check says warnings on standard error, and the configuration is valid all the same', async () => {
    const { code, stdout, stderr } = await runCommand(['config', 'check'], settings);
    assert.deepEqual([code, stdout.startsWith('The configuration is valid')], [0, true]);
    assert.equal(
      stderr,
      'warning: POSTERN_DEFAULT_GATE_PUBLIC: default_gate.public: "/": no path needs a credential (GET, HEAD) [public_everything]\n',
    );
  });

  test('the start writes warnings to the log, once, and so does a reload', async (t) => {
    const service = await startTestProgram(t, { env: settings });
    const lines = () =>
      service
        .stdout()
        .split('\n')
        .filter((line) => line.includes('"event":"config"'));
    assert.equal(lines().length, 1);
    const { level, code, setting, where } = JSON.parse(lines()[0] ?? '{}');
    assert.deepEqual(
      { level, code, setting, where },
      {
        level: 'warn',
        code: 'public_everything',
        setting: 'default_gate.public',
        where: 'POSTERN_DEFAULT_GATE_PUBLIC',
      },
    );
    process.kill(service.pid, 'SIGHUP');
    await waitFor('the second warning', () => lines().length === 2);
  });
});
