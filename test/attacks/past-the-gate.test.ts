import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { DemoBackend } from '../../src/demo/backend.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { type RawAnswer, sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';
import { nginxPrograms } from '../../testkit/nginx/programs.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';
import { startTestBackend } from '../../testkit/servers/backend.ts';

const gates = {
  site: {
    hosts: ['app.test'],
    paths: ['/'],
    public: ['=/', '/status', '/rooms/*/public', '/files/*.json'],
    headers: { 'X-Backend-Key': { value: 'backend-secret-42' } },
    assertion: true,
  },
  admin: { hosts: ['app.test'], paths: ['/admin'], require: { groups: ['admins'] } },
  whole: { hosts: ['whole.test'] },
};

interface Site {
  readonly postern: TestPostern;
  readonly backend: DemoBackend;
  /** Sends a request as it is. */
  send(target: string, options?: AskOptions): Promise<RawAnswer>;
  /** The same; gives its status and why it was denied. */
  ask(target: string, options?: AskOptions): Promise<string>;
}

interface AskOptions {
  readonly method?: string;
  readonly host?: string;
  readonly token?: string;
  readonly upgrade?: boolean;
}

/** What stands in the server block behind `postern-server.conf`. */
type ServerLines = (parts: {
  readonly include: (file: string) => string;
  readonly pass: string;
  readonly root: string;
}) => string;

const everything: ServerLines = ({ include, pass }) => `
  location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${pass} }`;

/** A real nginx with the rendered files of these gates, before a backend that notes what it receives. */
async function startGatesBehind(
  program: string,
  t: TestContext,
  lines: ServerLines = everything,
  change: (text: string) => string = (text) => text,
): Promise<Site> {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'postern.yaml');
  writeFileSync(file, JSON.stringify({ gates }));
  const root = join(directory, 'files');
  mkdirSync(join(root, 'admin'), { recursive: true });
  writeFileSync(join(root, 'index.html'), 'index');
  writeFileSync(join(root, 'admin/secret.txt'), 'secret');
  writeFileSync(join(root, 'admin/users.php'), 'users');
  const postern = await startTestPostern(t, { config: file });
  const backend = await startTestBackend(t);
  const { config } = loadConfig({ file, env: {} });
  const kit = join(directory, 'postern');
  const files = renderBundle('plain', { ...bundleOptionsOf(config), gate: postern.gate });
  writeBundle(kit, new Map([...files].map(([path, text]) => [path, change(text)] as const)));
  const include = (name: string) => `include ${join(kit, name)};`;
  const nginx = await startTestNginx(t, {
    directory,
    program,
    http: (port) => `
  ${include('postern-http.conf')}
  server {
    listen 127.0.0.1:${port};
    server_name app.test whole.test;
    ${include('postern-server.conf')}
    ${lines({ include, pass: `proxy_pass http://127.0.0.1:${backend.port};`, root })}
  }`,
  });
  const send: Site['send'] = (target, { method = 'GET', host = 'app.test', token, upgrade } = {}) =>
    sendRaw(
      nginx.port,
      [
        `${method} ${target} HTTP/1.1`,
        `Host: ${host}`,
        ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
        ...(upgrade === true
          ? [
              'Connection: Upgrade',
              'Upgrade: websocket',
              'Sec-WebSocket-Version: 13',
              'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            ]
          : ['Connection: close']),
        '\n',
      ].join('\n'),
    );
  return {
    postern,
    backend,
    send,
    async ask(target, options) {
      const { status } = await send(target, options);
      const { reason = 'allowed' } = postern.lastDecision();
      return `${status} ${reason}`;
    },
  };
}

type StartArguments = [t: TestContext, lines?: ServerLines, change?: (text: string) => string];

const pathAttacks = [
  ...['/admin/users/../../status', '/admin/users/%2e%2e/%2e%2e/status', '/admin/ws/../../status'],
  ...['/admin/users/..%2f..%2fstatus', '/admin%2fusers%2f..%2f..%2fstatus', '/admin/..%5cstatus'],
  ...['/admin/..;/status', '/admin/..', '/admin/%2e%2e', '/status/../admin/x', '/x/../admin'],
  ...['//admin/x', '/admin./users', '/admin%20/users', '/admin%252e/users', '/%61dmin/x'],
  ...['/status%3f/../admin', '/status/%2e%2e%2fadmin', '/ADMIN/x', '/status;/../admin'],
];

for (const { name, program } of nginxPrograms) {
  const startGates = (...args: StartArguments) => startGatesBehind(program, ...args);
  for (const mergeSlashes of ['on', 'off']) {
    test(`${name}: a path that backends read as that of another gate passes nobody, merge_slashes ${mergeSlashes}`, async (t) => {
      const site = await startGates(
        t,
        (parts) => `merge_slashes ${mergeSlashes}; ${everything(parts)}`,
      );
      const { token } = await site.postern.issue();
      const more = ['/admin//..', '/admin//../status', '/admin/x//../..', '/status//../admin'];
      for (const target of [...pathAttacks, ...more]) {
        assert.equal(await site.ask(target), '403 ambiguous_path', target);
        assert.equal(await site.ask(target, { upgrade: true }), '401 ambiguous_path', target);
        assert.equal(await site.ask(target, { token }), '403 ambiguous_path', target);
      }
      assert.deepEqual(site.backend.seen, []);
      assert.match(await site.ask('/pub#/../admin', { token }), /^401 malformed_request$/);
      assert.deepEqual(site.backend.seen, []);
      assert.equal(await site.ask('/status/x'), '200 allowed');
      assert.equal(await site.ask('/chat', { token, upgrade: true }), '101 allowed');
      assert.equal(await site.ask('/administrators', { token }), '200 allowed');
      assert.equal(await site.ask('/status/caf%C3%A9%20x'), '200 allowed');
    });
  }

  test(`${name}: a token for some paths opens no other, however the path is written`, async (t) => {
    const site = await startGates(t);
    const { token } = await site.postern.issue({ paths: ['/rooms/1'] });
    for (const [target, outcome] of [
      ['/rooms/2/../1', '403 ambiguous_path'],
      ['/rooms/2/..%2f1', '403 ambiguous_path'],
      ['/rooms/1/../2', '403 ambiguous_path'],
      ['/rooms/1/..;/2', '403 ambiguous_path'],
      ['/rooms/1/%252e%252e/2', '403 ambiguous_path'],
      ['/rooms/2', '403 path_not_allowed'],
      ['/rooms/12', '403 path_not_allowed'],
    ] as const) {
      assert.equal(await site.ask(target, { token }), outcome, target);
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/rooms/1/a%20b', { token }), '200 allowed');
  });

  test(`${name}: where no path has any bearing a path may be written in any way`, async (t) => {
    const site = await startGates(t);
    const { token } = await site.postern.issue();
    for (const target of ['//ws', '/a//b', '/x/./y', '/a%2fb', '/x/../y', '/a;b', '/a%5cb']) {
      assert.equal(await site.ask(target, { host: 'whole.test', token }), '200 allowed', target);
      assert.equal(site.backend.seen.at(-1)?.url, target);
    }
  });

  test(`${name}: a gate that the location names decides in limit_except, in nested locations and for prefixes of characters`, async (t) => {
    const site = await startGates(
      t,
      ({ include, pass }) => `
    location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${pass} }
    location /admin {
      limit_except GET { allow all; }
      ${include('gates/admin.conf')}
      ${include('postern-proxy.conf')}
      ${pass}
      location /admin/n { ${pass} }
    }`,
    );
    const user = await site.postern.issue();
    const admin = await site.postern.issue({ claims: { groups: ['admins'] } });
    for (const target of ['/admin./users', '/admin%20/users', '/admin%252e/users', '/admin/../x']) {
      assert.equal(await site.ask(target, { token: admin.token }), '403 ambiguous_path', target);
    }
    for (const target of ['/admin/x', '/admin/n/sub', '/adminusers', '/admin-x']) {
      for (const method of ['GET', 'POST']) {
        assert.equal(
          await site.ask(target, { method }),
          '401 no_credential',
          `${method} ${target}`,
        );
        const asUser = await site.ask(target, { method, token: user.token });
        assert.equal(asUser, '403 not_admitted', `${method} ${target}`);
      }
    }
    assert.deepEqual(site.backend.seen, []);
    for (const [method, target] of [
      ['POST', '/admin/x'],
      ['GET', '/admin/n/sub'],
      ['POST', '/admin/n/sub'],
      ['GET', '/adminusers'],
    ] as const) {
      const asAdmin = await site.ask(target, { method, token: admin.token });
      assert.equal(asAdmin, '200 allowed', `${method} ${target}`);
    }
  });

  test(`${name}: where a name that was set, or the lines of the location, do not count, nobody passes and the log says what to do`, async (t) => {
    const site = await startGates(
      t,
      ({ include, pass }) => `
    location /admin {
      set $postern_gate admin;
      limit_except GET { allow all; }
      ${include('postern-location.conf')}
      ${include('postern-proxy.conf')}
      ${pass}
      location /admin/n { ${pass} }
    }
    location /broken/ {
      rewrite ^/broken/(.*)$ /$1 break;
      ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${pass}
    }`,
    );
    const { token } = await site.postern.issue({ claims: { groups: ['admins'] } });
    for (const [method, target] of [
      ['POST', '/admin/x'],
      ['GET', '/admin/n/sub'],
      ['GET', '/broken/x'],
    ] as const) {
      assert.equal(await site.ask(target, { method, token }), '401 malformed_request', target);
      assert.match(String(site.postern.lastDecision().detail), /include gates\/NAME\.conf/);
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/admin/x', { token }), '200 allowed');
    assert.equal(site.postern.lastDecision().gate, 'admin');
  });

  test(`${name}: what nginx rewrites to the place of another gate passes nobody`, async (t) => {
    const site = await startGates(
      t,
      (parts) => `
    rewrite ^/v1/(.*)$ /$1 last;
    location /v2/ { ${parts.include('postern-location.conf')} rewrite ^/v2/(.*)$ /$1 last; }
    ${everything(parts)}`,
    );
    const user = await site.postern.issue();
    const admin = await site.postern.issue({ claims: { groups: ['admins'] } });
    for (const version of ['v1', 'v2']) {
      for (const { token } of [user, admin]) {
        assert.equal(await site.ask(`/${version}/admin/users`, { token }), '403 ambiguous_path');
        const asSocket = await site.ask(`/${version}/admin/users`, { token, upgrade: true });
        assert.equal(asSocket, '401 ambiguous_path');
      }
      assert.match(String(site.postern.lastDecision().detail), /as nginx rewrote it: admin/);
      assert.equal(await site.ask(`/${version}/status`), '401 no_credential');
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/v1/chat', { token: user.token }), '200 allowed');
    assert.equal(await site.ask('/v1/status', { token: user.token }), '200 allowed');
  });

  test(`${name}: an internal redirect stays at the gate, and one to a named location is not asked about`, async (t) => {
    const site = await startGates(
      t,
      ({ include, root }) => `
    location / {
      root ${root};
      ${include('postern-location.conf')}
      try_files $uri /index.html;
    }
    location /admin/app/ {
      root ${root};
      ${include('postern-location.conf')}
      try_files $uri @index;
    }
    location @index { root ${root}; rewrite ^ /index.html break; }`,
    );
    const user = await site.postern.issue();
    const admin = await site.postern.issue({ claims: { groups: ['admins'] } });
    assert.equal(await site.ask('/admin/page', { token: admin.token }), '403 ambiguous_path');
    assert.equal(await site.ask('/admin/app/page', { token: admin.token }), '200 allowed');
    assert.equal(site.postern.lastDecision().gate, 'admin');
    assert.equal(await site.ask('/admin/app/page', { token: user.token }), '403 not_admitted');
    assert.equal(await site.ask('/page', { token: user.token }), '200 allowed');
  });

  test(`${name}: an internal redirect leads to no place of another gate, narrower or wider, whatever name was set`, async (t) => {
    const site = await startGates(
      t,
      ({ include, pass, root }) => `
    location / {
      root ${root};
      ${include('postern-location.conf')} ${include('postern-proxy.conf')}
      try_files $uri @network;
    }
    location ~ \\.php$ {
      root ${root};
      ${include('postern-location.conf')} ${include('postern-proxy.conf')}
      try_files $uri @network;
      ${pass}
    }
    location @network { rewrite ^/[^/]+(/admin.*)$ $1 last; rewrite ^ /index.html last; }
    location /set/ {
      set $postern_gate whole;
      ${include('postern-location.conf')} ${include('postern-proxy.conf')}
      try_files $uri @strip;
    }
    location /moved/ {
      set $postern_gate whole;
      ${include('postern-location.conf')}
      rewrite ^/moved(/.*)$ $1 last;
    }
    location @strip { rewrite ^/[^/]+(/.*)$ $1 last; }`,
    );
    const user = await site.postern.issue();
    for (const target of [
      '/status/admin/users.php',
      '/status/admin/secret.txt',
      '/x/admin/secret.txt',
    ]) {
      for (const token of [undefined, user.token]) {
        const { length } = site.backend.seen;
        assert.match(
          await site.ask(target, token === undefined ? {} : { token }),
          /^40[13] /,
          target,
        );
        assert.match(await site.ask(target, { upgrade: true, ...(token && { token }) }), /^401 /);
        assert.equal(site.backend.seen.length, length);
      }
    }
    for (const target of ['/set/admin/secret.txt', '/moved/admin/secret.txt', '/moved/x']) {
      assert.equal(await site.ask(target, { token: user.token }), '403 ambiguous_path', target);
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/blog/post', { token: user.token }), '200 allowed');
  });

  test(`${name}: a rewrite that leads a client to the auth location carries no second question there`, async (t) => {
    for (const pattern of ['^/app(/[^?]*)$', '(?s)^/app(/.*)$']) {
      const site = await startGates(
        t,
        (parts) => `rewrite "${pattern}" $1 last; ${everything(parts)}`,
      );
      const admin = await site.postern.issue({ claims: { groups: ['admins'] } });
      const question = 'GET /auth HTTP/1.1\r\nHost: app.test\r\nX-Original-URI: /status\r\n\r\n';
      const split = encodeURIComponent(`\r\n\r\n${question.repeat(4)}GET /auth HTTP/1.1\r\nX: y`);
      for (let round = 0; round < 20; round++) {
        assert.equal((await site.send(`/app/.postern/auth${split}`)).status, 403);
        assert.equal((await site.send('/admin/x')).status, 401);
      }
      assert.deepEqual(site.backend.seen, []);
      assert.equal(await site.ask('/admin/x', { token: admin.token }), '200 allowed');
    }
  });

  test(`${name}: what Postern tells nginx is not told to a client that finds a way to ask`, async (t) => {
    const site = await startGates(
      t,
      (parts) => `
    rewrite ^/strip(/.*)$ $1 last;
    ${everything(parts)}`,
    );
    const { token } = await site.postern.issue();
    for (const target of [
      '/auth/../.postern/session',
      '/auth/..%2f.postern/x',
      '/auth/%2e%2e/.postern/',
      '/strip/.postern/auth/site',
      '/strip/.postern/auth',
    ]) {
      const answer = await site.send(target, { token });
      assert.doesNotMatch(answer.text, /backend-secret-42|eyJ|X-Postern-|Remote-User/i, target);
    }
    assert.deepEqual(site.backend.seen, []);
  });

  test(`${name}: a number sign or question mark that nginx decodes cuts no path short at the backend`, async (t) => {
    const site = await startGates(
      t,
      ({ include, pass }) => `
    location / {
      ${include('postern-location.conf')} ${include('postern-proxy.conf')}
      ${pass.replace(';', '$uri$is_args$args;')}
    }`,
    );
    const { token } = await site.postern.issue();
    for (const target of [
      '/admin%23x',
      '/admin%3fx',
      '/rooms/1%3f/public',
      '/files/secret.txt%23.json',
    ]) {
      assert.equal(await site.ask(target, { token }), '403 ambiguous_path', target);
      assert.equal(await site.ask(target, { upgrade: true }), '401 ambiguous_path', target);
    }
    for (const target of ['/rooms/1;/public', '/%E2%84%AA/../x', '/%C5%BFtatus/../admin']) {
      assert.match(await site.ask(target), /^40[13] /, target);
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/rooms/1/public'), '200 allowed');
  });

  test(`${name}: a gate’s name out of a path carries no second question`, async (t) => {
    const site = await startGates(
      t,
      ({ include, pass }) => `
    location ~ "^/t/(?<named>[^?]+)/ws$" {
      set $postern_gate $named;
      ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${pass}
    }`,
    );
    const { token } = await site.postern.issue();
    const split =
      '/t/site%0D%0A%0D%0AGET%20/auth%20HTTP/1.1%0D%0AX-Original-URI:%20/status%0D%0A%0D%0A/ws';
    for (let round = 0; round < 20; round++) {
      assert.equal((await site.send(split)).status, 403);
      assert.match(await site.ask('/t/site/ws'), /^401 no_credential$/);
    }
    assert.deepEqual(site.backend.seen, []);
    assert.equal(await site.ask('/t/site/ws', { token }), '200 allowed');
  });

  test(`${name}: what could end a header’s line gets into none on its way to Postern`, async (t) => {
    const site = await startGates(t);
    const { token } = await site.postern.issue();
    for (const target of ['/x%0d%0aX-Postern-Gate:%20whole', '/x%0ax', '/x%0d', '/x%7f', '/x%01']) {
      assert.equal(await site.ask(target), '401 malformed_request', target);
      assert.equal(await site.ask(target, { token }), '401 malformed_request', target);
    }
    assert.deepEqual(site.backend.seen, []);
  });

  test(`${name}: files of before, which tell neither what was asked nor the location, go on working as they did`, async (t) => {
    const site = await startGates(
      t,
      (parts) => `
    location /named/ {
      set $postern_gate whole;
      ${parts.include('postern-location.conf')} ${parts.include('postern-proxy.conf')} ${parts.pass}
    }
    ${everything(parts)}`,
      (text) => text.replaceAll(/^ *proxy_set_header X-Postern-(?:Auth|Location)-URI .*\n/gm, ''),
    );
    const user = await site.postern.issue();
    assert.equal(await site.ask('/chat', { token: user.token }), '200 allowed');
    assert.equal(site.postern.lastDecision().gate, 'site');
    assert.equal(await site.ask('/named/x', { token: user.token }), '200 allowed');
    assert.equal(site.postern.lastDecision().gate, 'whole');
    assert.equal(await site.ask('/admin/x', { token: user.token }), '403 not_admitted');
    assert.equal(await site.ask('/admin/../status'), '403 ambiguous_path');
  });
}
