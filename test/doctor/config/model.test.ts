import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { startBackend } from '../../../src/demo/backend.ts';
import {
  buildConfiguration,
  type Configuration,
} from '../../../src/doctor/config/model/configuration.ts';
import { chooseLocation } from '../../../src/doctor/config/model/match.ts';
import type { AuthAnswer, Outcome } from '../../../src/doctor/config/model/outcome.ts';
import { simulate } from '../../../src/doctor/config/model/request-simulation.ts';
import { handshake } from '../../../src/doctor/config/model/scenario.ts';
import type { Scope } from '../../../src/doctor/config/model/scope.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { loadConfiguration } from '../../../src/proxies/nginx/syntax/index.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { memoryFiles } from '../../../testkit/doctor/examine.ts';

function build(text: string) {
  return buildConfiguration(
    loadConfiguration('site.conf', memoryFiles({ 'site.conf': text })),
    undefined,
  );
}

const pick = (...texts: string[]) => fc.constantFrom(...texts);

/** Lines of a location that may stand together. */
const line = fc.oneof(
  pick('auth_request /deny;', 'auth_request /deny;', 'auth_request off;'),
  pick(
    'error_page 401 = @a;',
    'error_page 401 @b;',
    'error_page 401 =200 /page;',
    'error_page 401 /page;',
  ),
  pick(
    'error_page 401 =302 https://l.test/;',
    'error_page 401 https://l.test/;',
    'error_page 401 =401;',
  ),
  pick(
    'error_page 418 = @a;',
    'error_page 418 @b;',
    'error_page 404 401 = @b;',
    'error_page 401 418 =307 https://l.test/;',
  ),
  pick('recursive_error_pages on;', 'recursive_error_pages off;'),
  pick('set $x websocket;', 'set $x "";', 'set $x $http_upgrade;'),
  pick(
    'return 200 ok;',
    'return 418;',
    'return 302 /elsewhere;',
    'return 401;',
    'rewrite ^ /page last;',
  ),
  pick(
    'if ($x) { return 418; }',
    'if ($x = websocket) { return 401; }',
    'if ($kind = socket) { return 403; }',
  ),
  pick(
    'if ($http_upgrade ~* ^websocket$) { error_page 401 = @b; }',
    'if ($http_upgrade) { set $x 1; }',
  ),
  pick('if ($x != websocket) { rewrite ^ /page last; }', 'if ($kind !~ socket) { return 418; }'),
  pick('auth_request_set $later $upstream_status;', 'if ($later) { return 418; }'),
  pick('deny all;', 'satisfy all;', 'break;', 'if ($http_upgrade) { break; }'),
  pick(
    'rewrite ^ /page break;',
    'if ($x) { rewrite ^ /page break; }',
    'rewrite ^/exact$ /page last;',
  ),
);

/** nginx refuses a simple directive that stands twice in a block. */
function withoutTwins(lines: readonly string[]): string[] {
  const single = /^(auth_request|recursive_error_pages|satisfy)\b/;
  const seen = new Set<string>();
  return lines.filter((one) => {
    const name = single.exec(one)?.[1];
    if (name === undefined) return true;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

const content = fc
  .tuple(
    fc.array(line, { maxLength: 5 }),
    pick('proxy_pass BACKEND;', 'proxy_pass BACKEND;', 'return 204;'),
  )
  .map(([lines, last]) => [...withoutTwins(lines), last].join(' '));

const server = fc
  .record({
    own: fc.array(
      line.filter((one) => !/^(return|rewrite|deny|break|if .*error_page)/.test(one)),
      { maxLength: 2 },
    ),
    root: content,
    regex: content,
    nested: content,
    final: content,
    a: content,
    b: content,
    page: content,
  })
  .map(
    ({ own, root, regex, nested, final, a, b, page }) => `
    ${withoutTwins(own).join(' ')}
    location = /deny { internal; auth_request off; error_page 599 /; AUTH_ANSWER }
    location / { ${root} }
    location ~ \\.php$ { ${regex} }
    location /outer { ${root} location /outer/inner { ${nested} } }
    location ^~ /final/ { ${final} }
    location = /exact { ${nested} }
    location @a { ${a} }
    location @b { ${b} }
    location = /page { ${page} }`,
  );

const paths = [
  '/',
  '/x.php',
  '/outer',
  '/outer/inner/x',
  '/outer/x.php',
  '/final/x.php',
  '/exact',
  '/exact/',
];

/** What a client sees at an outcome; undefined where the model does not claim to know. */
function statusAt(outcome: Outcome): number | undefined {
  if (outcome.kind === 'answered') return outcome.status;
  return outcome.kind === 'proxied' ? (outcome.status ?? 101) : undefined;
}

async function startServers(t: TestContext, servers: readonly string[]) {
  const backend = await startBackend();
  t.after(() => backend.close());
  const text = `
map $http_upgrade $kind { default page; ~*^web socket; }
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection upgrade;
${servers.map((one, index) => `server { LISTEN server_name s${index}.test; auth_request_set $later $upstream_status; ${one} }`).join('\n')}`.replaceAll(
    'BACKEND',
    `http://127.0.0.1:${backend.port}`,
  );
  const nginx = await startNginx({
    directory: temporaryDirectory(t),
    http: (port) =>
      `access_log off; server_names_hash_bucket_size 128;\n${text.replaceAll('LISTEN', `listen 127.0.0.1:${port};`)}`,
  });
  t.after(() => nginx.close());
  return { nginx, configuration: build(text.replaceAll('LISTEN', '')) };
}

function ask(port: number, host: string, path: string) {
  return sendRaw(
    port,
    `GET ${path} HTTP/1.1
Host: ${host}
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

`,
  );
}

const answers: readonly [answer: AuthAnswer, said: string][] = [
  ['deny', 'return 401;'],
  ['allow', 'return 204;'],
  ['forbid', 'return 403;'],
];

for (const [answer, said] of answers) {
  test(`the model foretells what a real nginx answers to handshakes when the auth service says ${answer}`, async (t) => {
    const servers = fc
      .sample(server, { numRuns: 100, seed: 6455 })
      .map((text) => text.replace('AUTH_ANSWER', said));
    const { nginx, configuration } = await startServers(t, servers);
    let foretold = 0;
    const wrong: string[] = [];
    for (const [index, scope] of configuration.servers.entries()) {
      for (const path of paths) {
        const expected = foretell(configuration, scope, path, answer);
        if (expected === undefined) continue;
        foretold++;
        const { status } = await ask(nginx.port, `s${index}.test`, path);
        if (status !== expected) {
          wrong.push(`${path}: ${status}, not ${expected}, in:${servers[index]}`);
        }
      }
    }
    assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${foretold}`);
    assert.ok(foretold > 600, `only ${foretold} were foretold`);
  });
}

/** The status of all outcomes that a handshake can come to; undefined where they differ. */
function foretell(
  configuration: Configuration,
  scope: Scope,
  path: string,
  answer: AuthAnswer,
): number | undefined {
  const chosen = chooseLocation(scope, path);
  if (chosen.kind !== 'scope') return undefined;
  const outcomes = simulate(configuration, chosen.scope, handshake, answer);
  const statuses = new Set(outcomes.map(statusAt));
  const [status] = statuses;
  return statuses.size === 1 && outcomes.every(({ certain }) => certain) ? status : undefined;
}
