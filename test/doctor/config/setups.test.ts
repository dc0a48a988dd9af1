import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBackend } from '../../../src/demo/backend.ts';
import { renderPatch } from '../../../src/doctor/config/report/patch.ts';
import { nginxFiles } from '../../../src/lib/resources.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { applyPatch } from '../../../testkit/doctor/apply-patch.ts';
import { type ConfigFiles, examineFiles } from '../../../testkit/doctor/examine.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { swagProxyConf } from '../../../testkit/nginx/swag.ts';

const setups = join(import.meta.dirname, 'setups');

/** Configurations of bug reports. The first line of each says what is wrong with it. */
const expected: Readonly<Record<string, { readonly finds: string; readonly about: string }>> = {
  'no-upgrade-lines.conf': { finds: 'PD003 warning', about: 'location /cable' },
  'host-never-set.conf': { finds: 'PD041 warning', about: 'location /' },
  'unknown-variable.conf': { finds: 'PD044 fault', about: 'location /' },
  'map-in-server.conf': { finds: 'PD044 fault', about: 'server' },
  'rewrite-break-hides-redirect.conf': { finds: 'PD001 fault', about: 'location ^~ /netdata/' },
  'if-hides-pd006.conf': { finds: 'PD006 warning', about: 'location /api' },
};

const fix = readFileSync(join(nginxFiles, 'fixes', 'no-login-redirect.conf'), 'utf8');

for (const [name, { finds, about }] of Object.entries(expected)) {
  test(`what is wrong with ${name} is found`, () => {
    const text = readFileSync(join(setups, name), 'utf8');
    const { findings } = examineFiles({ 'site.conf': text, 'no-login-redirect.conf': fix });
    const found = findings.filter(({ code, severity }) => `${code} ${severity}` === finds);
    const places = found.flatMap((one) => one.about);
    assert.ok(
      places.some((one) => one.startsWith(`${about} `)),
      `${finds} in ${about}: only ${findings.map(({ code }) => code)} ${places}`,
    );
  });
}

const upstream = `include proxy.conf;
        set $upstream_app BACKEND;
        set $upstream_proto http;`;
const pass = 'proxy_pass $upstream_proto://$upstream_app;';
const signOn = 'include sign-on.conf;';

/** Protected locations as SWAG's samples have them, with a path that a handshake asks for. */
const shapes: readonly (readonly [what: string, path: string, location: string])[] = [
  ['a subdomain', '/ws', `location / { ${signOn}\n${upstream} ${pass} }`],
  ['a subfolder', '/app/ws', `location ^~ /app/ { ${signOn}\n${upstream} ${pass} }`],
  [
    'a subfolder that is cut off last',
    '/app/ws',
    `location ^~ /app/ { ${signOn}\n${upstream} ${pass}
        rewrite /app(.*) $1 break;
    }`,
  ],
  [
    'a subfolder that is cut off by an anchored pattern',
    '/app/ws',
    `location ^~ /app { ${signOn}\n${upstream} ${pass}
        rewrite ^/app(/.*) $1 break;
    }`,
  ],
  [
    'a subfolder that is cut off first',
    '/app/ws',
    `location ^~ /app/ {
        rewrite /app(.*) $1 break;
        ${signOn}\n${upstream} ${pass.replace('$upstream_proto://$upstream_app', 'http://BACKEND')}
    }`,
  ],
  [
    'a referer that leads elsewhere',
    '/app/ws',
    `location ^~ /app/ { ${signOn}\n${upstream}
        if ($http_referer ~* x.test) { rewrite ^/(.*) /app/$1 redirect; }
        ${pass} }`,
  ],
  [
    'headers and filters behind the include',
    '/ws',
    `location / { ${signOn}\n${upstream}
        proxy_hide_header X-Frame-Options;
        proxy_set_header X-Forwarded-Prefix /; ${pass} }`,
  ],
  [
    'a regular expression',
    '/app/ws',
    `location ~ ^/app/(ws|push) { ${signOn}\n${upstream} ${pass} }`,
  ],
  [
    'a nested location',
    '/app/ws/x',
    `location /app/ { ${upstream} ${pass} location /app/ws/ { ${signOn}\n${upstream} ${pass} } }`,
  ],
  [
    'an if of its own that sets a variable',
    '/ws',
    `location / { ${signOn}\n${upstream} if ($http_user_agent ~ x) { set $bot 1; } ${pass} }`,
  ],
];

const files = (location: string): ConfigFiles => ({
  'site.conf': `map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    LISTEN
    location = /auth { internal; return 401; }
    ${location}
}
`,
  'proxy.conf': swagProxyConf,
  'sign-on.conf': 'auth_request /auth;\nerror_page 401 =302 https://login.example.com/;\n',
});

const ofPD001 = (all: ConfigFiles) =>
  examineFiles(all).findings.filter(({ code }) => code === 'PD001');

/** Starts each set of files as a server of one nginx, and tells what a handshake and a page get there. */
async function tryAll(
  t: TestContext,
  program: string,
  sets: readonly { readonly path: string; readonly all: ConfigFiles }[],
) {
  const backend = await startBackend();
  t.after(() => backend.close());
  const directory = temporaryDirectory(t);
  const nginx = await startNginx({
    directory,
    program,
    http: (port) => {
      const servers = sets.map(({ all }, index) => {
        for (const [name, text] of Object.entries(all)) {
          if (name !== 'site.conf') writeFileSync(join(directory, `${index}-${name}`), text);
        }
        const [map = '', server = ''] = (all['site.conf'] ?? '').split(/^(?=server)/m);
        const placed = server
          .replaceAll(/include (\S+);/g, (_all, name: string) => `include ${index}-${name};`)
          .replaceAll('BACKEND', `127.0.0.1:${backend.port}`)
          .replace('LISTEN', `listen 127.0.0.1:${port}; server_name s${index}.test;`);
        return index === 0 ? `${map}${placed}` : placed;
      });
      return `access_log off;\n${servers.join('\n')}`;
    },
  });
  t.after(() => nginx.close());
  const statuses: (readonly [handshake: number, page: number])[] = [];
  for (const [index, { path }] of sets.entries()) {
    const send = async (headers: string) =>
      (await sendRaw(nginx.port, `GET ${path} HTTP/1.1\nHost: s${index}.test\n${headers}\n\n`))
        .status;
    const handshake = await send(
      'Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    );
    statuses.push([handshake, await send('Accept: text/html\nConnection: close')]);
  }
  return statuses;
}

for (const { name, program } of nginxPrograms) {
  test(`every shape of SWAG's samples redirects handshakes, is found, and is mended by the patch (nginx: ${name})`, async (t) => {
    const plain = shapes.map(([what, path, location]) => ({ what, path, all: files(location) }));
    const mended = plain.map(({ what, path, all }) => {
      const found = ofPD001(all);
      assert.notEqual(found.length, 0, what);
      assert.equal(found[0]?.severity, 'fault', what);
      const edits = found.flatMap((one) => one.edits);
      assert.notEqual(edits.length, 0, what);
      const after = applyPatch(all, renderPatch(edits));
      assert.deepEqual(ofPD001(after), [], what);
      return { path, all: after };
    });
    const before = await tryAll(t, program, plain);
    assert.deepEqual(
      before,
      shapes.map(() => [302, 302]),
    );
    const after = await tryAll(t, program, mended);
    assert.deepEqual(
      after,
      shapes.map(() => [401, 302]),
    );
  });
}

test('behind a rewrite with break the fix does nothing, and the model knows', () => {
  for (const [what, , location] of shapes) {
    if (!location.includes('break;\n    }')) continue;
    const late = files(location.replace('break;\n', 'break; include no-login-redirect.conf;\n'));
    const found = ofPD001({ ...late, 'no-login-redirect.conf': fix });
    assert.equal(found[0]?.severity, 'fault', what);
  }
});
