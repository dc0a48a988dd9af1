import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import type { Random } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';

/** Put where secrets belong; no message may show it. */
const secret = 'S3CRET-that-nobody-may-see-0123456789+abcdef';

const sections = [
  'data_dir: /tmp/none',
  'gate:\n  listen: 127.0.0.1:8420\n  trusted_proxies: [loopback, 10.0.0.0/8]',
  `admin:\n  listen: unix:/run/admin.sock\n  key: ${secret}`,
  'workers: 2',
  'default_gate:\n  sources: [cookie, bearer]\n  origins: [same, https://*.example.com]',
  'gates:\n  chat:\n    hosts: [chat.example.com]\n    paths: [/ws, /rooms/*/ws]\n    kinds: [ticket]',
  'gates:\n  a:\n    paths: [/a*]\n  b:\n    paths: [/*a]\n    networks: { trust: [private] }',
  `default_gate:\n  headers:\n    X-Key: { value: ${secret} }\n    Remote-User: { claim: sub }`,
  'default_gate:\n  bridge: { service: authelia, url: http://127.0.0.1:9091 }',
  'default_gate:\n  public: [/healthz, "POST /hooks/*"]\n  require: { groups: [a], claims: { b: [c, 1] } }',
  `jwt:\n  issuers:\n    own: { issuer: https://i.example, audience: postern, secret: ${secret} }`,
  'jwt:\n  issuers:\n    web: { issuer: a, audience: [b], jwks_url: https://i.example/jwks.json }',
  'tokens:\n  default_ttl: 30d\n  max_ttl: 10d',
  'sessions:\n  cookie: __Secure-a\n  domain: example.com\n  same_site: none\n  partitioned: true',
  'log: { level: debug, format: json }',
  'POSTERN_GATE_LISTEN=unix:/x',
  `POSTERN_ADMIN_KEY=${secret}`,
  `POSTERN_JWT_ISSUERS={"a":{"issuer":"a","audience":"b","secret":"${secret}"}}`,
  'POSTERN_GATES={"chat":{"hosts":["a.example"]}}',
  'POSTERN_TOKENS_MAX_TTL=5x',
] as const;
const scalars = [
  ...[
    'null',
    '~',
    '[]',
    '{}',
    '""',
    '1',
    '-1',
    '1e400',
    'true',
    '*a',
    '&a',
    '!!binary x',
    '<<: *a',
  ],
  ...[
    '0x10',
    '.nan',
    '2026-01-01',
    '|',
    '>',
    '---',
    '...',
    '%YAML 1.1',
    '\t',
    '__proto__: 1',
    '- a',
  ],
  ...['constructor: 1', '"\\u0000"', '36501d', '0s', '/', '*', '[a, [b]]', '{a: {b: c}}', '? a'],
];

/** `postern.yaml`; lines such as `POSTERN_LOG_LEVEL=info` go to the environment. */
export async function openConfig(): Promise<Target> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-fuzz-'));
  const file = join(directory, 'postern.yaml');
  const names = settings.flatMap(({ path }) => path);
  return {
    seeds: [...sections, sections.slice(0, 4).join('\n'), 'a: &a [*a]', 'gate: [', ''],
    words: [
      ...names,
      ...names.map((name) => `\n  ${name}: `),
      ...scalars,
      secret,
      ': ',
      '\n',
      '  ',
    ],
    longest: 8_192,
    generate: makeConfig,
    run(text) {
      const { yaml, env } = split(text);
      writeFileSync(file, yaml);
      try {
        const { effective } = loadConfig({ file, env });
        const shown = JSON.stringify(effective.filter((one) => !one.secret));
        expect(!isShown(shown, text), 'the effective settings show no secret', shown);
        return 'good';
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        expect(error.problems.length > 0, 'a fault is named');
        expect(!isShown(error.message, text), 'no problem shows a secret', error.message);
        for (const { where, message } of error.problems) {
          expect(where !== '' && message !== '', 'a problem says where and what', error.message);
        }
        const [first] = error.problems;
        return `${first?.path === undefined ? 'no setting' : 'a setting'}: ${error.problems.length > 1 ? 'several' : 'one'}`;
      }
    },
    async close() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** Lines with the secret, as they are before anything is changed in them. */
const secretLines = sections
  .flatMap((section) => section.split('\n'))
  .filter((line) => line.includes(secret));

/** Whether a secret is shown that stands where secrets belong: elsewhere nobody can know it for one. */
function isShown(shown: string, text: string): boolean {
  const lines = text.split('\n').filter((line) => line.includes(secret));
  return shown.includes(secret) && lines.every((line) => secretLines.includes(line));
}

function makeConfig(random: Random): string {
  const chosen = Array.from({ length: 1 + random.below(4) }, () => random.pick(sections));
  const text = [...new Set(chosen)].join('\n');
  return random.oneIn(2) ? text : text.replace(/: [^\n]*$/m, `: ${random.pick(scalars)}`);
}

function split(text: string): { yaml: string; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const yaml: string[] = [];
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(equals, 0));
    if (/^POSTERN_[A-Z_]+$/.test(name)) env[name] = line.slice(equals + 1);
    else yaml.push(line);
  }
  return { yaml: yaml.join('\n'), env };
}
