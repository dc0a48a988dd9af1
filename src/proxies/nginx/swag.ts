import type { ListenAddress } from '../../config/listen-address.ts';
import type { BundleOptions } from './bundle-options.ts';
import { containerCachePath, renderCacheZone } from './cache.ts';
import { renderBackendMaps, renderLogMasks } from './http-file.ts';
import { optionalVariables, renderLocationRules } from './location-file.ts';
import { hostnameTarget, upstreamTarget } from './proxy-target.ts';
import { renderServerRules } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** Date of the last change that SWAG users should adopt: SWAG compares these lines. */
const version = '## Version 2026/11/28';

/**
 * How nginx finds Postern: by resolving its name for each request, or through an upstream with
 * keepalive.
 */
export type SwagTarget = 'resolver' | 'keepalive';

/** SWAG includes this file in the http context, before any server block. */
export const swagHttpFile = 'site-confs/00-postern.conf';

/** SWAG's access log, with tokens masked. */
const swagLog = 'access_log /config/log/nginx/access.log postern_masked;';

/** `postern-server.conf` of SWAG. */
export function renderSwagServerFile(options: BundleOptions, target: SwagTarget): string {
  const proxyTarget =
    target === 'keepalive'
      ? upstreamTarget
      : hostnameTarget(options.gate, 'include /config/nginx/resolver.conf;\n');
  return joinParts(
    `
${version}
# Postern for LinuxServer SWAG, part 2 of 4: server context.
# Save it as /config/nginx/postern-server.conf (without .sample). Include it in every server block with a
# protected location, before any rewrite, if, return or set of that block:
#
#     include /config/nginx/postern-server.conf;
#
${requirementsComment(options.gate)}
# Needs /config/nginx/${swagHttpFile} too.`,
    renderServerRules(options, proxyTarget, {
      log: swagLog,
      givesCookies: true,
      authComment: `
# The subrequest to Postern. Do not include proxy.conf here: the subrequest must contain only the headers
# below, so that a client cannot forge a header of nginx.`.trim(),
    }),
  );
}

/** `postern-location.conf` of SWAG, or the location file of a named gate. */
export function renderSwagLocationFile(options: BundleOptions, gateName?: string): string {
  const file = gateName === undefined ? 'postern-location.conf' : `postern-gates/${gateName}.conf`;
  const intro =
    gateName === undefined
      ? `# Postern for LinuxServer SWAG, part 3 of 4: location context. The gate is found by host and path; to
# name a gate, use postern-gates/NAME.conf instead.`
      : `# Postern for LinuxServer SWAG: instead of postern-location.conf, for the gate "${gateName}" regardless of
# host and path.`;
  return joinParts(
    `
${version}
${intro}
# Save it as /config/nginx/${file} (without .sample). Include it in every protected
# location, before the existing lines, and postern-proxy.conf instead of proxy.conf:
#
#     location / {
#         include /config/nginx/${file};
#         include /config/nginx/postern-proxy.conf;
#         include /config/nginx/resolver.conf;
#         set $upstream_app grist;
#         …
#
# Optionally, before it:
#
${optionalVariables}`,
    renderLocationRules(options, gateName),
  );
}

/**
 * `postern-proxy.conf` of SWAG: its proxy.conf, without the lines that send the token to the
 * application.
 */
export function renderSwagProxyFile(): string {
  return `${version}
# Postern for LinuxServer SWAG, part 4 of 4: location context, instead of SWAG's proxy.conf. Save it as
# /config/nginx/postern-proxy.conf (without .sample).
#
# The lines of proxy.conf, with two differences: X-Forwarded-Uri and X-Original-URL have no token, and
# Upgrade is "websocket" or not sent.

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
proxy_set_header Host $postern_host;
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

/** The file for the http context: log masks and maps, and the cache. */
export function renderSwagHttpFile(options: BundleOptions, target: SwagTarget): string {
  return joinParts(
    `
${version}
# Postern for LinuxServer SWAG, part 1 of 4: http context. Save it as
# /config/nginx/${swagHttpFile} (without .sample), which nginx reads before the server blocks.
# The other parts need it.`,
    target === 'keepalive' ? renderUpstream(options.gate) : '',
    options.cache && renderCacheZone(options.cache, containerCachePath),
    renderBackendMaps('$host'),
    renderLogMasks(options.queryNames),
  );
}

function renderUpstream(gate: ListenAddress): string {
  const server = gate.kind === 'unix' ? `unix:${gate.path}` : `${gate.host}:${gate.port} resolve`;
  return `
# Keepalive connections to Postern. nginx resolves the container's name at run time (resolver.conf), and
# starts even while it does not resolve. Needs nginx 1.27.3 or newer.
upstream postern_gate {
    zone postern_gate 64k;
    server ${server};
    keepalive 32;
}`;
}

function requirementsComment(gate: ListenAddress): string {
  if (gate.kind === 'unix') {
    return `# Needs Postern's socket, ${gate.path}, on a volume shared by both containers.`;
  }
  return `# Needs a container named ${gate.host} on the same Docker network, with POSTERN_GATE_LISTEN=0.0.0.0:${gate.port}
# and POSTERN_GATE_TRUSTED_PROXIES covering SWAG's address (the image sets both).`;
}

/** The location of an application called app, in SWAG's style. */
const exampleDirectives = `
set $postern_login "/.postern/login?rd=";
include /config/nginx/postern-location.conf;

include /config/nginx/postern-proxy.conf;
include /config/nginx/resolver.conf;
set $upstream_app app;
set $upstream_port 8080;
set $upstream_proto http;
proxy_pass $upstream_proto://$upstream_app:$upstream_port;`.trim();

/** Example proxy-conf: an application on its own subdomain. */
export function renderSwagSubdomain(): string {
  return `${version}
# An application behind Postern on its own subdomain. Copy it to app.subdomain.conf, and replace "app"
# and 8080 by your host, container and port.

server {
    listen 443 ssl;
    listen [::]:443 ssl;

    server_name app.*;

    include /config/nginx/ssl.conf;

    client_max_body_size 0;

    include /config/nginx/postern-server.conf;

    location / {
${indent(exampleDirectives, 8)}
    }
}
`;
}

/** Example proxy-conf: an application in a subfolder. */
export function renderSwagSubfolder(): string {
  return `${version}
# An application behind Postern in a subfolder. Copy it to app.subfolder.conf, and replace "app" and
# 8080 by your folder, container and port. The server block that includes the subfolder files, in
# /config/nginx/site-confs/default.conf, needs one more line:
#
#     include /config/nginx/postern-server.conf;

location = /app {
    return 301 $scheme://$host$postern_port/app/;
}

location ^~ /app/ {
${indent(exampleDirectives)}
    # For an application that does not know its subfolder: removes it from the path. proxy_pass cannot,
    # since it has variables.
    #rewrite ^/app/(.*)$ /$1 break;
}
`;
}
