import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nginxFiles } from '../../src/lib/resources.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';
import { type NginxProgram, nginxPrograms } from '../../testkit/nginx/programs.ts';
import { swagProxyConf } from '../../testkit/nginx/swag.ts';
import { startAuthService } from '../../testkit/servers/auth-service.ts';
import { startTestBackend } from '../../testkit/servers/backend.ts';

/** The lines that make a location of SWAG's samples a protected one, and the fix below them. */
const signOn = `include /config/nginx/sign-on-location.conf;
      include /config/nginx/no-login-redirect.conf;`;

const upstream = `include /config/nginx/proxy.conf;
      set $upstream_app 127.0.0.1;
      set $upstream_port 8484;
      set $upstream_proto http;
      proxy_pass $upstream_proto://$upstream_app:$upstream_port;`;

/** A shape of protected locations in SWAG's samples, and a path that it protects. */
interface Shape {
  readonly path: string;
  readonly lines: string;
  /** What a handshake with a session gets; 101 by default. */
  readonly admitted?: number;
}

const shapes: Readonly<Record<string, Shape>> = {
  'nothing after proxy_pass': {
    path: '/',
    lines: `location / { ${signOn} ${upstream} }`,
  },
  'a rewrite with break in the last line': {
    path: '/app/ws',
    lines: `location ^~ /app { ${signOn} ${upstream} rewrite /app(.*) $1 break; }`,
  },
  'an anchored rewrite with break': {
    path: '/app/ws',
    lines: `location ^~ /app/ { ${signOn} ${upstream} rewrite ^/app(/.*) $1 break; }`,
  },
  'an if on the referrer with a redirect': {
    path: '/app/ws',
    lines: `location ^~ /app { ${signOn} ${upstream}
      if ($http_referer ~* /elsewhere) { rewrite ^/(.*) /app/$1 redirect; } }`,
  },
  'a redirect beside it': {
    path: '/app/ws',
    lines: `location /app { return 301 $scheme://$host/app/; }
    location ^~ /app/ { ${signOn} ${upstream} rewrite /app(.*) $1 break; }`,
  },
  'headers again after proxy.conf': {
    path: '/',
    lines: `location / { ${signOn} ${upstream}
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Prefix /app;
      proxy_hide_header X-Frame-Options;
      proxy_redirect https://127.0.0.1/ /app/;
      proxy_cookie_path / /app/; }`,
  },
  'the upgrade lines again after proxy.conf': {
    path: '/ws',
    // The backend refuses two Upgrade lines, with and without the fix.
    admitted: 400,
    lines: `location /ws { ${signOn} ${upstream}
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade"; }`,
  },
  'a nested location': {
    path: '/app/ws',
    lines: `location ^~ /app { ${signOn} ${upstream}
      location ~ /app/ws { ${signOn} ${upstream} rewrite /app(.*) $1 break; } }`,
  },
  'a path for sockets of its own': {
    path: '/socket.io',
    lines: `location / { ${signOn} ${upstream} }
    location /socket.io { ${signOn} ${upstream} rewrite /(.*) /$1 break; }`,
  },
};

async function startSite(t: TestContext, { program }: NginxProgram, lines: string) {
  const service = await startAuthService(t, ({ headers }) => ({
    status: headers.cookie === 'session=alice' ? 200 : 401,
  }));
  const backend = await startTestBackend(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, 'config');
  mkdirSync(config);
  writeFileSync(join(config, 'proxy.conf'), swagProxyConf);
  copyFileSync(
    join(nginxFiles, 'fixes', 'no-login-redirect.conf'),
    join(config, 'no-login-redirect.conf'),
  );
  writeFileSync(
    join(config, 'sign-on-location.conf'),
    'auth_request /sign-on; error_page 401 = @sign_on_login;',
  );
  const place = (text: string) =>
    text.replaceAll('/config/nginx', config).replaceAll('8484', String(backend.port));
  const nginx = await startTestNginx(t, {
    directory,
    program,
    http: (port) => `
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location = /sign-on {
      internal;
      proxy_pass http://127.0.0.1:${service.gate.port};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
    location @sign_on_login { return 302 https://login.example.com/; }
    ${place(lines)}
  }`,
  });
  return { port: nginx.port, seen: backend.seen };
}

const upgradeTo = (protocol: string) => `Connection: Upgrade
Upgrade: ${protocol}
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;

for (const nginx of nginxPrograms) {
  for (const [shape, { path, lines, admitted = 101 }] of Object.entries(shapes)) {
    test(`the fix below the sign-on's include works with ${shape} (nginx ${nginx.name})`, async (t) => {
      const { port, seen } = await startSite(t, nginx, lines);
      const ask = (...headers: string[]) =>
        sendRaw(port, `GET ${path} HTTP/1.1\nHost: app.example.com\n${headers.join('\n')}\n\n`);
      const session = 'Cookie: session=alice';
      assert.equal((await ask(upgradeTo('websocket'))).status, 401);
      assert.equal((await ask('Accept: text/html')).status, 302);
      assert.equal((await ask('Accept: application/json')).status, 401);
      assert.equal((await ask(upgradeTo('websocket'), session)).status, admitted);
      const before = seen.length;
      await ask(upgradeTo('h2c'), session);
      const reached = seen.slice(before);
      assert.deepEqual(
        reached.map(({ headers }) => headers.upgrade ?? 'none'),
        reached.map(() => 'none'),
      );
      assert.equal(reached.length, 1);
    });
  }
}
