import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { algorithmsByKey } from '../../src/core/model/issuer.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { newSecret, newSigner } from '../../testkit/jwt.ts';
import { runCommand } from '../../testkit/postern/command.ts';

const { material: secret } = newSecret();
const { material: pem } = newSigner('ES256');
const base = { issuer: 'https://issuer.example.com/', audience: 'postern' };

/** Every problem of this configuration as `where: message`, file names without their directory. */
function problemsOf(t: TestContext, yaml: string, env: Record<string, string> = {}): string[] {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'postern.yaml');
  writeFileSync(file, yaml);
  try {
    loadConfig({ file, env });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replaceAll(`${directory}/`, ''));
  }
  return [];
}

/** Problems with the one issuer, by setting. */
function issuerProblems(t: TestContext, issuer: unknown): Record<string, string> {
  const yaml = stringify({ jwt: { issuers: { one: issuer } } });
  return Object.fromEntries(
    problemsOf(t, yaml).map((line) => {
      const match = /^postern\.yaml:\d+:\d+: jwt\.issuers\.one\.?([a-z_]*): (.*)$/.exec(line);
      assert.ok(match, line);
      return [match[1], match[2] ?? ''];
    }),
  );
}

test('an issuer needs no more than its name, an audience and a key', (t) => {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    file,
    stringify({
      jwt: { issuers: { one: { ...base, jwks_url: 'https://issuer.example.com/jwks' } } },
    }),
  );
  const { config } = loadConfig({ file, env: {} });
  assert.deepEqual(config.jwtIssuers, [
    {
      name: 'one',
      iss: base.issuer,
      keys: { kind: 'jwks_url', url: 'https://issuer.example.com/jwks' },
      algorithms: algorithmsByKey['a JWKS'].defaults,
      audience: ['postern'],
      leeway: 30_000,
      subjectClaim: 'sub',
      groupsClaim: 'groups',
      gatesClaim: undefined,
    },
  ]);
  assert.deepEqual(loadConfig({ env: {} }).config.jwtIssuers, []);
});

test('no algorithm goes with a secret and with a public key', () => {
  const { 'a secret': symmetric, ...others } = algorithmsByKey;
  for (const { allowed, defaults } of Object.values(others)) {
    assert.ok(defaults.every((name) => allowed.includes(name)));
    assert.ok(allowed.every((name) => !symmetric.allowed.includes(name)));
  }
});

test('every fault of an issuer is named', (t) => {
  const url = 'https://issuer.example.com/jwks';
  const rsaPem = newSigner('RS256').material;
  const key = (type: 'rsa' | 'ec' | 'x25519', options: object) =>
    // @ts-expect-error: the overloads do not know a type that varies
    generateKeyPairSync(type, options) as ReturnType<typeof generateKeyPairSync<'ed25519'>>;
  const spki = (type: 'rsa' | 'ec' | 'x25519', options: object = {}) =>
    String(key(type, options).publicKey.export({ type: 'spki', format: 'pem' }));
  const pkcs8 = String(
    key('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const cases: [what: string, issuer: unknown, problems: Record<string, RegExp>][] = [
    ['no map', 'x', { '': /must be object/ }],
    [
      'nothing',
      {},
      { issuer: /required/, audience: /required/, jwks_url: /is required, or one of/ },
    ],
    [
      'no key',
      base,
      { jwks_url: /one of jwks_file, public_key, public_key_file, secret, secret_file/ },
    ],
    ['two keys', { ...base, jwks_url: url, secret }, { secret: /jwks_url is set too/ }],
    [
      'unknown',
      { ...base, secret, audiences: 'x' },
      { audiences: /unknown setting; did you mean "audience"/ },
    ],
    ['empty issuer', { ...base, issuer: '', secret }, { issuer: /characters/ }],
    [
      'empty audience',
      { ...base, audience: [], secret },
      { audience: /is empty: add at least one/ },
    ],
    ['empty word', { ...base, audience: [''], secret }, { audience: /characters/ }],
    ['audience of another type', { ...base, audience: 5, secret }, { audience: /string or array/ }],
    ['url that is none', { ...base, jwks_url: 'issuer/jwks' }, { jwks_url: /not an https URL/ }],
    ['ftp', { ...base, jwks_url: 'ftp://a/jwks' }, { jwks_url: /not an https URL/ }],
    ['file url', { ...base, jwks_url: 'file:///etc/passwd' }, { jwks_url: /not an https URL/ }],
    ['http', { ...base, jwks_url: 'http://127.0.0.1/jwks' }, { jwks_url: /allow_http/ }],
    ['user in url', { ...base, jwks_url: 'https://a:b@c/jwks' }, { jwks_url: /user name/ }],
    ['pointless allow_http', { ...base, secret, allow_http: true }, { allow_http: /jwks_url/ }],
    ['file that is not there', { ...base, jwks_file: '/nowhere/a' }, { jwks_file: /ENOENT/ }],
    [
      'key file that is not there',
      { ...base, public_key_file: '/nowhere/a' },
      { public_key_file: /ENOENT/ },
    ],
    [
      'secret file that is not there',
      { ...base, secret_file: '/nowhere/a' },
      { secret_file: /ENOENT/ },
    ],
    ['a directory', { ...base, secret_file: '/' }, { secret_file: /EISDIR/ }],
    ['no PEM', { ...base, public_key: 'x' }, { public_key: /PEM/ }],
    ['private key', { ...base, public_key: pkcs8 }, { public_key: /private key/ }],
    [
      'short RSA key',
      { ...base, public_key: spki('rsa', { modulusLength: 1_024 }) },
      { public_key: /2048/ },
    ],
    [
      'odd curve',
      { ...base, public_key: spki('ec', { namedCurve: 'secp256k1' }) },
      { public_key: /P-256/ },
    ],
    ['key for agreement', { ...base, public_key: spki('x25519') }, { public_key: /Ed25519/ }],
    [
      'HS256 with RSA',
      { ...base, public_key: rsaPem, algorithms: ['HS256'] },
      { algorithms: /HS256 does not work with an RSA key/ },
    ],
    [
      'HS256 with a JWKS',
      { ...base, jwks_url: url, algorithms: ['RS256', 'HS256'] },
      { algorithms: /HS256 does not work with a JWKS/ },
    ],
    [
      'RS256 with a secret',
      { ...base, secret, algorithms: ['RS256'] },
      { algorithms: /RS256 does not work with a secret/ },
    ],
    [
      'EdDSA with a secret',
      { ...base, secret, algorithms: ['EdDSA'] },
      { algorithms: /does not work/ },
    ],
    [
      'ES384 with P-256',
      { ...base, public_key: pem, algorithms: ['ES384'] },
      { algorithms: /an EC P-256 key; supported: ES256/ },
    ],
    ['none', { ...base, secret, algorithms: ['none'] }, { algorithms: /one of HS256/ }],
    ['no algorithms', { ...base, secret, algorithms: [] }, { algorithms: /is empty/ }],
    ['odd algorithms', { ...base, secret, algorithms: [5, null] }, { algorithms: /one of/ }],
    ['one byte', { ...base, secret: 'x' }, { secret: /8 bits; HS256 needs 256/ }],
    ['31 bytes', { ...base, secret: secret.slice(0, 31) }, { secret: /248 bits/ }],
    [
      'HS384',
      { ...base, secret: secret.slice(0, 47), algorithms: ['HS256', 'HS384'] },
      { secret: /HS384 needs 384/ },
    ],
    [
      'HS512',
      { ...base, secret: secret.slice(0, 63), algorithms: ['HS512'] },
      { secret: /HS512 needs 512/ },
    ],
    ['one letter', { ...base, secret: 'a'.repeat(64) }, { secret: /guessed/ }],
    ['digits', { ...base, secret: '01234567890123456789012345678901' }, { secret: /guessed/ }],
    ['PEM as a secret', { ...base, secret: rsaPem }, { secret: /public_key/ }],
    ['leeway', { ...base, secret, leeway: '6m' }, { leeway: /the maximum is 5m/ }],
    ['odd leeway', { ...base, secret, leeway: '1 minute' }, { leeway: /duration/ }],
    [
      'empty claims',
      { ...base, secret, subject_claim: '', gates_claim: '' },
      { subject_claim: /characters/, gates_claim: /characters/ },
    ],
    [
      'much at once',
      { audience: 5, secret: 'x', leeway: '1h', gate_claim: 'x' },
      {
        issuer: /required/,
        audience: /array/,
        secret: /8 bits/,
        leeway: /5m/,
        gate_claim: /gates_claim/,
      },
    ],
  ];
  for (const [what, issuer, expected] of cases) {
    const found = issuerProblems(t, issuer);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), what);
    for (const [setting, pattern] of Object.entries(expected)) {
      assert.match(found[setting] ?? '', pattern, what);
    }
  }
});

test('files with keys are judged as the keys themselves', (t) => {
  const directory = temporaryDirectory(t);
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const cases: [string, string, RegExp | undefined][] = [
    ['secret_file', '', /0 bits/],
    ['secret_file', '\n', /0 bits/],
    ['secret_file', `${secret.slice(0, 32)}\n`, undefined],
    ['secret_file', `${secret.slice(0, 31)}\n`, /248 bits/],
    ['secret_file', 'x'.repeat(300_000), /the maximum is 262144/],
    ['public_key_file', pem, undefined],
    ['public_key_file', secret, /PEM/],
    ['jwks_file', '{"keys":[{"kty":"RSA"}]}', undefined],
    ['jwks_file', '{"keys":[]}', /without keys/],
    ['jwks_file', '{}', /is not a JWKS/],
    ['jwks_file', secret, /is not a JWKS/],
  ];
  for (const [index, [setting, text, problem]] of cases.entries()) {
    const found = issuerProblems(t, { ...base, [setting]: write(`f${index}`, text) });
    if (problem === undefined) assert.deepEqual(found, {}, text);
    else assert.match(found[setting] ?? '', problem, text);
    assert.ok(!JSON.stringify(found).includes(secret.slice(0, 20)));
  }
});

test('two issuers with one `iss`, and names that cannot be, are refused at their place', (t) => {
  const yaml = `jwt:
  issuers:
    one: { issuer: https://a.example/, audience: a, jwks_url: https://a.example/jwks }
    two:
      issuer: https://a.example/
      audience: b
      jwks_url: https://b.example/jwks
    three: { issuer: https://a.example, audience: a, jwks_url: https://a.example/jwks }
    Fo.ur: { issuer: x, audience: x, jwks_url: https://a.example/jwks }
    "5": {}
    __proto__: {}
`;
  assert.deepEqual(problemsOf(t, yaml).sort(), [
    'postern.yaml:10:5: jwt.issuers.5: a name has lower case letters, digits, - and _, and begins with a letter',
    'postern.yaml:11:5: jwt.issuers.__proto__: a name has lower case letters, digits, - and _, and begins with a letter',
    'postern.yaml:5:7: jwt.issuers.two.issuer: jwt.issuers.one has the same; the issuer of a JWT would be ambiguous',
    'postern.yaml:9:5: jwt.issuers.Fo.ur: a name has lower case letters, digits, - and _, and begins with a letter',
  ]);
});

test('the variable takes the whole map as JSON, wins over the file, and is named in problems', (t) => {
  const yaml = stringify({ jwt: { issuers: { file: { ...base, secret } } } });
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, yaml);
  const load = (value: unknown) =>
    loadConfig({ file, env: { POSTERN_JWT_ISSUERS: JSON.stringify(value) } }).config.jwtIssuers;
  assert.deepEqual(
    load({ env: { ...base, secret, leeway: '1m' } }).map(({ name, leeway }) => [name, leeway]),
    [['env', 60_000]],
  );
  assert.deepEqual(load({}), []);
  const problems = (value: string) => problemsOf(t, yaml, { POSTERN_JWT_ISSUERS: value });
  const one = JSON.stringify({ one: { ...base, secret: 'short', leeway: '1h' } });
  assert.deepEqual(
    problems(one).map((line) => line.split(':').slice(0, 2).join(':')),
    ['POSTERN_JWT_ISSUERS: jwt.issuers.one.secret', 'POSTERN_JWT_ISSUERS: jwt.issuers.one.leeway'],
  );
  for (const broken of [`{"one":{"secret":"${secret}"`, secret, `'${secret}'`]) {
    assert.deepEqual(problems(broken), ['POSTERN_JWT_ISSUERS: jwt.issuers: must be JSON']);
  }
  assert.deepEqual(problems('[]'), ['POSTERN_JWT_ISSUERS: jwt.issuers: must be object']);
  assert.deepEqual(problems('5'), ['POSTERN_JWT_ISSUERS: jwt.issuers: must be object']);
});

test('no problem repeats a secret, whatever is wrong around it', (t) => {
  const entries: object[] = [
    { secret: [secret] },
    { secret: { value: secret } },
    { secrets: secret },
    { secret, jwks_url: 'https://a.example/' },
    { secret, algorithms: ['RS256'] },
    { secret: secret.slice(0, 30) },
    { public_key: secret },
    { jwks_url: secret },
    { leeway: secret, secret },
    { algorithms: secret, secret },
  ];
  for (const entry of entries) {
    const yaml = stringify({ jwt: { issuers: { one: { ...base, ...entry } } } });
    const text = problemsOf(t, yaml).join('\n');
    assert.notEqual(text, '');
    assert.ok(!text.includes(secret.slice(0, 30)), text);
  }
});

test('`config show` masks secrets inside the map, and `config check` accepts it', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'etc'));
  const secretFile = join(directory, 'etc', 'secret');
  writeFileSync(secretFile, `${secret}-in-a-file`);
  const issuers = {
    one: { ...base, secret },
    two: { ...base, issuer: 'two', secret_file: secretFile },
    three: { ...base, issuer: 'three', public_key: pem },
  };
  const file = join(directory, 'postern.yaml');
  writeFileSync(file, stringify({ jwt: { issuers } }));
  const envs = [{ POSTERN_CONFIG: file }, { POSTERN_JWT_ISSUERS: JSON.stringify(issuers) }];
  for (const env of envs) {
    for (const args of [
      ['config', 'show'],
      ['config', 'show', '--json'],
      ['config', 'check'],
    ]) {
      const { code, stdout, stderr } = await runCommand(args, env);
      assert.equal(code, 0, stderr);
      assert.ok(!`${stdout}${stderr}`.includes(secret), args.join(' '));
      if (args[1] === 'show') assert.match(stdout, /"?secret"?: "?\*{8}/);
    }
  }
  const schema = JSON.parse((await runCommand(['config', 'schema'])).stdout);
  const [issuer] = Object.values<{ required: string[] }>(
    schema.properties.jwt.properties.issuers.patternProperties,
  );
  assert.deepEqual(issuer?.required, ['issuer', 'audience']);
});
