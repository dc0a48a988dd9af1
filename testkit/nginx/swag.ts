import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoBackend } from '../../src/demo/backend.ts';
import {
  type BundleOptions,
  defaultBundleOptions,
} from '../../src/proxies/nginx/bundle-options.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { type ConfigBundle, renderBundle } from '../../src/proxies/nginx/render.ts';
import { swagHttpFile } from '../../src/proxies/nginx/swag.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';
import { startTestBackend } from '../servers/backend.ts';
import { startNameServer } from '../servers/name-server.ts';
import { startTestNginx } from './nginx.ts';

/** A SWAG as far as it matters here: its files around ours, and Docker's name server. */
export interface SwagSite {
  readonly nginx: NginxProcess;
  readonly backend: DemoBackend;
  readonly url: string;
  readonly socketUrl: string;
  /** All access logs together. */
  accessLog(): string;
}

/** What SWAG's proxy.conf does, header by header: it passes on any Upgrade there is. */
export const swagProxyConf = `
proxy_next_upstream error timeout invalid_header http_500 http_502 http_503;
proxy_buffers 32 4k;
proxy_connect_timeout 240;
proxy_headers_hash_bucket_size 128;
proxy_headers_hash_max_size 1024;
proxy_http_version 1.1;
proxy_read_timeout 240;
proxy_redirect http:// $scheme://;
proxy_send_timeout 240;
proxy_cache_bypass $cookie_session;
proxy_no_cache $cookie_session;
proxy_set_header Connection $connection_upgrade;
proxy_set_header Early-Data "";
proxy_set_header Host $host;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Method $request_method;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Server $host;
proxy_set_header X-Forwarded-Ssl on;
proxy_set_header X-Forwarded-Uri $request_uri;
proxy_set_header X-Original-Method $request_method;
proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
proxy_set_header X-Real-IP $remote_addr;
`;

/** What people write when they model an auth location on those of SWAG: proxy.conf and doubles. */
export const authLocationInSwagsManner = (port: number) => `
location /postern-auth {
    internal;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_postern postern;
    proxy_pass http://$upstream_postern:${port}/auth;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Uri $request_uri;
    proxy_set_header X-Postern-Gate "";
}
`;

/**
 * Starts nginx with SWAG's surroundings. `server` and `location` are lines of a proxy-conf and may
 * include files of /config/nginx, ours among them under the names they get in SWAG.
 */
export async function startSwag(
  t: Scope,
  options: {
    readonly posternPort: number;
    readonly server: string;
    readonly location?: string;
    /** What the files are rendered for beside that. */
    readonly kit?: Partial<BundleOptions>;
    /** Another kit with the same names of files, and lines that stand before the server block. */
    readonly files?: ConfigBundle;
    readonly http?: string;
    /** What the location includes to pass requests on; SWAG's own is proxy.conf. */
    readonly proxy?: 'postern-proxy.conf' | 'proxy.conf';
    /** Replaces the location; 8484 is the port of the application. */
    readonly locations?: string;
  },
): Promise<SwagSite> {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'config', 'nginx');
  const logs = join(directory, 'config', 'log');
  for (const path of [config, join(logs, 'nginx')]) mkdirSync(path, { recursive: true });
  const backend = await startTestBackend(t);
  const place = (text: string) =>
    text
      .replaceAll('/config/nginx', config)
      .replaceAll('/config/log', logs)
      .replaceAll('8484', String(backend.port));
  const gate = { kind: 'tcp', host: 'postern', port: options.posternPort } as const;
  const files =
    options.files ?? renderBundle('swag', { ...defaultBundleOptions, ...options.kit, gate });
  for (const [path, text] of files) {
    mkdirSync(join(config, path, '..'), { recursive: true });
    writeFileSync(join(config, path), place(text));
  }
  const nameServer = await startNameServer(t);
  writeFileSync(
    join(config, 'resolver.conf'),
    `resolver 127.0.0.1:${nameServer} valid=30s ipv6=off;\n`,
  );
  writeFileSync(join(config, 'proxy.conf'), swagProxyConf);
  const location = `location / {
      ${place(options.location ?? '')}
      ${place(`include /config/nginx/${options.proxy ?? 'postern-proxy.conf'};`)}
      ${place('include /config/nginx/resolver.conf;')}
      set $upstream_app grist;
      set $upstream_port ${backend.port};
      set $upstream_proto http;
      proxy_pass $upstream_proto://$upstream_app:$upstream_port;
    }`;
  const nginx = await startTestNginx(t, {
    directory,
    http: (port) => `
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  ${place('access_log /config/log/nginx/access.log;')}
  ${files.has(swagHttpFile) ? place(`include /config/nginx/${swagHttpFile};`) : ''}
  ${place(options.http ?? '')}
  server {
    listen 127.0.0.1:${port};
    ${place(options.server)}
    ${options.locations === undefined ? location : place(options.locations)}
  }`,
  });
  return {
    nginx,
    backend,
    url: `http://127.0.0.1:${nginx.port}`,
    socketUrl: `ws://127.0.0.1:${nginx.port}`,
    accessLog: () =>
      globSync('**/*.log', { cwd: logs })
        .map((name) => readFileSync(join(logs, name), 'utf8'))
        .join(''),
  };
}
