import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { denials } from '../../../src/core/model/denials.ts';
import { catalog } from '../../../src/doctor/probe/catalog.ts';
import type { FindingRule, Severity } from '../../../src/doctor/probe/finding-rule.ts';
import { packageRoot } from '../../../src/lib/resources.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { runCommand } from '../../../testkit/postern/command.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { createAuthority } from '../../../testkit/tls/authority.ts';

const file = join(packageRoot, 'docs/doctor-probe.md');
const text = readFileSync(file, 'utf8');

test('docs/doctor-findings.md has a row and a heading for every finding, and no other', () => {
  const page = readFileSync(join(packageRoot, 'docs/doctor-findings.md'), 'utf8');
  const rules: [string, FindingRule][] = Object.entries(catalog);
  const severities: Severity[] = ['fault', 'warning', 'ok'];
  const rows = severities.flatMap((severity) =>
    rules
      .filter(([, rule]) => rule.severity === severity)
      .map(([code, { title }]) => `| [\`${code}\`](#${code}) | ${severity} | ${title} |`),
  );
  const written = page.match(/^\| \[`[a-z0-9-]+`\]\S+ \| (?:fault|warning|ok) \| .*$/gm);
  assert.deepEqual(written, rows);
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, code]) => code);
  assert.deepEqual(headings.sort(), Object.keys(catalog).sort());
});

test('every finding is made by some check, and every code that a check names exists', () => {
  const sources = globSync('src/doctor/probe/**/*.ts', { cwd: packageRoot })
    .filter((name) => !name.includes('catalog'))
    .map((name) => readFileSync(join(packageRoot, name), 'utf8'))
    .join('\n');
  const idle = Object.keys(catalog).filter((code) => !sources.includes(`'${code}'`));
  assert.deepEqual(idle, []);
  const tests = globSync('test/doctor/probe/*.test.ts', { cwd: packageRoot })
    .map((name) => readFileSync(join(packageRoot, name), 'utf8'))
    .join('\n');
  const untested = Object.keys(catalog).filter((code) => !tests.includes(code));
  assert.deepEqual(untested, []);
});

test('what is not well says what to change, and what is well does not alarm', () => {
  for (const [code, rule] of Object.entries(catalog) as [string, FindingRule][]) {
    if (rule.severity !== 'ok') assert.ok(rule.change, `${code} says what to change`);
    assert.match(rule.meaning, /[.)]$/, code);
    assert.match(rule.change ?? '.', /[.?)"]$/, code);
    assert.ok(!(code in denials), code);
  }
});

test('docs/doctor-probe.md names every option of the command, and no other', async () => {
  const { stdout } = await runCommand(['doctor', 'probe', '--help']);
  const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name);
  const known = options.filter((name) => name !== '--help');
  assert.deepEqual(
    known.filter((name) => !text.includes(`${name}`)),
    [],
  );
  const named = [...text.matchAll(/`(--[a-z-]+)/g)].map(([, name]) => name);
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  );
});

/** The sites of the examples, by host: where they really are, and who signed for them. */
async function startExamples(t: TestContext) {
  const authority = createAuthority(t);
  const directory = temporaryDirectory(t);
  const ca = join(directory, 'root.pem');
  writeFileSync(ca, authority.root);
  const grist = authority.issue({ host: 'grist.example.com', toDay: 80 });
  const { nginx } = await startPlainNginx(
    t,
    `ssl_certificate ${grist.certFile}; ssl_certificate_key ${grist.keyFile};
     location / { auth_request /auth; error_page 401 = @tinyauth_login; proxy_pass http://127.0.0.1:1; }
     location = /auth { internal; return 401; }
     location @tinyauth_login {
       return 302 https://tinyauth.example.com/login?redirect_uri=$scheme://$http_host$request_uri;
     }`,
    { listen: 'ssl http2', http: terse },
  );
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    http: terse,
    certificate: { ...authority.issue({ host: 'chat.example.com', toDay: 80 }), keyHash: '' },
  });
  const { token } = await postern.issue();
  writeFileSync(join(directory, 'token.txt'), token);
  return {
    directory,
    ca,
    ports: new Map([
      ['grist.example.com', nginx.port],
      ['chat.example.com', site.nginx.port],
    ]),
  };
}

/** What would differ from one nginx to the next. */
const terse = 'server_tokens off; ssl_protocols TLSv1.2 TLSv1.3;';

/** What differs from day to day and from machine to machine. */
function settle(output: string): string {
  return output
    .replace(/\d{4}-\d\d-\d\d/g, '2026-01-31')
    .replace(/pong after \d+ ms/g, 'pong after 2 ms')
    .trimEnd();
}

test('every example of docs/doctor-probe.md shows what the command prints', async (t) => {
  const { directory, ca, ports } = await startExamples(t);
  const examples = [...text.matchAll(/```console\n\$ postern ([^\n]*)\n(.*?)```/gs)];
  assert.equal(examples.length, 3);
  for (const [, line = '', shown = ''] of examples) {
    const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
    const host = /wss:\/\/([^/ ]+)/.exec(line)?.[1] ?? '';
    const port = ports.get(host);
    const where = port === undefined ? [] : ['--connect', `127.0.0.1:${port}`, '--ca', ca];
    const all = [...args.filter((word) => word !== undefined), ...where];
    const { stdout, stderr } = await runCommand(all, {}, { cwd: directory });
    assert.equal(stderr, '');
    assert.equal(settle(stdout), shown.trimEnd(), `what "${line}" shows is not what it prints`);
  }
});
