import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needProgram } from '../../../scripts/programs.ts';
import { appendTo, replaceDirective } from '../../../src/doctor/config/edit.ts';
import { examine } from '../../../src/doctor/config/examine.ts';
import { checkEdits } from '../../../src/doctor/config/fix/check-edits.ts';
import { findAll } from '../../../src/doctor/config/model/configuration.ts';
import { loadConfiguration } from '../../../src/proxies/nginx/syntax/index.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { applyPatch } from '../../../testkit/doctor/apply-patch.ts';
import { memoryFiles } from '../../../testkit/doctor/examine.ts';
import { failedInOneLine, runCommand } from '../../../testkit/postern/command.ts';

/** A location that two servers include: whatever is changed in it is changed for both. */
const shared: Readonly<Record<string, string>> = {
  'nginx.conf': `events {}
http {
    map $http_upgrade $u { default ""; ~*^websocket$ websocket; }
    map $http_upgrade $c { default ""; ~*^websocket$ upgrade; }
    access_log off;
    server {
        listen 127.0.0.1:1;
        server_name a.test;
        location = /auth { internal; return 401; }
        include application.conf;
    }
    server {
        listen 127.0.0.1:1;
        server_name b.test;
        location = /auth { internal; return 401; }
        include application.conf;
    }
}
`,
  'sign-on.conf': `auth_request /auth;
error_page 401 =302 https://login.example.com/;
`,
  'application.conf': `location / {
    include sign-on.conf;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $u;
    proxy_set_header Connection $c;
    proxy_read_timeout 1d;
    rewrite ^/x(.*) $1 break;
    proxy_pass http://127.0.0.1:8080;
}
`,
};

/** Puts the files on disk. The log and the process id go beside them, where anybody may write. */
function place(t: TestContext, files: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t);
  const main = `pid ${directory}/pid;\nerror_log ${directory}/error.log;\n${files['nginx.conf']}`;
  for (const [name, text] of Object.entries({ ...files, 'nginx.conf': main })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return { directory, main: join(directory, 'nginx.conf') };
}

test('a patch of a shared file mends every server that includes it, and nginx takes the result', async (t) => {
  const { directory, main } = place(t, shared);
  const first = await runCommand(['doctor', 'config', main, '--fix']);
  assert.match(first.stderr, /applied to a copy and judged again, and nginx -t takes it/);
  const before = Object.keys(shared).map((name) => join(directory, name));
  const texts = Object.fromEntries(before.map((name) => [name, readFileSync(name, 'utf8')]));
  const mended = applyPatch(texts, first.stdout);
  for (const [name, text] of Object.entries(mended)) writeFileSync(name, text);
  const application = mended[join(directory, 'application.conf')] ?? '';
  // Above the rewrite with break, behind which it would do nothing.
  assert.match(application, /sign-on\.conf;\n {4}include \S+no-login-redirect\.conf;\n/);
  const again = await runCommand(['doctor', 'config', main]);
  assert.doesNotMatch(again.stdout, /PD001/);
  const tested = spawnSync(needProgram('nginx'), ['-t', '-c', main], { encoding: 'utf8' });
  assert.equal(tested.status, 0, tested.stderr);
});

test('an edit that would break another server is left out, and the reason is said', () => {
  const files = memoryFiles(shared);
  const loaded = loadConfiguration('nginx.conf', files);
  const found = examine(loaded);
  const [line] = findAll(loaded.directives, 'error_page');
  const [server] = findAll(loaded.directives, 'server');
  assert.ok(line !== undefined && server !== undefined);
  // What the named location of one server is for the include of both.
  const bad = [
    replaceDirective(line, 'error_page 401 = @sign_in;'),
    appendTo(server, 'location @sign_in {', '    return 302 https://login.example.com/;', '}'),
  ];
  const [finding, ...others] = found.findings.filter(({ code }) => code === 'PD001');
  assert.ok(finding !== undefined);
  const examination = { ...found, findings: [{ ...finding, edits: bad }, ...others] };
  const origin = { main: 'nginx.conf', files, version: undefined, gates: undefined };
  const { edits, refused } = checkEdits(origin, loaded, examination);
  assert.equal(edits.length, 0);
  assert.match(refused[0]?.why ?? '', /location \/ of b\.test: a page .* error of nginx/);
});

test('an edit that nginx refuses is left out', () => {
  const files = memoryFiles(shared);
  const loaded = loadConfiguration('nginx.conf', files);
  const found = examine(loaded);
  const findings = found.findings.filter(({ edits }) => edits.length > 0);
  const origin = { main: 'nginx.conf', files, version: undefined, gates: undefined };
  const { edits, refused } = checkEdits(origin, loaded, { ...found, findings }, () => 'no');
  assert.deepEqual([edits.length, refused.length], [0, findings.length]);
  assert.ok(refused.every(({ why }) => why === 'no'));
});

test('a configuration that nginx does not take as it is cannot be tried, which is said', async (t) => {
  const { main } = place(t, {
    ...shared,
    'nginx.conf': shared['nginx.conf']?.replace('access_log off;', 'nonsense on;') ?? '',
  });
  const { stderr, stdout } = await runCommand(['doctor', 'config', main, '--fix']);
  assert.match(stderr, /nginx -t was not asked/);
  assert.match(stdout, /no-login-redirect\.conf/);
});

test('--root with a path from outside says what to write', async (t) => {
  const { directory, main } = place(t, shared);
  failedInOneLine(
    await runCommand(['doctor', 'config', main, '--root', directory]),
    3,
    /inside of --root .* write \/nginx\.conf/,
  );
});
