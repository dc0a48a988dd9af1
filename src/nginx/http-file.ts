import { renderListenAddress } from '../config/listen-address.ts';
import { renderCacheZone, usualCachePath } from './cache.ts';
import type { KitOptions } from './kit-options.ts';
import { namePattern } from './parameter-patterns.ts';
import { joinParts } from './text.ts';

/** `postern-http.conf`. */
export function renderHttpFile(options: KitOptions): string {
  return joinParts(
    `
# Postern for nginx, part 1 of 4: http context.
#
# Include this once, inside http { … }. Where Postern listens elsewhere, change the server line of
# the upstream; everything else refers to it by name.
#
#   http {
#       include /etc/nginx/postern/postern-http.conf;
#       …
#
# To keep tokens out of the access log:  access_log /var/log/nginx/access.log postern_masked;`,
    `
upstream postern_gate {
    server ${renderListenAddress(options.gate)};
    # Idle connections that each worker keeps: the subrequest costs no connection of its own.
    keepalive 32;
}`,
    options.cache && renderCacheZone(options.cache, usualCachePath),
    upgradeMaps,
    renderMasks(options.queryNames),
  );
}

/** The maps that `postern-proxy.conf` and the question to Postern need. */
export const upgradeMaps = `
# What postern-proxy.conf sends to the backend as Upgrade and Connection: WebSocket and nothing else,
# whatever the client asked for (h2c, for one, would open a tunnel past every check).
map $http_upgrade $postern_upgrade {
    default         "";
    ~*^websocket$   websocket;
}
map $http_upgrade $postern_connection {
    default         "";
    ~*^websocket$   upgrade;
}

# The port as the client wrote it. $host has none, and backends that check Origin miss it.
map $http_host $postern_port {
    default                         "";
    "~(?<postern_port_found>:\\d+)$" $postern_port_found;
}`;

/** The maps and the log format that keep tokens out of an access log. */
export function renderMasks(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return `
# The request line and the Referer without the value of ${quoted}, wherever it stands in the query and
# however its name is percent-encoded. A query that holds it twice is masked whole. In a log_format of
# your own use $postern_request and $postern_referer in the place of $request and $http_referer.
${renderMaskMaps(names, '$request', '$postern_request', 'postern_r', ' ')}
${renderMaskMaps(names, '$http_referer', '$postern_referer', 'postern_f', '#')}

# The "combined" format with tokens masked.
log_format postern_masked '$remote_addr - $remote_user [$time_local] "$postern_request" '
                          '$status $body_bytes_sent "$postern_referer" "$http_user_agent"';`;
}

/**
 * A map for each name, each made of the one before: nginx takes at most 4096 bytes of pattern. `end`
 * is the character that ends a query.
 */
function renderMaskMaps(
  names: readonly string[],
  from: string,
  to: string,
  prefix: string,
  end: ' ' | '#',
): string {
  const step = (index: number) => (index === names.length - 1 ? to : `${to}_${index + 1}`);
  const maps = names.map((name, index) => {
    const source = index === 0 ? from : step(index - 1);
    const pattern = namePattern(name);
    // nginx gives a name to one group only, so each has one of its own.
    const group = (letter: string) => `${prefix}${index + 1}${letter}`;
    // A Referer has nothing behind its query but a fragment, which is searched too.
    const any = end === ' ' ? '[^ ]*' : '.*';
    const rest = `(?<${group('d')}>.*)`;
    return `map ${source} ${step(index)} {
    default ${source};
    "~^(?<${group('a')}>[^?]*\\?)(?:${any}&)?${pattern}=${any}&${pattern}=${any}(?<${group('b')}>.*)$" "$${group('a')}***$${group('b')}";
    "~^(?<${group('c')}>[^?]*\\?(?:${any}&)?)${pattern}=[^&${end}]*${rest}$" "\${${group('c')}}${name}=***$${group('d')}";
}`;
  });
  return maps.join('\n');
}
