import { renderListenAddress } from '../../config/listen-address.ts';
import { secretPattern } from '../../lib/mask.ts';
import type { BundleOptions } from './bundle-options.ts';
import { renderCacheZone, usualCachePath } from './cache.ts';
import { looseNamePattern } from './parameter-patterns.ts';
import { joinParts } from './text.ts';

/** `postern-http.conf`. */
export function renderHttpFile(options: BundleOptions): string {
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
# The request line and the Referer without what has the form of a token, and without the value of ${quoted},
# in capitals or not, however it is percent-encoded, behind a ? & or ; and as an array too. What follows a
# second one is masked whole. In a log_format of your own use $postern_request, $postern_referer and
# $postern_remote_user in the place of $request, $http_referer and $remote_user.
${renderMaskMaps(names, '$request', '$postern_request', 'postern_r')}
${renderMaskMaps(names, '$http_referer', '$postern_referer', 'postern_f')}
${renderMaskMaps([], '$remote_user', '$postern_remote_user', 'postern_u')}

# The "combined" format with tokens masked.
log_format postern_masked '$remote_addr - $postern_remote_user [$time_local] "$postern_request" '
                          '$status $body_bytes_sent "$postern_referer" "$http_user_agent"';`;
}

/** What may be a value: it ends where the next parameter begins. nginx takes at most 4096 bytes of pattern. */
const value = '(?:(?!%(?:25)*26)[^& ])*';

/** What stands before such a value: the end of what was there before, the name, perhaps `[]`, and `=`. */
function beginPattern(name: string): string {
  const before = '(?:[?&;#]|%(?:25)*(?:3f|26|3b|23))';
  const index = '(?:(?:\\[|%(?:25)*5b)[^=&; ]*)?';
  return `${before}${looseNamePattern(name)}${index}(?:=|%(?:25)*3d)`;
}

/** Longest text that is searched, and logged: what takes time grows with its square. */
const longestLogged = 1_024;

/**
 * A map that cuts the text, one for what has the form of a token and one for each name, each made of the one
 * before. nginx takes the default where an expression gives up, so that hides everything. What was matched is
 * never matched anew in another way: `(?>…)`.
 */
function renderMaskMaps(
  names: readonly string[],
  from: string,
  to: string,
  prefix: string,
): string {
  const last = names.length + 1;
  const variable = (index: number) => (index === last ? to : `${to}_${index}`);
  const cut = `${prefix}0`;
  const render = (index: number, kept: string, secret: string) => {
    const source = variable(index - 1);
    // nginx gives a name to one group only, so each has one of its own.
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
    "~^(?<${cut}>.{${longestLogged}})." "$${cut}...";
    "~^" ${from};
}`,
    render(1, '', secretPattern),
    ...names.map((name, index) => render(index + 2, beginPattern(name), value)),
  ].join('\n');
}
