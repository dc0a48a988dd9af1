import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { examine } from '../../../src/doctor/config/examine.ts';
import type { RuleCode } from '../../../src/doctor/config/finding.ts';
import { nginxFiles, packageRoot } from '../../../src/lib/resources.ts';
import { defaultBundleOptions } from '../../../src/proxies/nginx/bundle-options.ts';
import { renderBundle } from '../../../src/proxies/nginx/render.ts';
import {
  diskFiles,
  type FileSet,
  loadConfiguration,
} from '../../../src/proxies/nginx/syntax/index.ts';
import {
  type ConfigFiles,
  codesOf,
  examineFiles,
  testedVersion,
} from '../../../testkit/doctor/examine.ts';
import { proxyConf, swagBase, swagGenerations, swagSet } from '../../../testkit/nginx/swag-set.ts';
import { signOns } from '../../../testkit/sign-on/nginx/index.ts';

/** Findings that say that something is wrong, or may be. */
function alarms(files: ConfigFiles): string[] {
  return codesOf(examineFiles(files).findings.filter(({ severity }) => severity !== 'notice'));
}

test("Debian's own configuration of nginx has nothing to report", () => {
  const disk = diskFiles();
  // What the package brings, whatever else somebody has switched on on this machine.
  const files: FileSet = {
    read: disk.read,
    match: (pattern) =>
      pattern.includes('sites-enabled') ? ['/etc/nginx/sites-available/default'] : [],
  };
  const examination = examine(loadConfiguration('/etc/nginx/nginx.conf', files), testedVersion);
  assert.deepEqual(codesOf(examination.findings), []);
  assert.deepEqual([examination.files, examination.locations], [3, 1]);
});

test('a proxy without an auth service has nothing to report', () => {
  const text =
    'server { location / { proxy_pass http://a; } location /b { proxy_pass http://a; } }';
  assert.deepEqual(codesOf(examineFiles({ 'site.conf': text }).findings), []);
});

test("SWAG's set with three hundred applications has nothing to report", () => {
  const { findings, locations, files } = examineFiles(swagSet());
  assert.deepEqual(codesOf(findings), []);
  assert.ok(locations > 500);
  assert.ok(files > 300);
});

/** The shipped files around a location, as the README has them. */
function shipped(
  change: (name: string, text: string) => string = (_name, text) => text,
): ConfigFiles {
  const names = ['http', 'server', 'location', 'proxy'].map((part) => `postern-${part}.conf`);
  const read = (name: string) => change(name, readFileSync(join(nginxFiles, name), 'utf8'));
  return {
    ...Object.fromEntries(names.map((name) => [name, read(name)])),
    'site.conf': `
include postern-http.conf;
server {
    listen 80;
    server_name app.example.com;
    access_log /var/log/nginx/access.log postern_masked;
    include postern-server.conf;
    location / {
        set $postern_gate "chat";
        set $postern_login "https://login.example.com/";
        include postern-location.conf;
        include postern-proxy.conf;
        proxy_pass http://127.0.0.1:8080;
    }
}`,
  };
}

test("Postern's own files have nothing to report", () => {
  const { findings, guarded } = examineFiles(shipped());
  assert.equal(guarded, 1);
  assert.deepEqual(alarms(shipped()), []);
  // The version in the tests has holes that Debian mended; that notice is right.
  assert.deepEqual([...new Set(codesOf(findings))], ['PD023 notice']);
});

test("Postern's own files are understood: without their guards the faults are found", () => {
  // Handshakes, and whatever accepts no HTML, as most handshakes.
  const guardOfDenial =
    /if \(\$http_upgrade != ""\) \{\s*set \$postern_target[\s\S]*?(?=\n {4}# Android)/;
  const changes: [file: string, pattern: RegExp, by: string, expected: string][] = [
    ['postern-server.conf', guardOfDenial, '', 'PD001 warning'],
    ['postern-location.conf', /proxy_set_header Remote-Email .*/, '', 'PD006 warning'],
    ['postern-proxy.conf', /proxy_set_header Connection .*/, '', 'PD003 fault'],
    [
      'postern-proxy.conf',
      /\$postern_upgrade;([\s\S]*)\$postern_connection/,
      '$http_upgrade;$1"upgrade"',
      'PD011 warning',
    ],
    ['postern-server.conf', /proxy_set_header Content-Length "";/, '', 'PD015 warning'],
  ];
  for (const [file, pattern, by, expected] of changes) {
    const found = alarms(
      shipped((name, text) => (name === file ? text.replace(pattern, by) : text)),
    );
    assert.ok(found.includes(expected), `${file} ${pattern}: ${found}`);
  }
});

test('files for the source api_key have nothing to report, and a cache key without it is a warning', () => {
  const bundle = renderBundle('swag', {
    ...defaultBundleOptions,
    gate: { kind: 'tcp', host: 'postern', port: 8420 },
    sources: ['api_key'],
    cache: { path: undefined, ttl: 10_000 },
  });
  const app = proxyConf('grist', {
    server: 'include /config/nginx/postern-server.conf;',
    location: 'include /config/nginx/postern-location.conf;',
  }).replace('proxy.conf', 'postern-proxy.conf');
  const files = (key: string) => ({
    ...swagBase,
    ...Object.fromEntries(
      [...bundle].map(([path, text]) => [
        `/config/nginx/${path}`,
        text.replace('\\n$http_x_api_key', key),
      ]),
    ),
    '/config/nginx/proxy-confs/grist.subdomain.conf': app,
  });
  assert.deepEqual(alarms(files('\\n$http_x_api_key')), []);
  assert.deepEqual(alarms(files('')), ['PD020 warning']);
});

test("Postern's files for SWAG have nothing to report, and SWAG's own proxy.conf beside them is a fault", () => {
  const bundle = renderBundle('swag', {
    ...defaultBundleOptions,
    gate: { kind: 'tcp', host: 'postern', port: 8420 },
  });
  const app = proxyConf('grist', {
    server: 'include /config/nginx/postern-server.conf;',
    location: 'include /config/nginx/postern-location.conf;',
  });
  const files = (proxy: string) => ({
    ...swagBase,
    ...Object.fromEntries([...bundle].map(([path, text]) => [`/config/nginx/${path}`, text])),
    '/config/nginx/proxy-confs/grist.subdomain.conf': app.replace('proxy.conf', proxy),
  });
  assert.equal(examineFiles(files('postern-proxy.conf')).guarded, 1);
  assert.deepEqual(alarms(files('postern-proxy.conf')), []);
  // It tells the application whole URIs, and passes every upgrade on; Postern is what denies h2c.
  assert.deepEqual(alarms(files('proxy.conf')), ['PD039 fault', 'PD039 fault', 'PD011 warning']);
});

test('the example with six gates has no fault', () => {
  const example = join(packageRoot, 'examples', 'six-gates', 'nginx.conf');
  const text = readFileSync(example, 'utf8').replaceAll('/etc/nginx/postern/', '');
  const { findings, guarded } = examineFiles({ ...shipped(), 'site.conf': text });
  assert.equal(guarded, 3);
  assert.deepEqual(codesOf(findings.filter(({ severity }) => severity === 'fault')), []);
});

/** Authelia's documented setup: three snippets, an application, and one with WebSockets. */
const authelia: ConfigFiles = {
  'site.conf': `
server {
    listen 443 ssl http2;
    server_name nextcloud.*;
    include snippets/authelia-location.conf;
    set $upstream http://nextcloud;
    location / {
        include snippets/proxy.conf;
        include snippets/authelia-authrequest.conf;
        proxy_pass $upstream;
    }
}
include portainer/*.conf;
`,
  'snippets/proxy.conf': `
proxy_set_header Host $host;
proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $http_host;
proxy_set_header X-Forwarded-URI $request_uri;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_http_version 1.1;
proxy_read_timeout 360;
proxy_connect_timeout 360;
real_ip_header X-Forwarded-For;
`,
  'snippets/websocket.conf': `
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";
`,
  'snippets/authelia-location.conf': `
set $upstream_authelia http://authelia:9091/api/authz/auth-request;
location /internal/authelia/authz {
    internal;
    proxy_pass $upstream_authelia;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header Content-Length "";
    proxy_set_header Connection "";
    proxy_pass_request_body off;
    proxy_http_version 1.1;
    proxy_read_timeout 240;
    proxy_connect_timeout 240;
}
`,
  'snippets/authelia-authrequest.conf': `
auth_request /internal/authelia/authz;
auth_request_set $user $upstream_http_remote_user;
auth_request_set $groups $upstream_http_remote_groups;
proxy_set_header Remote-User $user;
proxy_set_header Remote-Groups $groups;
auth_request_set $redirection_url $upstream_http_location;
error_page 401 =302 $redirection_url;
`,
};

test("Authelia's documented setup of an application has nothing to report but the host it is told", () => {
  // Authelia is told $http_host, so a bypass rule for another host may be claimed.
  assert.deepEqual(alarms(authelia), ['PD019 warning']);
});

test("Authelia's documented WebSocket location redirects handshakes, and nothing else is wrong with it", () => {
  const portainer = `
server {
    server_name portainer.*;
    include snippets/authelia-location.conf;
    set $upstream http://portainer:9000;
    location /api/websocket/ {
        include snippets/proxy.conf;
        include snippets/websocket.conf;
        include snippets/authelia-authrequest.conf;
        proxy_pass $upstream;
    }
}`;
  const found = alarms({ ...authelia, 'portainer/site.conf': portainer });
  assert.deepEqual(found, ['PD001 fault', 'PD011 warning', 'PD019 warning']);
});

/** Codes about what becomes of the question itself. */
const aboutQuestion = ['PD027', 'PD028', 'PD029'];

for (const { name, server, location } of signOns) {
  test(`the question of ${name} comes to the service, and the doctor does not say otherwise`, () => {
    const site = (lines: string) =>
      `server { ${lines} ${server} location / { ${location} proxy_pass http://127.0.0.1:8484; } }`.replaceAll(
        'PORT',
        '9000',
      );
    const others = Object.fromEntries(
      ['proxy', 'resolver', 'tinyauth-proxy'].map((one) => [`/config/nginx/${one}.conf`, '']),
    );
    const found = (lines: string) =>
      examineFiles({ ...others, 'site.conf': site(lines) }).findings.filter(({ code }) =>
        aboutQuestion.includes(code),
      );
    const usual = [
      'if ($scheme = http) { return 301 https://$host$request_uri; }',
      'if ($request_method = OPTIONS) { return 204; }',
      'if ($http_user_agent ~* (bot|crawler)) { return 403; }',
      'rewrite ^/old/(.*)$ /new/$1 permanent;',
      'rewrite ^/\\.well-known/carddav$ /dav/ last;',
      'error_page 404 /404.html; error_page 500 502 503 504 /50x.html;',
    ];
    assert.deepEqual(codesOf(found('')), []);
    assert.deepEqual(codesOf(found(usual.join('\n'))), []);
    const fallback = 'if (!-e $request_filename) { rewrite ^ /index.html last; }';
    assert.deepEqual(codesOf(found(fallback)), ['PD027 fault']);
    assert.deepEqual(codesOf(found('error_page 502 =200 /50x.html;')), ['PD028 fault']);
  });
}

for (const { service, server, location, files, known } of swagGenerations) {
  test(`SWAG's files for ${service} are recognised, and redirect handshakes`, () => {
    const examination = examineFiles({
      ...swagSet(),
      ...files,
      '/config/nginx/proxy-confs/grist.subdomain.conf': proxyConf('grist', { server, location }),
    });
    const said = examination.known.map(({ what }) => what).join('\n');
    for (const words of known) assert.match(said, new RegExp(words.source, `${words.flags}m`));
    const faults = examination.findings.filter(({ severity }) => severity === 'fault');
    assert.deepEqual(codesOf(faults), ['PD001 fault']);
    assert.match(faults[0]?.place.file ?? '', /-location\.conf$/);
    const rest = new Set(examination.findings.map(({ code }) => code));
    assert.ok(rest.has('PD005'), 'proxy.conf in the auth location');
    assert.equal(rest.has('PD021'), service.startsWith('TinyAuth'));
    assert.ok(!aboutQuestion.some((code) => rest.has(code as RuleCode)), [...rest].join());
  });
}

test("Vouch Proxy's documented setup names nobody to the backend by mistake", () => {
  const text = `server {
    server_name app.example.com;
    auth_request /validate;
    location = /validate {
        proxy_pass http://127.0.0.1:9090/validate;
        proxy_set_header Host $host;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        auth_request_set $auth_resp_x_vouch_user $upstream_http_x_vouch_user;
        auth_request_set $auth_resp_jwt $upstream_http_x_vouch_jwt;
    }
    error_page 401 = @error401;
    location @error401 { return 302 https://vouch.example.com/login?url=$scheme://$host$request_uri&X-Vouch-Token=$auth_resp_jwt; }
    location / {
        auth_request_set $auth_resp_x_vouch_user $upstream_http_x_vouch_user;
        proxy_set_header X-Vouch-User $auth_resp_x_vouch_user;
        proxy_pass http://127.0.0.1:8080;
    }
}`;
  assert.deepEqual(alarms({ 'site.conf': text }), []);
});

test("lines for upgrades around Postern's own locations are no matter of theirs", () => {
  const files = shipped();
  const around = `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    include postern-server.conf;`;
  const text = (files['site.conf'] ?? '').replace('include postern-server.conf;', around);
  assert.deepEqual(alarms({ ...files, 'site.conf': text }), []);
});

test('a path for sockets beside a protection that has nothing to do with it is left alone', () => {
  const upgrade =
    'proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;';
  const text = `server {
    location = /auth { internal; return 204; }
    location /admin/ { auth_request /auth; proxy_pass http://127.0.0.1:8081; }
    location / { proxy_pass http://127.0.0.1:8080; }
    location /ws { ${upgrade} proxy_pass http://127.0.0.1:8082; }
}`;
  assert.deepEqual(alarms({ 'site.conf': text }), []);
});
