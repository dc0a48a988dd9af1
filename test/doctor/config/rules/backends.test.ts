import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needProgram } from '../../../../scripts/programs.ts';
import { tryHandshake } from '../../../../src/demo/client.ts';
import { temporaryDirectory } from '../../../../testkit/directory.ts';
import { codesOf, examineFiles } from '../../../../testkit/doctor/examine.ts';
import { type ExampleSite, goodCookie } from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';

const seenAt = async (site: ExampleSite, path: string) =>
  (await tryHandshake(`${site.socketUrl}${path}`, goodCookie)).seen;

proveRule('PD041', {
  wrong: async (site) => {
    assert.equal((await seenAt(site, '/ws'))?.headers.host, `127.0.0.1:${site.backend.port}`);
  },
  right: async (site) => assert.equal((await seenAt(site, '/ws'))?.headers.host, '127.0.0.1'),
});

test('PD041 beside postern-proxy.conf names the variable for another Host', () => {
  const { findings } = examineFiles({
    'postern.yaml': 'gates: { sync: { paths: [/] } }',
    'site.conf': `include postern/postern-http.conf;
      server {
        listen 80;
        include postern/postern-server.conf;
        location / {
          include postern/postern-location.conf;
          include postern/postern-proxy.conf;
          proxy_set_header Host localhost;
          proxy_pass http://127.0.0.1:8384;
        }
      }`,
  });
  const [found] = findings.filter(({ code }) => code === 'PD041');
  assert.equal(
    found?.change,
    'In place of "proxy_set_header Host localhost;" write: set $postern_host "localhost";',
  );
});

proveRule('PD042', {
  wrong: async (site) => assert.equal((await seenAt(site, '/ws?transport=x'))?.url, '/ws'),
  right: async (site) => {
    assert.equal((await seenAt(site, '/ws?transport=x'))?.url, '/ws?transport=x');
  },
});

proveRule('PD043', {
  wrong: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 308);
  },
  right: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  },
});

test('PD044 is found in its wrong example, which nginx refuses, and not in the right one, which it takes', (t) => {
  const refuse = (heading: 'Wrong' | 'Right') => {
    const files = readExample('PD044', heading);
    const directory = temporaryDirectory(t);
    const main = join(directory, 'nginx.conf');
    const text = (files['site.conf'] ?? '').replace('listen 80', 'listen 127.0.0.1:1');
    const whole = `pid ${directory}/pid; error_log stderr; events {} http { access_log off; ${text} }`;
    writeFileSync(main, whole);
    const { status, stderr } = spawnSync(needProgram('nginx'), ['-t', '-c', main], {
      encoding: 'utf8',
    });
    const { findings } = examineFiles({ ...files, 'site.conf': whole });
    return { status, stderr, codes: codesOf(findings.filter(({ code }) => code === 'PD044')) };
  };
  const wrong = refuse('Wrong');
  assert.match(wrong.stderr, /\[emerg\] .*unknown "connection_upgrade" variable/);
  assert.deepEqual([wrong.status, wrong.codes], [1, ['PD044 fault']]);
  const right = refuse('Right');
  assert.ok(!right.stderr.includes('unknown'), right.stderr);
  assert.deepEqual(right.codes, []);
});

proveRule('PD045', {
  wrong: async (site) =>
    assert.equal((await seenAt(site, '/ws'))?.headers['remote-user'], undefined),
  right: async (site) => assert.equal((await seenAt(site, '/ws'))?.headers['remote-user'], 'alice'),
});

/** Uploads more than the default limit. */
async function upload(site: ExampleSite): Promise<number> {
  const body = Buffer.alloc(2 * 1024 * 1024);
  const { status } = await fetch(site.url, { method: 'POST', body, headers: goodCookie });
  return status;
}

proveRule('PD046', {
  wrong: async (site) => assert.equal(await upload(site), 500),
  right: async (site) => assert.equal(await upload(site), 200),
});

/** Lines of a server, and what nginx says about them; nothing where it takes them. */
const refusals: readonly (readonly [lines: string, said: RegExp | undefined])[] = [
  ['map $uri $x { default 1; }', /"map" directive is not allowed here/],
  [
    'location / { if ($arg_a) { auth_request off; } }',
    /"auth_request" directive is not allowed here/,
  ],
  [
    'location / { if ($arg_a) { proxy_set_header A b; } }',
    /"proxy_set_header" directive is not allowed here/,
  ],
  ['location / { listen 80; }', /"listen" directive is not allowed here/],
  ['location /a { } location ^~ /a { }', /duplicate location "\/a"/],
  ['location = /a { } location = /a { }', /duplicate location "\/a"/],
  ['location /a { location /b { } }', /location "\/b" is outside location "\/a"/],
  ['location /a { location @b { } }', /named location "@b" can be on the server level only/],
  [
    'proxy_http_version 1.1; proxy_http_version 1.0;',
    /"proxy_http_version" directive is duplicate/,
  ],
  ['auth_request /a; auth_request /b;', /"auth_request" directive is duplicate/],
  ['location / { proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.1; }', /is duplicate/],
  [
    'location ~ x { proxy_pass http://127.0.0.1/x; }',
    /"proxy_pass" cannot have URI part in location given by regular expression/,
  ],
  ['location / { return 301 $nothing; }', /unknown "nothing" variable/],
  ['if ($lan-ip = yes) { return 403; }', /unknown "lan-ip" variable/],
  ['location /a { } location = /a { }', undefined],
  ['location ~ a { } location ~ a { }', undefined],
  ['location @a { } location @a { }', undefined],
  ['location ~ ^/(?<rest>.*) { return 301 /$rest; }', undefined],
  ['set $a 1; location / { add_header A "$a$1$http_x$upstream_http_y"; }', undefined],
  [
    'location / { auth_request /a; auth_request_set $u $upstream_status; add_header A $u; }',
    undefined,
  ],
  [
    'location / { if ($arg_a) { error_page 404 /; add_header A b; proxy_pass http://127.0.0.1; } }',
    undefined,
  ],
];

test('PD044 says of many lines what nginx says', (t) => {
  const directory = temporaryDirectory(t);
  const main = join(directory, 'nginx.conf');
  for (const [lines, said] of refusals) {
    const text = `pid ${directory}/pid; error_log stderr; events {} http { access_log off; server { listen 127.0.0.1:1; ${lines} } }`;
    writeFileSync(main, text);
    const { stderr } = spawnSync(needProgram('nginx'), ['-t', '-c', main], { encoding: 'utf8' });
    assert.match(stderr, said ?? /syntax is ok/, lines);
    const found = examineFiles({ 'site.conf': text }).findings.filter(
      ({ code }) => code === 'PD044',
    );
    assert.deepEqual(codesOf(found), said === undefined ? [] : ['PD044 fault'], lines);
  }
});
