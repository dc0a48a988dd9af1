import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needProgram } from '../../../../scripts/programs.ts';
import { tryHandshake, tryPage } from '../../../../src/demo/client.ts';
import { findNginxVersion } from '../../../../src/proxies/nginx/syntax/index.ts';
import { codesOf, examineFiles, examineText } from '../../../../testkit/doctor/examine.ts';
import {
  type ExampleSite,
  goodCookie,
  startExample,
} from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';
import { waitFor } from '../../../../testkit/wait.ts';

async function namesSeen(site: ExampleSite): Promise<string[]> {
  const spoofed = { ...goodCookie, Remote_User: 'admin' };
  const { seen } = await tryHandshake(`${site.socketUrl}/ws`, spoofed);
  return Object.keys(seen?.headers ?? {}).filter((name) => /^remote.user$/.test(name));
}

proveRule('PD017', {
  wrong: async (site) => {
    assert.deepEqual((await namesSeen(site)).sort(), ['remote-user', 'remote_user']);
  },
  right: async (site) => assert.deepEqual(await namesSeen(site), ['remote-user']),
});

test('PD017 is found for ignore_invalid_headers too', () => {
  const text = readExample('PD017', 'Wrong')['site.conf']?.replace(
    'underscores_in_headers on',
    'ignore_invalid_headers off',
  );
  assert.ok(codesOf(examineText(text ?? '').findings).includes('PD017 warning'));
});

async function logOf(site: ExampleSite): Promise<string> {
  assert.equal((await tryPage(`${site.url}/ws?token=good`)).status, 200);
  const log = () => readFileSync(join(site.directory, 'access.log'), 'utf8');
  await waitFor('a line in the log', () => log().includes('\n'));
  return log();
}

proveRule('PD018', {
  letsIn: false,
  wrong: async (site) => assert.match(await logOf(site), /token=good/),
  right: async (site) => assert.doesNotMatch(await logOf(site), /good/),
});

proveRule('PD022', {
  wrong: async (site) => {
    const { status, headers } = await tryPage(`${site.url}/`);
    assert.deepEqual([status, headers.location], [401, undefined]);
  },
  right: async (site) => {
    const { status, headers } = await tryPage(`${site.url}/`);
    assert.deepEqual([status, headers.location], [302, 'https://login.example.com/']);
  },
});

test('PD022: one add_header in a location takes those of the server away', async (t) => {
  const text = readExample('PD022', 'Right')
    ['site.conf']?.replace('listen 80;', 'listen 80;\n    add_header X-Frame-Options DENY always;')
    .replace('auth_request /auth;', 'auth_request /auth;\n        add_header X-App here always;');
  assert.deepEqual(
    examineText(text ?? '')
      .findings.filter(({ code }) => code === 'PD022')
      .map(({ severity }) => severity),
    ['notice'],
  );
  const site = await startExample(t, { 'site.conf': text ?? '' });
  const { headers } = await tryPage(`${site.url}/`, goodCookie);
  assert.deepEqual([headers['x-app'], headers['x-frame-options']], ['here', undefined]);
});

proveRule('PD023', {
  wrong: async () => assert.ok(realVersion().startsWith('1.')),
  right: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
    assert.equal((await tryPage(`${site.url}/`, { ...goodCookie, upgrade: 'h2c' })).status, 200);
  },
});

function realVersion(): string {
  const { stderr } = spawnSync(needProgram('nginx'), ['-v'], { encoding: 'utf8' });
  return findNginxVersion(stderr) ?? '';
}

test('PD023 goes by the version, stable and mainline apart', () => {
  const files = readExample('PD023', 'Wrong');
  const isFound = (version: string) =>
    examineFiles(files, version).findings.some(({ code }) => code === 'PD023');
  const versions = ['0.9.5', '1.22.1', '1.30.3', '1.30.4', '1.31.2', '1.31.3', '1.32.0'];
  assert.deepEqual(versions.map(isFound), [false, true, true, false, true, false, false]);
});

test('PD026 is found where an include is missing, and nginx does not start without it', async (t) => {
  const files = readExample('PD026', 'Wrong');
  assert.deepEqual(codesOf(examineFiles(files).findings.filter(({ code }) => code === 'PD026')), [
    'PD026 notice',
  ]);
  await assert.rejects(startExample(t, files), /open\(\) ".*identity\.conf" failed/);
});

test('PD026 is not found where the include is there', async (t) => {
  const files = readExample('PD026', 'Right');
  assert.ok(!codesOf(examineFiles(files).findings).includes('PD026 notice'));
  const site = await startExample(t, files);
  const { seen } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
  assert.equal(seen?.headers['remote-user'], 'alice');
});

test('PD026: a program that decides makes faults likely, and says so', () => {
  const [text = ''] = Object.values(readExample('PD001', 'Wrong'));
  const program = 'access_by_lua_block { if x then ngx.exit(403) end }';
  const { findings } = examineText(
    text.replace('auth_request /auth;', `${program} auth_request /auth;`),
  );
  const codes = codesOf(findings);
  assert.ok(codes.includes('PD001 warning'), String(codes));
  assert.ok(codes.includes('PD026 notice'), String(codes));
});

proveRule('PD040', {
  wrong: async (site) => {
    await tryPage(`${site.url}/`, { 'x-forwarded-for': '10.0.0.1' });
    assert.equal(site.questions.at(-1)?.headers['x-real-ip'], '10.0.0.1');
  },
  right: async (site) => {
    await tryPage(`${site.url}/`, { 'x-forwarded-for': '10.0.0.1' });
    assert.equal(site.questions.at(-1)?.headers['x-real-ip'], '127.0.0.1');
  },
});

test('PD040 is found for networks of nobody in particular, and not for private ones', () => {
  const text = readExample('PD040', 'Wrong')['site.conf'] ?? '';
  const found = (network: string) =>
    codesOf(examineText(text.replace('0.0.0.0/0', network)).findings).includes('PD040 warning');
  for (const network of ['::/0', '0.0.0.0/1', '2000::/3']) assert.ok(found(network), network);
  for (const network of ['10.0.0.0/8', 'fc00::/7', '172.16.0.0/12', 'unix:', '192.0.2.1']) {
    assert.ok(!found(network), network);
  }
  assert.ok(
    !codesOf(examineText(text.replace('X-Forwarded-For', 'proxy_protocol')).findings).includes(
      'PD040 warning',
    ),
  );
});
