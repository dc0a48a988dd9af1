import { renderListenAddress } from '../../config/listen-address.ts';
import { secretPattern } from '../../lib/mask.ts';
import type { BundleOptions } from './bundle-options.ts';
import { defaultCachePath, renderCacheZone } from './cache.ts';
import { looseNamePattern } from './parameter-patterns.ts';
import { cookieMaps, giveCookies } from './renewed-cookies.ts';
import { joinParts } from './text.ts';

/** `postern-http.conf`. */
export function renderHttpFile(options: BundleOptions): string {
  return joinParts(
    `
# Postern for nginx, part 1 of 4: http context.
#
# Include this once, inside http { … }. If Postern listens elsewhere, change the server line of the
# upstream; the other files use its name.
#
#   http {
#       include /etc/nginx/postern/postern-http.conf;
#       …
#
# To keep tokens out of the access log:  access_log /var/log/nginx/access.log postern_masked;`,
    `
upstream postern_gate {
    server ${renderListenAddress(options.gate)};
    # Idle connections per worker, so that subrequests reuse connections.
    keepalive 32;
}`,
    options.cache && renderCacheZone(options.cache, defaultCachePath),
    renderBackendMaps('$host$postern_port'),
    cookieMaps,
    `
# To the client. A server or location with an add_header of its own drops these lines: there, include
# postern-cookies.conf beside it.
${giveCookies}`,
    renderLogMasks(options.queryNames),
  );
}

/** Maps for `postern-proxy.conf` and the subrequest. `backendHost` is the default `Host` for the backend. */
export function renderBackendMaps(backendHost: string): string {
  return `
# Upgrade and Connection for the backend (postern-proxy.conf): WebSocket only. Other protocols would
# bypass the checks; h2c, for example, opens a tunnel.
map $http_upgrade $postern_upgrade {
    default         "";
    ~*^websocket$   websocket;
}
map $http_upgrade $postern_connection {
    default         "";
    ~*^websocket$   upgrade;
}

# The port that the client sent. $host has none, and backends that check Origin need it.
map $http_host $postern_port {
    default                         "";
    "~(?<postern_port_found>:\\d+)$" $postern_port_found;
}

# Host for the backend (postern-proxy.conf). For an application that accepts only another one, the location
# says: set $postern_host "localhost";
map "" $postern_host {
    default ${backendHost};
}`;
}

/** Maps and log format that keep tokens out of an access log. */
export function renderLogMasks(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return `
# Masks for the access log: the request line and the Referer without anything that looks like a token,
# and without the value of ${quoted}: in any case, percent-encoded or not, after ? & or ;, and as an array.
# After a second match the rest is masked. In a log_format of your own use $postern_request,
# $postern_referer and $postern_remote_user instead of $request, $http_referer and $remote_user.
${renderMaskMaps(names, '$request', '$postern_request', 'postern_r')}
${renderMaskMaps(names, '$http_referer', '$postern_referer', 'postern_f')}
${renderMaskMaps([], '$remote_user', '$postern_remote_user', 'postern_u')}

# The "combined" format with tokens masked.
log_format postern_masked '$remote_addr - $postern_remote_user [$time_local] "$postern_request" '
                          '$status $body_bytes_sent "$postern_referer" "$http_user_agent"';`;
}

/**
 * Pattern of a parameter value: it ends at the next parameter. nginx accepts patterns of up to 4096
 * bytes.
 */
const valuePattern = '(?:(?!%(?:25)*26)[^& ])*';

/** Pattern in front of a value: a delimiter, the name, an optional index `[…]`, and `=`. */
function parameterStartPattern(name: string): string {
  const before = '(?:[?&;#]|%(?:25)*(?:3f|26|3b|23))';
  const index = '(?:(?:\\[|%(?:25)*5b)[^=&; ]*)?';
  return `${before}${looseNamePattern(name)}${index}(?:=|%(?:25)*3d)`;
}

/** Characters that are searched and logged; matching time grows with the square of the length. */
const maxLoggedLength = 1_024;

/**
 * A chain of maps: one truncates, one masks everything that looks like a token, and one per name
 * masks its value. Each reads the output of the one before. When a regular expression hits its
 * limit nginx uses the default, so the default hides everything. Atomic groups `(?>…)` prevent
 * backtracking.
 */
function renderMaskMaps(
  names: readonly string[],
  from: string,
  to: string,
  prefix: string,
): string {
  const last = names.length + 1;
  const variable = (index: number) => (index === last ? to : `${to}_${index}`);
  const truncated = `${prefix}0`;
  const render = (index: number, kept: string, secret: string) => {
    const source = variable(index - 1);
    // nginx allows a group name only once.
    const group = (letter: string) => `${prefix}${index}${letter}`;
    const first = kept === '' ? secret : kept;
    const rest = kept === '' ? '' : `(?>${secret})`;
    const shown = (letter: string) => (kept === '' ? '***' : `$${group(letter)}***`);
    return `map ${source} ${variable(index)} {
    default "***";
    "~*^(?<${group('a')}>.*?)(?<${group('b')}>(?>${first}))${rest}.*?(?&${group('b')})" "$${group('a')}${shown('b')}";
    "~*^(?<${group('d')}>.*?)(?<${group('e')}>(?>${first}))${rest}(?<${group('f')}>.*)$" "$${group('d')}${shown('e')}$${group('f')}";
    "~^" ${source};
}`;
  };
  return [
    `map ${from} ${variable(0)} {
    default "***";
    "~^(?<${truncated}>.{${maxLoggedLength}})." "$${truncated}...";
    "~^" ${from};
}`,
    render(1, '', secretPattern),
    ...names.map((name, index) => render(index + 2, parameterStartPattern(name), valuePattern)),
  ].join('\n');
}
