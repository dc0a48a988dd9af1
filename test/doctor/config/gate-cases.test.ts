import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/lib/resources.ts';
import { codesOf, examineFiles } from '../../../testkit/doctor/examine.ts';

const two = `
gates:
  site: { hosts: [app.test], public: [/status] }
  admin: { hosts: [app.test], paths: [/admin], require: { groups: [admins] } }`;

/** A protected location: `file` is postern-location.conf or that of a gate. */
function guarded(head: string, file = 'postern-location.conf', before = '', after = ''): string {
  return `location ${head} { ${before} include postern/${file}; include postern/postern-proxy.conf;
    ${after} proxy_pass http://127.0.0.1:8080; }`;
}

function open(head: string, lines = 'proxy_pass http://127.0.0.1:8080;'): string {
  return `location ${head} { include postern/postern-proxy.conf; ${lines} }`;
}

const root = guarded('/');
const exactly = `${guarded('= /admin')} ${guarded('/admin/')}`;
const named = guarded('/admin', 'gates/admin.conf');

interface Case {
  readonly gates?: string;
  readonly names?: string;
  readonly before?: string;
  readonly server: string;
  readonly more?: string;
}

/** Findings of the rules about gates, as `PD030 fault`. */
function judge({ gates = two, names = 'app.test', before = '', server, more = '' }: Case) {
  const { findings } = examineFiles({
    'postern.yaml': gates,
    'site.conf': `include postern/postern-http.conf;
server { listen 80; server_name ${names}; include postern/postern-server.conf; ${before}
${server} }
${more}`,
  });
  return findings.filter(({ code }) => Number(code.slice(2)) >= 30);
}

const cases: readonly [what: string, one: Case, expected: string[]][] = [
  ['by host and path', { server: `${root} ${exactly}` }, []],
  ['by name', { server: `${root} ${named}` }, []],
  [
    'by name in the older form',
    {
      server: `${root} ${guarded('/admin', undefined, 'set $postern_gate admin;')}`,
    },
    [],
  ],
  ['one location for all gates', { server: root }, []],

  [
    'PD030: no such gate',
    { server: `${root} ${guarded('/admin', undefined, 'set $postern_gate amdin;')}` },
    ['PD030 fault', 'PD032 warning'],
  ],
  [
    'PD030: the wider gate is named',
    { server: `${root} ${guarded('/admin', 'gates/site.conf')}` },
    ['PD030 fault', 'PD032 warning'],
  ],
  [
    'PD030: one location for all, with a name',
    { server: guarded('/', 'gates/site.conf') },
    ['PD030 fault', 'PD032 warning'],
  ],
  [
    'PD030: a name around the place of another gate',
    {
      server: `${guarded('/', 'gates/site.conf')} ${named}`,
    },
    [],
  ],
  [
    'PD030: a gate of another host',
    {
      gates: `${two}\n  chat: { hosts: [chat.test], paths: [/ws] }`,
      server: `${root} ${named} ${guarded('/ws', 'gates/chat.conf')}`,
    },
    ['PD030 warning'],
  ],
  [
    'PD030: a gate that only nginx can name',
    {
      gates: `${two}\n  kiosk: {}`,
      server: `${root} ${named} ${guarded('/kiosk', 'gates/kiosk.conf')}`,
    },
    [],
  ],
  [
    'PD030: a gate that only nginx can name, around another',
    {
      gates: `${two}\n  kiosk: {}`,
      server: `${guarded('/', 'gates/kiosk.conf')}`,
    },
    ['PD030 fault', 'PD032 warning', 'PD032 warning'],
  ],
  [
    'PD030: a name that a variable gives is not judged',
    {
      server: `${root} ${guarded('/admin', undefined, 'set $postern_gate $arg_gate$http_host;')}`,
    },
    ['PD032 notice'],
  ],

  ['PD031: the same backend', { server: `${root} ${open('/admin/x')}` }, ['PD031 fault']],
  [
    'PD031: another backend',
    {
      server: `${root} ${open('/docs', 'proxy_pass http://127.0.0.1:1;')}`,
    },
    ['PD031 warning'],
  ],
  ['PD031: a file', { server: `${root} location /docs { root /srv; }` }, ['PD031 notice']],
  ['PD031: public', { server: `${root} ${open('/status')}` }, ['PD031 fault']],
  [
    'PD031: public, to its segment',
    { server: `${root} ${open('= /status')} ${open('/status/')}` },
    [],
  ],
  ['PD031: a redirect', { server: `${root} location /old { return 301 /; }` }, []],
  [
    'PD031: off, with a reason',
    {
      server: `${root} location = /export { # postern-doctor: allow PD031 measured elsewhere
      auth_request off;
      proxy_pass http://127.0.0.1:8080; }`,
    },
    [],
  ],
  [
    'PD031: no gate there',
    {
      gates: 'gates: { chat: { hosts: [app.test], paths: [/ws] } }',
      server: `${open('/')} ${guarded('= /ws')} ${guarded('/ws/')}`,
    },
    [],
  ],
  [
    'PD031: a whole server',
    {
      server: root,
      gates: `${two}\n  other: { hosts: [other.test] }`,
      more: 'server { listen 80; server_name other.test; location / { proxy_pass http://127.0.0.1:8080; } }',
    },
    ['PD031 fault', 'PD032 warning'],
  ],
  [
    'PD031: the redirect to https asks nobody, and need not',
    {
      server: root,
      more: 'server { listen 8000; server_name app.test; return 301 https://$host$request_uri; }',
    },
    [],
  ],

  [
    'PD032: a host that no server has',
    {
      gates: `${two}\n  chat: { hosts: [chat.test] }`,
      server: `${root} ${named}`,
    },
    ['PD032 notice', 'PD038 notice'],
  ],
  [
    'PD032: allowed in the file of the gates',
    {
      gates: `${two}\n  # postern-doctor: allow PD032 another nginx serves it\n  chat: { hosts: [chat.test] }`,
      server: `${root} ${named}`,
    },
    ['PD038 notice'],
  ],
  [
    'PD032: a gate that only nginx can name',
    {
      gates: `${two}\n  kiosk: {}`,
      server: `${root} ${named}`,
    },
    ['PD032 notice'],
  ],
  [
    'PD032: a wildcard host',
    {
      gates: 'gates: { all: { hosts: ["*.test"] } }',
      names: 'one.test ~^two\\d\\.test$',
      server: root,
    },
    [],
  ],
  [
    'PD032: a domain in server_name',
    {
      gates: 'gates: { all: { hosts: [deep.app.test] } }',
      names: '*.app.test',
      server: root,
    },
    [],
  ],

  ['PD033: a prefix', { server: `${root} ${guarded('/admin')}` }, ['PD033 warning']],
  ['PD033: ^~ is a prefix', { server: `${root} ${guarded('^~ /admin')}` }, ['PD033 warning']],
  ['PD033: an expression', { server: `${root} ${guarded('~ ^/admin')}` }, ['PD033 warning']],
  ['PD033: one of two', { server: `${root} ${guarded('~ ^/(?:ops|admin)')}` }, ['PD033 warning']],
  ['PD033: an expression to its segment', { server: `${root} ${guarded('~ ^/admin(/|$)')}` }, []],
  ['PD033: an expression about something else', { server: `${root} ${guarded('~ \\.php$')}` }, []],
  [
    'PD033: the other paths are at no gate',
    {
      gates: 'gates: { admin: { hosts: [app.test], paths: [/admin] } }',
      server: guarded('/admin'),
    },
    [],
  ],
  ['PD033: the same gate', { server: `${root} ${guarded('/other')} ${exactly}` }, []],
  [
    'PD033: the wider gate is for any host',
    {
      gates: 'gates: { all: { paths: [/] }, admin: { hosts: [app.test], paths: [/admin] } }',
      server: `${root} ${guarded('/admin')}`,
    },
    ['PD033 warning'],
  ],

  [
    'PD034: by host and path',
    {
      before: 'merge_slashes off;',
      server: `${root} ${exactly}`,
    },
    ['PD034 notice'],
  ],
  [
    'PD034: with a name',
    {
      before: 'merge_slashes off;',
      server: `${guarded('/', 'gates/site.conf')} ${named}`,
    },
    ['PD034 notice'],
  ],
  [
    'PD034: past what is protected',
    {
      before: 'merge_slashes off;',
      gates: 'gates: { admin: { hosts: [app.test], paths: [/admin] } }',
      server: `${open('/')} ${exactly}`,
    },
    ['PD034 fault'],
  ],
  [
    'PD034: one gate for the host',
    {
      before: 'merge_slashes off;',
      gates: 'gates: { site: { hosts: [app.test] } }',
      server: root,
    },
    [],
  ],

  [
    'PD036: rewrite in the server',
    {
      before: 'rewrite ^/v1/(.*)$ /$1 last;',
      server: `${root} ${exactly}`,
    },
    ['PD036 fault'],
  ],
  [
    'PD036: without a flag',
    { before: 'rewrite ^/v1(/.*)$ $1;', server: `${root} ${exactly}` },
    ['PD036 fault'],
  ],
  [
    'PD036: within a gate',
    {
      before: 'rewrite ^/admin/v1/(.*)$ /admin/$1 last;',
      server: `${root} ${exactly}`,
    },
    [],
  ],
  [
    'PD036: to a location that names its gate',
    {
      before: 'rewrite ^/v1/(.*)$ /$1 last;',
      server: `${root} ${named}`,
    },
    [],
  ],
  [
    'PD036: a redirect',
    {
      before: 'rewrite ^/v1/(.*)$ /$1 permanent;',
      server: `${root} ${exactly}`,
    },
    [],
  ],
  [
    'PD036: break',
    {
      server: `${guarded('/', undefined, '', 'rewrite ^/app/(.*)$ /$1 break;')} ${exactly}`,
    },
    ['PD036 fault'],
  ],
  [
    'PD036: a path in proxy_pass',
    {
      server: `${root} ${exactly} location /app/ { include postern/postern-location.conf;
      include postern/postern-proxy.conf; proxy_pass http://127.0.0.1:8080/; }`,
    },
    ['PD036 fault'],
  ],
  [
    'PD036: a path in proxy_pass to another backend',
    {
      server: `${root} ${exactly} location /app/ { include postern/postern-location.conf;
      include postern/postern-proxy.conf; proxy_pass http://127.0.0.1:3000/; }`,
    },
    [],
  ],
  [
    'PD036: from the narrower gate',
    {
      server: `${root} ${named} location /admin/app/ { include postern/postern-location.conf;
      include postern/postern-proxy.conf; proxy_pass http://127.0.0.1:8080/; }`,
    },
    ['PD036 notice'],
  ],
  [
    'PD036: a name that is carried along',
    {
      server: `${root} ${exactly} ${guarded('/app/', undefined, 'set $postern_gate site; rewrite ^/app(/.*)$ $1 last;')}`,
    },
    ['PD036 fault'],
  ],

  [
    'PD037: nested',
    {
      server: `${root} ${guarded('/admin', 'gates/admin.conf', '', 'location /admin/x { proxy_pass http://127.0.0.1:8080; }')}`,
    },
    [],
  ],
  [
    'PD037: nested, by host and path',
    {
      server: guarded('/', undefined, '', 'location /x { proxy_pass http://127.0.0.1:8080; }'),
    },
    ['PD037 fault'],
  ],
  [
    'PD037: nested, with a file of its own',
    { server: guarded('/', undefined, '', guarded('/x')) },
    [],
  ],
  [
    'PD037: limit_except that lets nobody in',
    {
      server: guarded('/', undefined, '', 'limit_except GET { deny all; }'),
    },
    [],
  ],
  [
    'PD037: limit_except',
    {
      server: guarded('/', undefined, '', 'limit_except GET { allow 10.0.0.0/8; deny all; }'),
    },
    ['PD037 fault'],
  ],
  [
    'PD037: behind a break',
    {
      server: guarded('/', undefined, 'rewrite ^/app/(.*)$ /$1 break;'),
      gates: 'gates: { site: { hosts: [app.test] } }',
    },
    ['PD037 fault'],
  ],

  [
    'PD038: a host that another server names',
    {
      gates: `${two}\n  chat: { hosts: [chat.test] }`,
      server: `${root} ${named}`,
      more: `server { listen 80; server_name chat.test; include postern/postern-server.conf; ${root} }`,
    },
    [],
  ],
];

for (const [what, one, expected] of cases) {
  test(what, () => {
    const found = judge(one);
    const text = found.map(({ code, meaning }) => `${code}: ${meaning}`).join('\n');
    assert.deepEqual(codesOf(found).toSorted(), expected.toSorted(), text);
    for (const { meaning, change } of found) {
      assert.doesNotMatch(`${meaning} ${change}`, /undefined|NaN|\[object|\.\.$/);
    }
  });
}

/** A site with an auth service of any kind; `lines` stand in an open location. */
function judgeSubrequests(lines: string, more = ''): string[] {
  const { findings } = examineFiles({
    'site.conf': `server { location = /auth { internal; proxy_pass http://127.0.0.1:9000; }
      location / { auth_request /auth; proxy_pass http://127.0.0.1:8080; }
      location /pages/ { root /srv; ${lines} } ${more} }`,
  });
  return codesOf(findings.filter(({ code }) => code === 'PD035'));
}

test('PD035: what makes subrequests is found by where they lead', () => {
  const lua = 'content_by_lua_block { ngx.location.capture("/x") }';
  const rows: readonly [lines: string, expected: string[]][] = [
    ['', []],
    ['ssi on;', ['PD035 warning']],
    ['ssi off;', []],
    ['add_after_body /x;', ['PD035 fault']],
    ['add_after_body /pages/footer;', []],
    ['auth_request /auth; add_after_body /x;', []],
    ['auth_request /other; add_after_body /x;', ['PD035 warning']],
    ['mirror /x;', ['PD035 fault']],
    ['mirror off;', []],
    [lua, ['PD035 notice']],
    ['content_by_lua_block { ngx.say("x") }', []],
    ['js_content main.answer;', ['PD035 notice']],
  ];
  for (const [lines, expected] of rows) assert.deepEqual(judgeSubrequests(lines), expected, lines);
});

test('without gates to compare with the rules about gates find nothing', () => {
  const { findings } = examineFiles({
    'site.conf': 'server { location / { proxy_pass http://a; } }',
  });
  assert.deepEqual(codesOf(findings), []);
});

test('the example with six gates agrees with its nginx', () => {
  const read = (name: string) =>
    readFileSync(join(packageRoot, 'examples/six-gates', name), 'utf8');
  const { findings } = examineFiles({
    'site.conf': read('nginx.conf').replaceAll('/etc/nginx/', ''),
    'postern.yaml': read('postern.yaml'),
  });
  assert.deepEqual(codesOf(findings.filter(({ severity }) => severity !== 'notice')), []);
  assert.deepEqual(codesOf(findings.filter(({ code }) => Number(code.slice(2)) >= 30)), []);
});

/** A site in which name, path and question part in every way that was met. */
const slips = {
  'postern.yaml': `
gates:
  site: { hosts: [app.test], paths: [/], public: ["=/", /status] }
  admin: { hosts: [app.test], paths: [/admin], require: { groups: [admins] } }
  kiosk: { hosts: [kiosk.test], public: [/status] }`,
  'site.conf': `
events {}
http {
  include postern/postern-http.conf;
  server { listen 127.0.0.1:18080; server_name app.test kiosk.test; include postern/postern-server.conf;
    ${root} }
  server { listen 127.0.0.1:18081; server_name app.test; merge_slashes off; include postern/postern-server.conf;
    ${root} }
  server { listen 127.0.0.1:18082; server_name app.test; include postern/postern-server.conf;
    ${guarded('/', undefined, 'rewrite ^/app/(.*)$ /$1 break;')} }
  server { listen 127.0.0.1:18083; server_name app.test; include postern/postern-server.conf;
    rewrite ^/v1/(.*)$ /$1 last;
    ${root}
    ${guarded('/admin', undefined, 'set $postern_gate admin; limit_except GET { allow all; }', 'location /admin/nested { proxy_pass http://127.0.0.1:8080; }')} }
}`,
};

function slipsWith(files: Readonly<Record<string, string>> = {}): string[] {
  const { findings } = examineFiles({ ...slips, ...files });
  return findings
    .filter(({ code }) => Number(code.slice(2)) >= 30)
    .map(({ code, severity, excerpt }) => `${code} ${severity} ${excerpt}`);
}

const strays = Array.from({ length: 3 }, () => 'PD038 warning server_name app.test;');

test('slips of name, path and question are all found', () => {
  assert.deepEqual(slipsWith(), [
    'PD037 fault rewrite ^/app/(.*)$ /$1 break;',
    'PD037 fault limit_except GET {',
    'PD037 fault location /admin/nested {',
    'PD036 warning rewrite ^/app/(.*)$ /$1 break;',
    'PD036 warning rewrite ^/v1/(.*)$ /$1 last;',
    ...strays,
    'PD034 notice merge_slashes off;',
  ]);
});

test('with files of before, which do not tell the rewritten path, the same slips let people in', () => {
  const location = 'auth_request /.postern/auth;';
  assert.deepEqual(slipsWith({ 'postern/postern-location.conf': location }), [
    'PD036 fault rewrite ^/app/(.*)$ /$1 break;',
    'PD036 fault rewrite ^/v1/(.*)$ /$1 last;',
    'PD037 fault limit_except GET {',
    'PD037 fault location /admin/nested {',
    ...strays,
    'PD034 notice merge_slashes off;',
  ]);
});
