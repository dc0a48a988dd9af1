import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codesOf,
  examineFiles,
  examineText,
  testedVersion,
} from '../../../testkit/doctor/examine.ts';

/** Lines of the parts of a site; what is left out is as it should be. */
interface Site {
  readonly http?: string;
  readonly server?: string;
  readonly auth?: string;
  /** The lines of the protected location beside proxy_pass. */
  readonly location?: string;
  /** The lines that make it one for sockets. */
  readonly upgrade?: string;
  readonly path?: string;
  readonly version?: string;
}

const goodUpgrade = `proxy_http_version 1.1; proxy_read_timeout 1d;
  proxy_set_header Host $host; proxy_set_header Upgrade $kind; proxy_set_header Connection $join;`;
const goodAuth = `location = /auth { internal; proxy_pass http://auth; proxy_http_version 1.1;
  proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header Connection "";
  proxy_connect_timeout 2s; proxy_read_timeout 3s; }`;

function render({
  http = '',
  server = '',
  auth = goodAuth,
  location = '',
  upgrade = goodUpgrade,
  path = '/',
}: Site): string {
  return `upstream auth { server 127.0.0.1:9000; keepalive 8; }
map $http_upgrade $kind { default ""; websocket websocket; }
map $http_upgrade $join { default ""; websocket upgrade; }
${http}
server {
${server}
${auth}
location ${path} { ${upgrade} ${location.includes('auth_request ') ? '' : 'auth_request /auth;'} ${location} proxy_pass http://127.0.0.1:8080; }
}`;
}

/** All findings of a site, as `PD001 fault`. */
function judge(site: Site): string[] {
  const version = 'version' in site ? site.version : testedVersion;
  const { findings } = examineText(render(site), version);
  // What the version has holes for is tested beside that rule.
  return codesOf(findings.filter(({ code }) => code !== 'PD023'));
}

const pages = 'proxy_http_version 1.1;';
const fallback = 'if (!-e $request_filename) { rewrite ^/(?!api/) /index.html last; }';
const preflight = 'if ($request_method = OPTIONS) { return 204; }';
const sorryPages = 'location @sorry { return 200 sorry; } location = /sorry { return 200 sorry; }';
const signIn = (lines: string) => `location @in { internal; ${lines} }`;

type Case = readonly [what: string, site: Site, expected: string[]];

const cases: readonly Case[] = [
  ['nothing', {}, []],
  ['nothing, of a page', { upgrade: pages, location: 'error_page 401 =302 https://l.test/;' }, []],

  [
    'PD001: the last argument is the page, even "=401"',
    { location: 'error_page 401 =401;' },
    ['PD001 fault'],
  ],
  [
    'PD001: the first line counts',
    {
      location: 'error_page 401 @in; error_page 401 =302 https://l.test/;',
      server: signIn('return 401;'),
    },
    [],
  ],
  [
    'PD001: an internal page that redirects',
    { location: 'error_page 401 /in;', server: 'location = /in { return 302 https://l.test/; }' },
    ['PD001 fault'],
  ],
  [
    'PD001: an internal page that does not',
    { location: 'error_page 401 /in;', server: 'location = /in { return 200 in; }' },
    [],
  ],
  ['PD001: a variable nobody can know', { location: 'error_page 401 $login;' }, ['PD001 notice']],
  [
    'PD001: a redirect that depends on something unknown',
    {
      location: 'error_page 401 @in;',
      server: signIn('if ($http_origin = x) { return 302 https://l.test/; } return 401;'),
    },
    ['PD001 warning'],
  ],
  [
    'PD001: a redirect for 403 alone',
    { location: 'error_page 403 =302 https://l.test/;' },
    ['PD001 warning'],
  ],
  [
    'PD001: a condition on what every handshake has',
    {
      location: 'error_page 401 @in;',
      server: signIn('if ($http_sec_websocket_key) { return 401; } return 302 https://l.test/;'),
    },
    [],
  ],
  [
    'PD001: a condition through a map',
    {
      http: 'map $http_upgrade $page { default "https://l.test/"; ~. ""; }',
      location: 'error_page 401 @in;',
      server: signIn('if ($page = "") { return 401; } return 302 $page;'),
    },
    [],
  ],
  [
    'PD001: inherited from the server',
    { server: 'error_page 401 =302 https://l.test/;' },
    ['PD001 fault'],
  ],

  [
    'PD003: Upgrade without Connection',
    {
      upgrade:
        'proxy_http_version 1.1; proxy_read_timeout 1d; proxy_set_header Host $host; proxy_set_header Upgrade $kind;',
    },
    ['PD003 fault'],
  ],
  [
    'PD003: Connection without Upgrade',
    { upgrade: 'proxy_http_version 1.1; proxy_set_header Connection upgrade;' },
    ['PD003 fault'],
  ],
  ['PD003: twice', { location: 'proxy_set_header Upgrade websocket;' }, ['PD003 fault']],
  ['PD003: the second one is empty', { location: 'proxy_set_header Upgrade "";' }, []],
  [
    'PD003: Connection that closes',
    {
      upgrade:
        'proxy_http_version 1.1; proxy_read_timeout 1d; proxy_set_header Host $host; proxy_set_header Upgrade $kind; proxy_set_header Connection close;',
    },
    ['PD003 fault'],
  ],
  [
    'PD003: lost in an if',
    { location: 'if ($http_origin = x) { proxy_set_header Host x; }' },
    // nginx takes no proxy_set_header in an if.
    ['PD044 fault', 'PD003 warning'],
  ],

  ['PD004: told to', { upgrade: goodUpgrade.replace('1.1', '1.0') }, ['PD004 warning']],
  [
    'PD004: no line, and the version is not known',
    { upgrade: goodUpgrade.replace('proxy_http_version 1.1;', ''), version: '' },
    ['PD004 warning'],
  ],
  [
    'PD004: no line, and nginx is new',
    { upgrade: goodUpgrade.replace('proxy_http_version 1.1;', ''), version: '1.30.4' },
    [],
  ],

  [
    'PD005: an auth location that is no proxy',
    {
      server: 'proxy_set_header Upgrade $kind; proxy_set_header Connection $join;',
      auth: 'location = /auth { internal; return 204; }',
    },
    [],
  ],

  [
    'PD006: a header of the server that is lost',
    { server: 'auth_request_set $u $upstream_http_x_user; proxy_set_header X-User $u;' },
    ['PD006 fault'],
  ],
  [
    'PD006: cleared',
    {
      server: 'auth_request_set $u $upstream_http_x_user; proxy_set_header X-User $u;',
      location: 'proxy_set_header X-User "";',
    },
    [],
  ],
  [
    'PD006: asked for and not passed on',
    { location: 'auth_request_set $u $upstream_http_remote_user;' },
    ['PD006 warning'],
  ],
  [
    'PD006: asked for and passed on under another name',
    { location: 'auth_request_set $u $upstream_http_remote_user; proxy_set_header X-User $u;' },
    [],
  ],
  [
    'PD006: asked for, and the header is set to something else',
    {
      location: 'auth_request_set $u $upstream_http_remote_user; proxy_set_header Remote-User "";',
    },
    [],
  ],
  [
    'PD006: an open location of the same backend',
    {
      location: 'auth_request_set $u $upstream_http_x_user; proxy_set_header X-User $u;',
      path: '/in/',
      server: 'location / { proxy_pass http://127.0.0.1:8080; }',
    },
    ['PD006 warning'],
  ],
  [
    'PD006: an open location of another backend',
    {
      location: 'auth_request_set $u $upstream_http_x_user; proxy_set_header X-User $u;',
      path: '/in/',
      server: 'location / { proxy_pass http://127.0.0.1:8081; }',
    },
    [],
  ],

  [
    'PD007: a constant beside auth_request',
    { location: 'if ($http_origin = x) { return 200 ok; }' },
    ['PD007 warning'],
  ],
  [
    'PD007: a constant under auth_request of the server',
    { server: 'auth_request /auth; location = /health { return 200 ok; }' },
    [],
  ],
  ['PD007: a refusal', { location: 'if ($http_origin = x) { return 403; }' }, []],
  [
    'PD007: a rewrite to an open location',
    {
      location: 'if ($http_upgrade) { rewrite ^ /open/x last; }',
      server: 'location /open/ { proxy_pass http://127.0.0.1:8081; }',
    },
    ['PD007 fault'],
  ],
  [
    'PD007: a rewrite to a guarded location',
    {
      location: 'if ($http_upgrade) { rewrite ^ /open/x last; }',
      server: `location /open/ { auth_request /auth; proxy_pass http://127.0.0.1:8081; }`,
    },
    [],
  ],

  [
    'PD008: a page of its own, for pages',
    {
      upgrade: pages,
      location: 'error_page 401 =200 /in;',
      server: 'location = /in { return 200 in; }',
    },
    ['PD008 warning'],
  ],
  [
    'PD008: the status of a backend',
    {
      upgrade: pages,
      location: 'error_page 401 = /in;',
      server: 'location = /in { proxy_pass http://127.0.0.1:8081; }',
    },
    ['PD008 warning'],
  ],
  [
    'PD008: a page with its own status',
    {
      location: 'error_page 401 /in;',
      server: 'location = /in { proxy_pass http://127.0.0.1:8081; }',
    },
    [],
  ],

  ['PD009: everybody', { location: 'satisfy any; allow all;' }, ['PD009 fault']],
  [
    'PD009: a password',
    { location: 'satisfy any; auth_basic x; auth_basic_user_file f;' },
    ['PD009 warning'],
  ],
  ['PD009: nothing else to satisfy', { location: 'satisfy any;' }, []],

  [
    'PD010: the other location asks as well',
    {
      path: '/p/',
      server: 'location ~ php { auth_request /auth; proxy_pass http://127.0.0.1:8080; }',
    },
    ['PD003 notice'],
  ],
  [
    'PD010: said to be open',
    {
      path: '/p/',
      server: 'location /p/api { auth_request off; proxy_pass http://127.0.0.1:8080; }',
    },
    ['PD010 notice'],
  ],
  [
    'PD010: another place',
    { path: '/p/', server: 'location /q/ { proxy_pass http://127.0.0.1:8080; }' },
    [],
  ],
  [
    'PD010: another application',
    { path: '/p/', server: 'location ~ php { proxy_pass http://127.0.0.1:8081; }' },
    [],
  ],
  [
    'PD010: one with sockets is the matter of PD002',
    { path: '/p/', server: `location ~ /p/x { ${goodUpgrade} proxy_pass http://127.0.0.1:8080; }` },
    ['PD002 warning'],
  ],
  [
    'PD010: a password is asked for',
    {
      path: '/p/',
      server:
        'location ~ php { auth_basic x; auth_basic_user_file f; proxy_pass http://127.0.0.1:8080; }',
    },
    [],
  ],
  [
    'PD010: nobody gets in',
    { path: '/p/', server: 'location ~ php { deny all; proxy_pass http://127.0.0.1:8080; }' },
    [],
  ],

  ['PD012: a page', { upgrade: pages, location: 'auth_basic x; auth_basic_user_file f;' }, []],
  [
    'PD012: turned off',
    { server: 'auth_basic x; auth_basic_user_file f;', location: 'auth_basic off;' },
    [],
  ],

  [
    'PD013 and PD014: the prefix of a login service',
    {
      auth: goodAuth.replace('= /auth { internal;', '/auth {'),
      location: 'auth_request /auth/check;',
    },
    [],
  ],

  [
    'PD015: only the body is kept back',
    { auth: goodAuth.replace('proxy_set_header Content-Length "";', '') },
    ['PD015 warning'],
  ],
  ['PD016: a page', { upgrade: `${pages} proxy_read_timeout 5s;` }, []],
  ['PD016: four minutes', { upgrade: goodUpgrade.replace('1d', '240') }, ['PD016 notice']],
  [
    'PD019: a header that is not about the address',
    { auth: goodAuth.replace('internal;', 'internal; proxy_set_header X-Tenant $http_host;') },
    [],
  ],
  [
    'PD020: a key without the path',
    {
      auth: goodAuth.replace(
        'internal;',
        'internal; proxy_cache c; proxy_cache_valid 200 1m; proxy_cache_key $http_cookie$http_authorization; proxy_set_header X-Original-URI $request_uri;',
      ),
    },
    ['PD020 warning'],
  ],
  [
    'PD022: merged',
    { server: 'add_header X-A 1;', location: 'add_header X-B 1; add_header_inherit merge;' },
    [],
  ],
  [
    'PD022: repeated',
    { server: 'add_header X-A 1;', location: 'add_header X-B 1; add_header x-a 1;' },
    [],
  ],
  [
    'PD022: the auth location, under auth_request of the server',
    {
      server: `auth_request /auth; error_page 401 /in; location = /in { auth_request off; return 200 in; }`,
      auth: goodAuth.replace('internal;', 'error_page 599 /;'),
    },
    ['PD013 notice'],
  ],
  ['PD024: four minutes', { auth: goodAuth.replace('3s', '240') }, ['PD024 notice']],
  [
    'PD025: a variable',
    {
      auth: goodAuth
        .replace('internal;', 'internal; set $a 127.0.0.1;')
        .replace('http://auth;', 'http://$a:9000;'),
    },
    ['PD025 notice'],
  ],
  [
    'PD025: a pool that goes unused',
    { auth: goodAuth.replace('proxy_set_header Connection "";', '') },
    ['PD025 notice'],
  ],
  [
    'PD025: nginx keeps connections by itself',
    {
      auth: goodAuth
        .replace('proxy_set_header Connection "";', '')
        .replace('proxy_http_version 1.1;', ''),
      version: '1.30.4',
    },
    [],
  ],
  [
    'PD014: a prefix of Postern, with the name of a gate behind it',
    {
      auth: goodAuth.replace('= /auth', '^~ /.postern/auth'),
      location: 'auth_request /.postern/auth;',
    },
    [],
  ],
  ...(['', '/chat'] as const).map(
    (name): Case => [
      `PD027: Postern's guard, and the question /.postern/auth${name}`,
      {
        server: String.raw`if ($uri ~ "^/\.postern/auth(/|$)") { break; } ${fallback}`,
        auth: goodAuth.replace('= /auth', '^~ /.postern/auth'),
        location: `auth_request /.postern/auth${name};`,
      },
      [],
    ],
  ),
  [
    "PD027: without Postern's guard",
    {
      server: fallback,
      auth: goodAuth.replace('= /auth', '^~ /.postern/auth'),
      location: 'auth_request /.postern/auth/chat;',
    },
    ['PD027 fault'],
  ],
  ['PD027: the everyday fallback', { server: fallback }, ['PD027 fault']],
  ['PD027: a guard before it', { server: `if ($uri = "/auth") { break; } ${fallback}` }, []],
  [
    'PD027: a guard behind it',
    { server: `${fallback} if ($uri = "/auth") { break; }` },
    ['PD027 fault'],
  ],
  [
    'PD027: a guard for another path',
    { server: `if ($uri = "/other") { break; } ${fallback}` },
    ['PD027 fault'],
  ],
  [
    'PD027: a fallback that leaves the question alone',
    { server: 'if (!-e $request_filename) { rewrite ^/(?!api/|auth$) /index.html last; }' },
    [],
  ],
  [
    'PD027: a condition that the path is none of',
    { server: 'if ($uri ~ ^/old/) { rewrite ^ /index.html last; }' },
    [],
  ],
  ['PD027: a preflight is answered before anybody is asked', { server: preflight }, []],
  [
    'PD027: a robot is turned away before anybody is asked',
    { server: 'if ($http_user_agent ~* bot) { return 403; }' },
    [],
  ],
  [
    'PD027: a host that is sent elsewhere',
    { server: 'if ($host != app.test) { return 301 https://app.test$request_uri; }' },
    [],
  ],
  [
    'PD027: plain HTTP that is sent elsewhere',
    { server: 'if ($scheme = http) { rewrite ^ https://$host$request_uri? permanent; }' },
    [],
  ],
  [
    'PD027: a page for maintenance, where nobody is asked',
    {
      server:
        'if (-f /srv/closed) { rewrite ^ /closed.html last; } location = /closed.html { root /srv; }',
    },
    [],
  ],
  [
    'PD027: a page for maintenance, where somebody is asked',
    { server: 'if (-f /srv/closed) { rewrite ^ /closed.html last; }' },
    ['PD027 warning'],
  ],
  [
    'PD027: what a client chooses',
    { server: 'if ($http_x_beta) { rewrite ^/[a-z]+$ /beta.html last; }' },
    ['PD027 fault'],
  ],
  [
    'PD027: variables of the server',
    {
      server:
        'set $spa ""; if (!-f $request_filename) { set $spa 1; } if ($spa) { rewrite ^ /index.html last; }',
    },
    ['PD027 fault'],
  ],
  [
    'PD027: an expression that cannot be judged',
    { server: 'rewrite ^/(?>au)th /index.html last;' },
    ['PD027 warning'],
  ],
  [
    'PD027: the question goes to another path of the auth location',
    {
      server: 'rewrite ^/auth/old$ /auth/new last;',
      auth: goodAuth.replace('= /auth { internal;', '/auth {'),
      location: 'auth_request /auth/old;',
    },
    [],
  ],
  ['PD027: a question mark', { location: 'auth_request /auth?a=1;' }, ['PD027 fault']],

  ...(['= @sorry', '= /sorry', '=200 /sorry', '=204 /sorry'] as const).map(
    (form): Case => [
      `PD028: error_page 502 ${form}`,
      { http: `error_page 502 ${form};`, server: sorryPages },
      ['PD028 fault'],
    ],
  ),
  ['PD028: the status is kept', { server: `error_page 502 /sorry; ${sorryPages}` }, []],
  [
    'PD028: an error by its status',
    { server: 'error_page 502 = @sorry; location @sorry { return 503 sorry; }' },
    [],
  ],
  [
    'PD028: a redirect is no yes',
    { server: 'error_page 502 = @sorry; location @sorry { return 302 https://status.test/; }' },
    [],
  ],
  [
    'PD028: another backend',
    { server: 'error_page 502 = @sorry; location @sorry { proxy_pass http://127.0.0.1:8081; }' },
    ['PD028 fault'],
  ],
  [
    'PD028: a second auth service, named by the auth location',
    {
      auth: goodAuth.replace('internal;', 'internal; error_page 502 = @second;'),
      server: 'location @second { internal; proxy_pass http://127.0.0.1:9001; }',
    },
    ['PD028 warning'],
  ],
  [
    'PD028: a page of its own for a status that nothing has',
    {
      server: `error_page 502 = @sorry; ${sorryPages}`,
      auth: goodAuth.replace('internal;', 'internal; error_page 599 /;'),
    },
    [],
  ],
  [
    'PD028: not found is nothing that nginx says there',
    { server: 'error_page 404 =200 /index.html;' },
    [],
  ],
  [
    'PD028: a denial that is not intercepted',
    { upgrade: pages, server: `error_page 401 =200 /sorry; ${sorryPages}` },
    ['PD008 warning'],
  ],
  [
    'PD028: a denial that is intercepted',
    {
      upgrade: pages,
      http: 'proxy_intercept_errors on;',
      server: `error_page 401 =200 /sorry; ${sorryPages}`,
    },
    ['PD028 fault', 'PD008 warning'],
  ],
  [
    'PD028: the size of a body, the same for both',
    { server: `client_max_body_size 9m; error_page 413 = @sorry; ${sorryPages}` },
    [],
  ],
  [
    'PD028: the size of a body, larger for the application',
    { server: `error_page 413 = @sorry; ${sorryPages}`, location: 'client_max_body_size 9m;' },
    ['PD028 fault', 'PD046 warning'],
  ],
  [
    'PD028: a page that is refused for the same size',
    { server: `error_page 413 = /sorry; ${sorryPages}`, location: 'client_max_body_size 9m;' },
    ['PD046 warning'],
  ],
  [
    'PD028: in a file that the auth location includes and that is not there',
    {
      server: `error_page 502 = @sorry; ${sorryPages}`,
      auth: goodAuth.replace('internal;', 'internal; include /no.conf;'),
    },
    ['PD026 notice'],
  ],

  [
    'PD003: neither header, on a path for sockets',
    { path: '/socket.io/', upgrade: 'proxy_http_version 1.1;' },
    ['PD003 warning', 'PD041 warning'],
  ],
  [
    'PD003: neither header, where another location has both for the same backend',
    {
      path: '/x/',
      upgrade: pages,
      server: `location / { auth_request /auth; ${goodUpgrade} proxy_pass http://127.0.0.1:8080; }`,
    },
    ['PD003 notice'],
  ],
  ['PD003: neither header, on a path for pages', { path: '/x/', upgrade: pages }, []],

  [
    'PD041: lost by inheritance',
    {
      server: 'proxy_set_header Host $host;',
      upgrade: goodUpgrade.replace('proxy_set_header Host $host;', ''),
    },
    ['PD041 warning'],
  ],
  ['PD041: set twice', { location: 'proxy_set_header Host $http_host;' }, ['PD041 warning']],
  [
    'PD041: the name in proxy_pass',
    { upgrade: goodUpgrade.replace('Host $host', 'Host $proxy_host') },
    ['PD041 warning'],
  ],
  ['PD041: a fixed name', { upgrade: goodUpgrade.replace('Host $host', 'Host localhost') }, []],
  ['PD041: a page', { upgrade: pages }, []],

  [
    'PD042: the path of the request in a variable',
    { server: 'location /a { auth_request /auth; set $app a; proxy_pass http://$app$uri; }' },
    ['PD042 warning'],
  ],
  [
    'PD042: with the query',
    {
      server: 'location /a { auth_request /auth; set $app a; proxy_pass http://$app$request_uri; }',
    },
    [],
  ],
  [
    'PD042: no path',
    { server: 'location /a { auth_request /auth; set $app a; proxy_pass http://$app:8080; }' },
    [],
  ],

  [
    'PD043: for pages alone',
    {
      server: `location /ws { if ($http_upgrade = "") { return 301 /; } auth_request /auth; ${goodUpgrade} proxy_pass http://127.0.0.1:8080; }`,
    },
    [],
  ],
  [
    'PD043: by a rewrite',
    { server: 'location = /socket.io { rewrite ^ /socket.io/ permanent; }' },
    ['PD043 fault'],
  ],
  ['PD043: a path for pages', { server: 'location = /app { return 301 /app/; }' }, []],

  [
    'PD044: auth_request in an if',
    { location: 'if ($http_origin = x) { auth_request off; }' },
    ['PD044 fault'],
  ],
  [
    'PD044: a location that stands twice',
    { server: 'location /a { return 404; } location ^~ /a { return 404; }' },
    ['PD044 fault'],
  ],
  [
    'PD044: exact and prefix are two',
    { server: 'location /a { return 404; } location = /a { return 404; }' },
    [],
  ],
  [
    'PD044: a nested location that is not inside',
    { server: 'location /a { return 404; location /b { return 404; } }' },
    ['PD044 fault'],
  ],
  ['PD044: a line that stands twice', { location: 'proxy_http_version 1.1;' }, ['PD044 fault']],
  [
    'PD044: a path behind a regular expression',
    { server: 'location ~ x { auth_request /auth; proxy_pass http://127.0.0.1:8081/x; }' },
    ['PD044 fault'],
  ],

  [
    'PD045: in the answer to the client',
    { location: 'auth_request_set $u $upstream_http_remote_user; add_header Remote-User $u;' },
    ['PD006 warning', 'PD045 warning'],
  ],
  [
    'PD045: a header of no answer yet',
    { location: 'proxy_set_header Remote-User $upstream_http_remote_user;' },
    ['PD045 warning'],
  ],
  [
    'PD045: forgotten by a line of its own',
    {
      server: 'auth_request_set $u $upstream_http_remote_user;',
      location: 'auth_request_set $e $upstream_http_x; proxy_set_header Remote-User $u;',
    },
    ['PD045 warning'],
  ],

  ['PD046: one limit for both', { server: 'client_max_body_size 9m;' }, []],
  ['PD046: none for the application', { location: 'client_max_body_size 0;' }, ['PD046 warning']],

  ['PD029: what clients choose', { http: 'proxy_set_body $cookie_a;' }, ['PD029 fault']],
  ['PD029: always the same', { http: 'proxy_set_body x;' }, ['PD029 warning']],
  ['PD029: empty in a question', { http: 'proxy_set_body $request_body;' }, ['PD029 warning']],
  ['PD029: none', { http: 'proxy_set_body "";' }, []],
  [
    'PD029: reset',
    {
      http: 'proxy_set_body $cookie_a;',
      auth: goodAuth.replace('internal;', 'internal; proxy_set_body "";'),
    },
    [],
  ],
  [
    'PD029: with its length',
    {
      http: 'proxy_set_body $cookie_a;',
      auth: goodAuth.replace('proxy_set_header Content-Length "";', ''),
    },
    ['PD015 warning'],
  ],
  [
    'PD029: connections are not kept',
    {
      http: 'proxy_set_body $cookie_a;',
      auth: goodAuth.replace('http://auth;', 'http://127.0.0.1:9000;'),
    },
    ['PD029 warning', 'PD025 notice'],
  ],
];

for (const [what, site, expected] of cases) {
  test(`cases: ${what}`, () => assert.deepEqual(judge(site), expected, render(site)));
}

test('cases: a guard in an include holds where the include stands', () => {
  const guard = 'if ($uri = "/auth") { break; }';
  const text = (server: string) => render({ server });
  const judgeFiles = (server: string) =>
    codesOf(
      examineFiles({
        'site.conf': text(server),
        'outer.conf': 'include guard.conf;',
        'guard.conf': guard,
        'spa.conf': fallback,
        'auth.conf': goodAuth,
      }).findings.filter(({ code }) => code !== 'PD023'),
    );
  assert.deepEqual(judgeFiles('include outer.conf; include spa.conf;'), []);
  assert.deepEqual(judgeFiles('include spa.conf; include outer.conf;'), ['PD027 fault']);
  // What is not there may hold the guard.
  assert.deepEqual(judgeFiles('include no.conf; include spa.conf;'), [
    'PD027 warning',
    'PD026 notice',
  ]);
});

/** What a missing file may hold is not reported as missing: only that the file is. */
const withMissing: readonly [what: string, site: Site][] = [
  [
    'the HTTP version and the timeout',
    { upgrade: goodUpgrade.split('\n')[1] ?? '', location: 'include /no.conf;' },
  ],
  [
    'Connection',
    {
      upgrade:
        'proxy_http_version 1.1; proxy_read_timeout 1d; proxy_set_header Host $host; proxy_set_header Upgrade $kind;',
      location: 'include /no.conf;',
    },
  ],
  [
    'an identity header',
    { location: 'auth_request_set $u $upstream_http_remote_user; include /no.conf;' },
  ],
  [
    'an identity header of the server',
    {
      server: 'auth_request_set $u $upstream_http_x_user; proxy_set_header X-User $u;',
      location: 'include /no.conf;',
    },
  ],
  [
    'the lines of the auth location',
    { auth: 'location = /auth { proxy_pass http://auth; include /no.conf; }' },
  ],
  [
    'the key of a cache',
    { auth: goodAuth.replace('internal;', 'internal; proxy_cache c; include /no.conf;') },
  ],
];

for (const [what, site] of withMissing) {
  test(`cases: a missing file may hold ${what}`, () =>
    assert.deepEqual(judge(site), ['PD026 notice']));
}

test('cases: patterns that would take a backtracking matcher for ever are judged at once', () => {
  const long = `/${'a'.repeat(5000)}`;
  for (const [pattern, expected] of [
    ['^/(a*)*b', ['PD001 notice']],
    ['(a|a)+$', ['PD001 notice']],
    ['^/(?:a+)+b', ['PD001 notice']],
    ['^/(?:a{1,99}){1,99}b', ['PD001 notice']],
    // Matches "websocket", which then never gets as far as the question.
    [`${'.*'.repeat(40)}b`, []],
  ] as const) {
    const site = {
      location: `error_page 401 ${long}; if ($http_upgrade ~ "${pattern}") { return 403; }`,
      server: `location ~ "${pattern}" { return 200; }`,
    };
    assert.deepEqual(judge(site), expected, pattern);
  }
});

test('cases: ways that multiply do not take for ever', () => {
  const locations = Array.from({ length: 30 }, (_, index) => {
    const hops = Array.from(
      { length: 8 },
      (_, hop) => `if ($http_origin = ${hop}) { rewrite ^ /${(index + hop + 1) % 30}/ last; }`,
    );
    return `location /${index}/ { auth_request /auth; ${hops.join(' ')} proxy_pass http://127.0.0.1:8080; }`;
  });
  assert.ok(
    examineText(`server { location = /auth { internal; } ${locations.join('\n')} }`).guarded === 30,
  );
});
