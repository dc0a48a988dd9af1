import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { denials } from '../../src/core/model/denials.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { newSecret, newSigner, startWithIssuers } from '../../testkit/jwt.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { runCommand } from '../../testkit/postern/command.ts';

const text = readFileSync(join(packageRoot, 'docs/jwt.md'), 'utf8');
const snippets = (language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(
    ([, code = '']) => code,
  );

/** Loads a snippet, with the files that it names in a directory of the test's. */
function load(t: TestContext, snippet: string, variable?: string): LoadedConfig {
  const directory = temporaryDirectory(t);
  const signer = newSigner('ES256');
  mkdirSync(join(directory, 'etc'));
  writeFileSync(join(directory, 'etc', 'backend.secret'), `${newSecret().material}\n`);
  writeFileSync(join(directory, 'etc', 'batch.pem'), signer.material);
  writeFileSync(
    join(directory, 'etc', 'offline.jwks.json'),
    JSON.stringify({ keys: [signer.jwk] }),
  );
  const here = snippet.replaceAll('/etc/postern/', `${join(directory, 'etc')}/`);
  if (variable !== undefined) return loadConfig({ env: { [variable]: here } });
  const file = join(directory, 'postern.yaml');
  writeFileSync(file, here);
  return loadConfig({ file, env: {} });
}

test('every configuration in docs/jwt.md is valid and does what is said there', (t) => {
  const configs = snippets('yaml').map((snippet) => load(t, snippet).config);
  const issuers = configs.flatMap(({ jwtIssuers }) => jwtIssuers);
  assert.deepEqual(
    issuers.map(({ name, keys }) => [name, keys.kind]),
    [
      ['keycloak', 'jwks_url'],
      ['keycloak', 'jwks_url'],
      ['auth0', 'jwks_url'],
      ['supabase', 'jwks_url'],
      ['backend', 'secret'],
      ['batch', 'public_key'],
      ['offline', 'jwks_file'],
    ],
  );
  assert.equal(configs.at(-1)?.defaultGate.jwtSingleUse, true);
  const [json = ''] = snippets('json');
  const { config } = load(t, json, 'POSTERN_JWT_ISSUERS');
  assert.deepEqual(
    config.jwtIssuers.map(({ name }) => name),
    ['backend'],
  );
});

test('every command and request in docs/jwt.md works', async (t) => {
  const { material: secret } = newSecret();
  const keycloak = { secret };
  const postern = await startWithIssuers(t, { keycloak });
  const lines = snippets('sh').join('').trim().split('\n');
  assert.equal(lines.length, 5);
  for (const line of lines) {
    if (line.startsWith('curl')) {
      const [, path = '', body = ''] = / \$U(\S+) -d '(.*)'$/.exec(line) ?? [];
      const { status } = await postern.api('POST', path, JSON.parse(body));
      assert.equal(status, 200, line);
      continue;
    }
    const [program, ...args] = line.split(' ');
    assert.equal(program, 'postern');
    const { code, stderr } = await runCommand(args, {
      POSTERN_ADMIN_KEY: adminKey,
      POSTERN_ADMIN_LISTEN: renderListenAddress(postern.admin),
    });
    assert.equal(code, 0, `${line}: ${stderr}`);
  }
});

test('what docs/jwt.md names is there', () => {
  for (const [, code = ''] of text.matchAll(/denied as\s+`([a-z_]+)`/g)) {
    assert.ok(code in denials, code);
  }
  for (const [, file = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
    readFileSync(join(packageRoot, 'docs', file));
  }
});
