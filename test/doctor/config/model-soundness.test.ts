import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { startBackend } from '../../../src/demo/backend.ts';
import { examine } from '../../../src/doctor/config/examine.ts';
import {
  buildConfiguration,
  type Configuration,
} from '../../../src/doctor/config/model/configuration.ts';
import { chooseLocation } from '../../../src/doctor/config/model/match.ts';
import type { AuthAnswer, Outcome } from '../../../src/doctor/config/model/outcome.ts';
import { simulate, simulateRequest } from '../../../src/doctor/config/model/request-simulation.ts';
import {
  anything,
  handshake,
  page,
  type Scenario,
} from '../../../src/doctor/config/model/scenario.ts';
import type { Scope } from '../../../src/doctor/config/model/scope.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { loadConfiguration } from '../../../src/proxies/nginx/syntax/index.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { memoryFiles } from '../../../testkit/doctor/examine.ts';

/**
 * How many servers there are, with rewrites, breaks, conditions and returns in every order, on what clients
 * choose as well. Whatever nginx does with a request has to be among the outcomes of the simulation: one that
 * is missing there is one that no rule is ever told of.
 */
const count = Number(process.env.POSTERN_RANDOM_SERVERS ?? 120);
const seed = Number(process.env.POSTERN_RANDOM_SEED ?? 6455);

const pick = (...texts: string[]) => fc.constantFrom(...texts);

/** Conditions: known, open, and about the path. */
const condition = pick(
  ...['$http_upgrade', '$http_upgrade != ""', '$x', '$x = 1', '$x != 1', '$kind = socket'],
  ...['$http_origin', '$http_origin = x', '$http_origin != x', '$http_user_agent ~ probe'],
  ...['$uri ~ ^/app', '$uri !~ ^/app', '$uri ~ "^/(out|page)"', '$request_uri ~ php'],
  ...['$place = app', '$cookie_a', '$who = probe', '-f $request_filename', '$arg_a', '$args'],
  ...['$request_method = POST', '$http_accept ~ html', '$is_args', '$later'],
);

/** What a condition decides about. */
const action = pick(
  ...['set $x 1;', 'set $x "";', 'set $x $http_origin;', 'set $http_upgrade "";', 'set $args "";'],
  ...['break;', 'return 418;', 'return 403;', 'return 200 ok;', 'return 302 /elsewhere;'],
  ...['rewrite ^ /page last;', 'rewrite ^ /page break;', 'rewrite ^/app(/.*)$ $1 last;'],
  ...['rewrite ^/app(.*) /outer$1 break;', 'rewrite ^ /exact;', 'rewrite ^ /page?a=1 last;'],
  ...['add_header X-View a always;', 'add_header X-View b always;', 'error_page 599 /;'],
  ...['error_page 401 =302 https://l.test/;', 'error_page 401 418 = @b;', 'set $x $place;'],
);

/** Lines of a location or a server, beside conditions. */
const plain = pick(
  ...[
    'set $x 1;',
    'set $x "";',
    'set $x $http_upgrade;',
    'set $x $uri;',
    'break;',
    'set $args a=1;',
  ],
  ...['rewrite /outer(.*) $1 break;', 'rewrite ^/app(/.*)$ $1 break;', 'rewrite /app(.*) $1 last;'],
  ...['rewrite ^/(.*)$ /page/$1;', 'rewrite ^/outer/(.*)$ /app/$1 last;', 'rewrite ^/x /page;'],
  ...['rewrite ^/exact$ /app/y last;', 'rewrite /inner /page break;', 'rewrite ^/app /exact last;'],
  ...['rewrite ^/page$ /exact redirect;', 'rewrite ^/(app)/(?<rest>.*)$ /outer/$rest last;'],
);

/** Lines of a location alone. */
const own = pick(
  ...[
    'auth_request /deny;',
    'auth_request /deny;',
    'auth_request off;',
    'add_header X-View c always;',
  ],
  ...['error_page 401 = @a;', 'error_page 401 @b;', 'error_page 401 =302 https://l.test/;'],
  ...['error_page 401 /page;', 'error_page 418 = @a;', 'error_page 401 =200 /app/z;'],
  ...['recursive_error_pages on;', 'return 200 ok;', 'return 401;', 'satisfy all;'],
  ...['try_files /none =404;', 'try_files /none /page;', 'error_page 404 =418 /exact;'],
);

const branch = fc
  .tuple(condition, fc.array(action, { minLength: 1, maxLength: 2 }))
  .map(([when, then]) => `if (${when}) { ${then.join(' ')} }`);
const inServer = fc
  .tuple(
    condition,
    fc.array(
      action.filter((one) => !/^(add_header|error_page)/.test(one)),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([when, then]) => `if (${when}) { ${then.join(' ')} }`);

/** nginx refuses a simple directive that stands twice in a block. */
function withoutTwins(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((one) => {
    const name = /^(auth_request|recursive_error_pages|satisfy|try_files)\b/.exec(one)?.[1];
    if (name === undefined) return true;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

const content = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: branch },
        { weight: 2, arbitrary: plain },
        { weight: 3, arbitrary: own },
      ),
      { maxLength: 6 },
    ),
    pick('proxy_pass BACKEND;', 'proxy_pass BACKEND;', 'proxy_pass BACKEND;', 'return 204;'),
  )
  .map(([lines, last]) => [...withoutTwins(lines), last].join(' '));

const server = fc
  .record({
    lines: fc.array(fc.oneof(inServer, plain), { maxLength: 3 }),
    root: content,
    regex: content,
    app: content,
    nested: content,
    exact: content,
    a: content,
    b: content,
    page: content,
  })
  .map(
    ({ lines, root, regex, app, nested, exact, a, b, page: own }) => `
    ${lines.join(' ')}
    location = /deny { internal; auth_request off; error_page 599 /; AUTH_ANSWER }
    location / { ${root} }
    location ~ \\.php$ { ${regex} }
    location ^~ /app/ { ${app} }
    location /outer { ${root} location /outer/inner { ${nested} } }
    location = /exact { ${exact} }
    location @a { ${a} }
    location @b { ${b} }
    location /page { ${own} }`,
  );

const paths = [
  '/',
  '/x.php',
  '/app/ws',
  '/app/x.php',
  '/outer/a',
  '/outer/inner/x',
  '/exact',
  '/page',
];

const kindsOfClients: readonly { scenario: Scenario; head: string; query?: string }[] = [
  { scenario: handshake, head: '' },
  { scenario: handshake, head: 'Origin: x\nUser-Agent: probe\n' },
  { scenario: page, head: '' },
  { scenario: page, head: 'Origin: y\nUser-Agent: probe\n' },
  { scenario: anything, head: 'Origin: x\n', query: '?a=1' },
  { scenario: anything, head: 'Cookie: a=1\nX-Who: probe\n' },
];

const wholeHead: Readonly<Record<Scenario['name'], string>> = {
  handshake:
    'Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n',
  page: 'Accept: text/html,application/xhtml+xml\nConnection: close\n',
  anything: 'Connection: close\n',
  h2c: '',
};

const answers: readonly [answer: AuthAnswer, said: string][] = [
  ['deny', 'return 401;'],
  ['allow', 'return 204;'],
];

const around = `
map $http_upgrade $kind { default page; ~*^web socket; }
map $uri $place { default elsewhere; ~^/app app; }
map $http_x_who $who { default usual; probe probe; }
`;

async function startServers(t: TestContext, servers: readonly string[]) {
  const backend = await startBackend();
  t.after(() => backend.close());
  const text = (listen: string) =>
    `${around}
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection upgrade;
${servers.map((one, index) => `server { ${listen} server_name s${index}.test; set $x $x; auth_request_set $later $upstream_status; ${one} }`).join('\n')}`.replaceAll(
      'BACKEND',
      `http://127.0.0.1:${backend.port}`,
    );
  const nginx = await startNginx({
    directory: temporaryDirectory(t),
    http: (port) =>
      `access_log off; uninitialized_variable_warn off; server_names_hash_bucket_size 128; server_names_hash_max_size 4096;\n${text(`listen 127.0.0.1:${port};`)}`,
  });
  t.after(() => nginx.close());
  const files = memoryFiles({ 'site.conf': text('') });
  const loaded = loadConfiguration('site.conf', files);
  // nginx started with all of it.
  assert.deepEqual(
    examine(loaded).findings.filter(({ code }) => code === 'PD044'),
    [],
  );
  const configuration = buildConfiguration(loaded, undefined);
  return { nginx, configuration };
}

/** What a client gets: a status, and the mark of the block that was in force. */
interface Seen {
  readonly status: number;
  readonly mark: string;
}

/** True where what a client got fits an outcome. */
function fits(outcome: Outcome, { status, mark }: Seen): boolean {
  if (outcome.kind === 'unknown') return true;
  if (outcome.kind === 'answered') return outcome.status === status;
  const marks = outcome.view.effective('add_header').map(({ args }) => args[1]);
  if ((marks[0] ?? '') !== mark) return false;
  if (outcome.kind === 'handled') return [outcome.status ?? 200, 403, 404, 405].includes(status);
  // What the backend answers itself, unless an error page says otherwise.
  return outcome.status === undefined ? status < 300 || status === 426 : outcome.status === status;
}

function outcomesOf(
  configuration: Configuration,
  scope: Scope,
  path: string,
  scenario: Scenario,
  { answer, query }: { readonly answer: AuthAnswer; readonly query: string },
): readonly (readonly Outcome[])[] {
  const host = scope.own('server_name')[0]?.args[0] ?? '';
  const known = simulateRequest(configuration, scope, { host, path }, { scenario, answer });
  const chosen = chooseLocation(scope, path);
  const isMovedByServer = scope.own('rewrite').length > 0 || scope.own('if').length > 0;
  const ofAny =
    chosen.kind !== 'scope' || isMovedByServer
      ? []
      : [simulate(configuration, chosen.scope, scenario, answer)];
  return query === '' ? [known, ...ofAny] : ofAny;
}

for (const [answer, said] of answers) {
  test(`whatever a real nginx does is among the simulated outcomes when the auth service says ${answer}`, async (t) => {
    const servers = fc
      .sample(server, { numRuns: count, seed })
      .map((text) => text.replace('AUTH_ANSWER', said));
    const { nginx, configuration } = await startServers(t, servers);
    const wrong: string[] = [];
    const counts = { requests: 0, sure: 0, unknown: 0 };
    for (const [index, scope] of configuration.servers.entries()) {
      for (const path of paths) {
        for (const { scenario, head, query = '' } of kindsOfClients) {
          const request = `GET ${path}${query} HTTP/1.1\nHost: s${index}.test\n${wholeHead[scenario.name]}${head}\n`;
          const isSocket = scenario === handshake;
          const { status, text } = await sendRaw(nginx.port, request, { body: !isSocket });
          // A handshake whose question comes to a backend that switches protocols is cut off.
          if (status === 0) continue;
          counts.requests++;
          const mark = /^x-view: (\w)/im.exec(text)?.[1] ?? '';
          for (const outcomes of outcomesOf(configuration, scope, path, scenario, {
            answer,
            query,
          })) {
            const isFound = outcomes.some((one) => fits(one, { status, mark }));
            const isSure = outcomes.every(({ certain }) => certain);
            counts.sure += Number(isSure);
            counts.unknown += Number(outcomes.some(({ kind }) => kind === 'unknown'));
            if (!isFound) {
              wrong.push(
                `${scenario.name} ${path}${query} ${head}: ${status} ${mark}, not ${JSON.stringify(outcomes.map((one) => [one.kind, 'status' in one && one.status]))}, in:${servers[index]}`,
              );
            }
          }
        }
      }
    }
    t.diagnostic(JSON.stringify(counts));
    assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${counts.requests}`);
    assert.ok(counts.sure > counts.requests / 4, JSON.stringify(counts));
    assert.ok(counts.unknown < counts.requests / 10, JSON.stringify(counts));
  });
}
