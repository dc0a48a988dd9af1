import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { findFreePort, startNginx } from '../../../src/proxies/nginx/process.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { codesOf, examineText } from '../../../testkit/doctor/examine.ts';

/**
 * How many servers there are around an auth location, with rewrites, conditions, breaks, returns and
 * error pages in every order. Each is there twice: the auth service denies, or is down. So whatever
 * reaches the application got there without a yes.
 */
const count = Number(process.env.POSTERN_RANDOM_SERVERS ?? 300);
const seed = Number(process.env.POSTERN_RANDOM_SEED ?? 6455);

const pick = (...texts: string[]) => fc.constantFrom(...texts);

/** Lines of the server block. */
const serverLine = fc.oneof(
  pick(
    'if ($uri = /auth) { break; }',
    'if ($uri ~ ^/auth(/|$)) { break; }',
    'if ($uri != "/auth") { break; }',
    'if ($uri ~ ^/(api|other)/) { break; }',
    'if ($http_x_test) { break; }',
    'if ($x) { break; }',
    'if ($arg_a) { break; }',
    'if (-f $request_filename) { break; }',
    'break;',
  ),
  pick(
    'set $x 1;',
    'set $x "";',
    'set $x $http_x_test;',
    'set $x $uri;',
    'if ($uri ~ ^/(auth)) { set $x $1; }',
    'if ($http_x_test) { set $x yes; }',
    'if ($args) { set $x yes; }',
    'if (!-f $request_filename) { set $x none; }',
  ),
  pick(
    'if (!-e $request_filename) { rewrite ^/(?!api/) /index.html last; }',
    'if (!-f $request_filename) { rewrite ^/(?!api/|auth$) /index.html last; }',
    'rewrite ^/(?!api/) /index.html last;',
    'rewrite ^/(?!api/) /page;',
    'rewrite ^/auth /page break;',
    'rewrite ^/auth$ /api/x last;',
    'rewrite ^/auth$ /auth/x last;',
    'rewrite ^/(a.*)$ /other/$1 last;',
    'rewrite ^/api/(.*)$ /$1 last;',
    'rewrite ^/page$ /index.html last;',
    'rewrite ^(/auth)$ $1?a=1 last;',
    'rewrite ^/auth$ /gone redirect;',
  ),
  pick(
    'if ($x) { rewrite ^ /page last; }',
    'if ($x = auth) { rewrite ^ /page last; }',
    'if ($x = none) { rewrite ^/(?!api) /page; }',
    'if ($request_uri ~ ^/api) { rewrite ^/auth /page last; }',
    'if ($http_x_test = probe) { rewrite ^/a /page last; }',
    'if ($kind = special) { rewrite ^/auth /page last; }',
    'if ($place = question) { return 204; }',
    'if ($arg_a) { rewrite ^ /page last; }',
    'if ($request_method = OPTIONS) { rewrite ^/auth /page last; }',
  ),
  pick(
    'if ($request_method = OPTIONS) { return 204; }',
    'if ($http_x_test = probe) { return 200 ok; }',
    'if ($uri = /auth) { return 200; }',
    'if ($uri = /auth) { return 418; }',
    'if ($uri = /auth) { return 401; }',
    'if ($x = /auth) { return 200 ok; }',
    'if ($args = "") { return 204; }',
    'if ($uri ~* ^/AUTH) { return 403 no; }',
  ),
);

/** Error pages, wherever they stand. */
const pageLine = pick(
  'error_page 500 502 504 = @sorry;',
  'error_page 502 = /page;',
  'error_page 502 =200 /page;',
  'error_page 502 =204 /page;',
  'error_page 502 /page;',
  'error_page 502 =503 /page;',
  'error_page 502 = /index.html;',
  'error_page 502 504 $page;',
  'error_page 401 =200 /page;',
  'error_page 401 = @sorry;',
  'error_page 401 /page;',
  'error_page 418 = /page;',
  'error_page 418 =200 @sorry;',
  'error_page 404 =200 /index.html;',
  'error_page 599 /;',
  'proxy_intercept_errors on;',
  'recursive_error_pages on;',
);

/** Lines of the auth location. */
const authLine = pick(
  '',
  '',
  'error_page 599 /;',
  'error_page 599 /; proxy_intercept_errors off;',
  'error_page 502 = @sorry;',
  'proxy_intercept_errors on;',
  'rewrite ^ /verify break;',
  'set $y 1;',
  'if ($http_x_test) { set $y 1; }',
  'if ($x) { error_page 599 /; }',
  'error_page 418 = @question; return 418;',
);

/** What answers a page. */
const content = pick(
  'return 200 page;',
  'return 204;',
  'return 503;',
  'return 503 sorry;',
  'return 403 no;',
  'return 302 /elsewhere;',
  '',
  'rewrite ^ /index.html break;',
  'rewrite ^ /index.html last;',
  'proxy_pass OTHER;',
  'try_files /index.html =503;',
  'try_files /none.html =503;',
  'try_files $uri /index.html;',
  'if ($http_x_test) { return 503; } return 200 page;',
);

/** nginx refuses a simple directive that stands twice in a block. */
function withoutTwins(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((one) => {
    const name = /^(proxy_intercept_errors|recursive_error_pages)\b/.exec(one)?.[1];
    if (name === undefined) return true;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

const server = fc
  .record({
    lines: fc.array(
      fc.oneof({ weight: 3, arbitrary: serverLine }, { weight: 2, arbitrary: pageLine }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    head: pick('= /auth', '= /auth', '/auth', '^~ /auth'),
    auth: authLine,
    page: content,
    sorry: content,
    static: pick('location = /index.html { }', ''),
  })
  .map(
    (one) => `
    ${withoutTwins(one.lines).join('\n    ')}
    location ${one.head} { internal; ${one.auth} proxy_pass http://SERVICE; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location @question { proxy_pass http://SERVICE; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location / { auth_request /auth; proxy_pass APPLICATION; }
    location /api/ { auth_request /auth; proxy_pass APPLICATION; }
    location /other/ { proxy_pass OTHER; }
    location = /page { ${one.page} }
    location @sorry { ${one.sorry} }
    ${one.static}`,
  );

const around = `
map $http_x_test $kind { default usual; probe special; }
map $uri $place { default elsewhere; /auth question; }
map $http_x_test $page { default /page; probe @sorry; }
`;

const requests: readonly string[] = ['/', '/api/x', '/api/x?a=1', '/api/auth', '/deep/one'].flatMap(
  (path) =>
    ['GET', 'OPTIONS'].flatMap((method) =>
      ['', 'X-Test: probe\n'].map(
        (header) => `${method} ${path} HTTP/1.1\nHost: NAME\nConnection: close\n${header}\n`,
      ),
    ),
);

async function serve(t: TestContext, status: number, body: string): Promise<number> {
  const service = createServer((_request, response) => {
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    service.close();
    service.closeAllConnections();
  });
  return (service.address() as AddressInfo).port;
}

test('no random configuration lets a stranger to the application without a finding', async (t) => {
  const directory = temporaryDirectory(t);
  for (const name of ['index.html', 'page']) writeFileSync(join(directory, name), 'a file');
  const services = [await serve(t, 401, ''), await findFreePort()];
  const ports: Record<string, number> = {
    OTHER: await serve(t, 200, 'another backend'),
    APPLICATION: await serve(t, 200, 'the application'),
  };
  const place = (text: string, service: number | undefined) =>
    text
      .replaceAll('SERVICE', `127.0.0.1:${service}`)
      .replaceAll(
        /\b(OTHER|APPLICATION);/g,
        (_all, name: string) => `http://127.0.0.1:${ports[name]};`,
      );
  const texts = fc.sample(server, { numRuns: count, seed });
  const nginx = await startNginx({
    directory,
    http: (port) => {
      const blocks = texts.flatMap((text, index) =>
        services.map(
          (service, which) =>
            `server { listen 127.0.0.1:${port}; server_name s${index}-${which}.test; set $x $x; ${place(text, service)} }`,
        ),
      );
      return `access_log off; uninitialized_variable_warn off; server_names_hash_bucket_size 128;
        server_names_hash_max_size 8192; root ${directory}; ${around}${blocks.join('\n')}`;
    },
  });
  t.after(() => nginx.close());
  const unseen: string[] = [];
  const seen = { fault: 0, warning: 0, nothing: 0 };
  const idle: string[] = [];
  for (const [index, text] of texts.entries()) {
    let isOpen = false;
    const asked = requests.flatMap((request) =>
      services.map((_service, which) => request.replace('NAME', `s${index}-${which}.test`)),
    );
    for (const request of asked) {
      const { text: answer } = await sendRaw(nginx.port, request, { body: true });
      isOpen = answer.includes('the application');
      if (isOpen) break;
    }
    const found = examineText(
      `${around}server { set $x $x; ${place(text, services[0])} }`,
    ).findings;
    const about = codesOf(found.filter(({ code }) => ['PD027', 'PD028'].includes(code)));
    const worst = about.some((one) => one.endsWith('fault'))
      ? 'fault'
      : about.length > 0
        ? 'warning'
        : 'nothing';
    if (isOpen) seen[worst]++;
    if (isOpen && worst === 'nothing') unseen.push(text);
    if (!isOpen && worst === 'fault') idle.push(`${about}${text}`);
  }
  t.diagnostic(`${JSON.stringify(seen)}, faults without a hole: ${idle.length}`);
  assert.deepEqual(unseen.slice(0, 3), [], `${unseen.length} of ${count}`);
  assert.ok(seen.fault > count / 5, JSON.stringify(seen));
  assert.ok(idle.length < count / 10, idle.slice(0, 2).join('\n'));
});
