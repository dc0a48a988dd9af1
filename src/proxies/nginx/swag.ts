import type { ListenAddress } from '../../config/listen-address.ts';
import type { BundleOptions } from './bundle-options.ts';
import { containerCachePath, renderCacheZone } from './cache.ts';
import { renderMasks, upgradeMaps } from './http-file.ts';
import { locationVariables, renderLocationRules } from './location-file.ts';
import { renderServerRules, throughName, throughUpstream } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** Day of the last change that people with SWAG should take over: SWAG compares these lines. */
const version = '## Version 2026/11/28';

/** Whether Postern's name is looked up for each request, or by an upstream that keeps connections. */
export type SwagReach = 'resolver' | 'keepalive';

/** Where http context begins in SWAG, before any server block. */
export const swagHttpFile = 'site-confs/00-postern.conf';

/** SWAG's own log, with tokens masked. */
const swagLog = 'access_log /config/log/nginx/access.log postern_masked;';

/** `postern-server.conf` of SWAG. */
export function renderSwagServerFile(options: BundleOptions, reach: SwagReach): string {
  const to =
    reach === 'keepalive'
      ? throughUpstream
      : throughName(options.gate, 'include /config/nginx/resolver.conf;\n');
  return joinParts(
    `
${version}
# Postern for LinuxServer SWAG, part 2 of 4: server context.
# Belongs to /config/nginx/postern-server.conf (without .sample). Include it in every server block that
# has a protected location, before any rewrite, if, return or set of that block:
#
#     include /config/nginx/postern-server.conf;
#
${reachComment(options.gate)}
# Needs /config/nginx/${swagHttpFile} too.`,
    renderServerRules(options, to, {
      log: swagLog,
      warning: `
# nginx's question to Postern. Do not include proxy.conf here: nothing of the client's request
# reaches Postern but what stands here, so no header that a client makes up can pass for nginx's.`.trim(),
    }),
  );
}

/** `postern-location.conf` of SWAG, or the file of a gate that is to be named. */
export function renderSwagLocationFile(options: BundleOptions, gateName?: string): string {
  const file = gateName === undefined ? 'postern-location.conf' : `postern-gates/${gateName}.conf`;
  const whose =
    gateName === undefined
      ? `# Postern for LinuxServer SWAG, part 3 of 4: location context. The gate is found by host and path; for a gate by its name
# take postern-gates/NAME.conf in its place.`
      : `# Postern for LinuxServer SWAG, in the place of postern-location.conf, for the gate "${gateName}" whatever host
# and path are.`;
  return joinParts(
    `
${version}
${whose}
# Belongs to /config/nginx/${file} (without .sample). Include it in every location that
# is to be protected, before the lines that are there already, and postern-proxy.conf in the place of proxy.conf:
#
#     location / {
#         include /config/nginx/${file};
#         include /config/nginx/postern-proxy.conf;
#         include /config/nginx/resolver.conf;
#         set $upstream_app grist;
#         …
#
# Before it, optionally:
#
${locationVariables}`,
    renderLocationRules(options, gateName),
  );
}

/** `postern-proxy.conf` of SWAG: what its proxy.conf does, but for what would tell the application a token. */
export function renderSwagProxyFile(): string {
  return `${version}
# Postern for LinuxServer SWAG, part 4 of 4: location context, in the place of SWAG's proxy.conf. Belongs to
# /config/nginx/postern-proxy.conf (without .sample).
#
# The lines are those of proxy.conf, with two differences. X-Forwarded-Uri and X-Original-URL hold no token: there
# they are the client's whole URI. And Upgrade is WebSocket or nothing.

client_body_buffer_size 128k;
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
proxy_set_header Connection $postern_connection;
proxy_set_header Early-Data $ssl_early_data;
proxy_set_header Host $host;
proxy_set_header Upgrade $postern_upgrade;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Method $request_method;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Server $host;
proxy_set_header X-Forwarded-Ssl on;
proxy_set_header X-Forwarded-Uri $postern_return;
proxy_set_header X-Original-Method $request_method;
proxy_set_header X-Original-URL $scheme://$host$postern_port$postern_return;
proxy_set_header X-Real-IP $remote_addr;
`;
}

/** What stands in http context: tokens out of the log, and what else the other files need there. */
export function renderSwagHttpFile(options: BundleOptions, reach: SwagReach): string {
  return joinParts(
    `
${version}
# Postern for LinuxServer SWAG, part 1 of 4: http context. Belongs to /config/nginx/${swagHttpFile}
# (without .sample), where it is read before the server blocks. The other parts need it.`,
    reach === 'keepalive' ? renderUpstream(options.gate) : '',
    options.cache && renderCacheZone(options.cache, containerCachePath),
    upgradeMaps,
    renderMasks(options.queryNames),
  );
}

function renderUpstream(gate: ListenAddress): string {
  const server = gate.kind === 'unix' ? `unix:${gate.path}` : `${gate.host}:${gate.port} resolve`;
  return `
# Connections to Postern that are kept open. nginx asks Docker's name server (resolver.conf) for the
# container's address, again and again, and starts without one: nginx 1.27.3 or newer.
upstream postern_gate {
    zone postern_gate 64k;
    server ${server};
    keepalive 32;
}`;
}

function reachComment(gate: ListenAddress): string {
  if (gate.kind === 'unix') {
    return `# Needs Postern's socket, ${gate.path}, on a volume that both containers have.`;
  }
  return `# Needs a container named ${gate.host} on the same Docker network, with POSTERN_GATE_LISTEN=0.0.0.0:${gate.port}
# and POSTERN_GATE_TRUSTED_PROXIES covering SWAG's address (the image sets both).`;
}

/** The location of an application that is called app, with SWAG's own lines. */
const sampleRules = `
set $postern_login "/.postern/login?rd=";
include /config/nginx/postern-location.conf;

include /config/nginx/postern-proxy.conf;
include /config/nginx/resolver.conf;
set $upstream_app app;
set $upstream_port 8080;
set $upstream_proto http;
proxy_pass $upstream_proto://$upstream_app:$upstream_port;`.trim();

/** An example of a proxy-conf: an application with a host of its own. */
export function renderSwagSubdomain(): string {
  return `${version}
# An application behind Postern at a host of its own. Copy it to app.subdomain.conf, and write the
# names of your host, container and port for "app" and 8080.

server {
    listen 443 ssl;
    listen [::]:443 ssl;

    server_name app.*;

    include /config/nginx/ssl.conf;

    client_max_body_size 0;

    include /config/nginx/postern-server.conf;

    location / {
${indent(sampleRules, 8)}
    }
}
`;
}

/** An example of a proxy-conf: an application in a folder of a host. */
export function renderSwagSubfolder(): string {
  return `${version}
# An application behind Postern in a folder of a host. Copy it to app.subfolder.conf, and write the
# names of your folder, container and port for "app" and 8080. The server block that reads the
# subfolder files, in /config/nginx/site-confs/default.conf, needs one line more:
#
#     include /config/nginx/postern-server.conf;

location = /app {
    return 301 $scheme://$host$postern_port/app/;
}

location ^~ /app/ {
${indent(sampleRules)}
    # For an application that knows nothing of its folder. proxy_pass has variables, so the path is
    # not for it to change; this does.
    #rewrite ^/app/(.*)$ /$1 break;
}
`;
}
