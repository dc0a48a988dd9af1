import type { ListenAddress } from '../../config/listen-address.ts';
import { authUri } from '../../core/gate/auth-uri.ts';
import type { BundleOptions } from './bundle-options.ts';
import { cacheRules } from './cache.ts';
import { refusalLocations } from './refusal-locations.ts';
import { renderSubrequestHeaders } from './subrequest-headers.ts';
import { indent, joinParts } from './text.ts';

/** How a location reaches Postern. */
export interface Reach {
  /** Lines before `proxy_pass`. */
  readonly lines: string;
  /** Address without a path, as `proxy_pass` has it. */
  readonly address: string;
  /** What stands between address and path, for a Unix socket. */
  readonly separator: '' | ':';
}

/** Through the upstream of `postern-http.conf`. */
export const throughUpstream: Reach = { lines: '', address: 'http://postern_gate', separator: '' };

/** What differs from one flavour to another in a server block. */
interface ServerOptions {
  readonly variables?: string;
  /** What stands above the auth location. */
  readonly warning?: string;
  /** The access log, without tokens, of this server block. */
  readonly log?: string;
}

/** The lines of a server block with protected locations. */
export function renderServerRules(
  options: Pick<BundleOptions, 'cache' | 'headers'>,
  reach: Reach,
  { variables = '', warning = usualWarning, log = '' }: ServerOptions = {},
): string {
  return joinParts(
    guard,
    headerRoom,
    `${serverVariables}${variables}`,
    log &&
      `\n# Without tokens, in the place of the log that this server block would inherit.\n${log}`,
    renderAuthLocation(options, reach, warning),
    renderPublicLocation(reach),
    ...refusalLocations,
  );
}

/** In the server block, since SWAG's proxy.conf says the same in its locations. */
const headerRoom = `
# Room for all headers that the files set or clear, long names among them.
proxy_headers_hash_bucket_size 128;`;

const guard = `
# The rewrite directives of a server block run for the subrequest too, in the order in which they stand.
# A rewrite or a return of yours before this line would answer it, and a 2xx of theirs lets everybody in.
if ($uri ~ "^${authUri.replaceAll('.', '\\.')}(?:/|$)") {
    break;
}`;

const serverVariables = `
# Locations set these; here they only come into being.
uninitialized_variable_warn off;
set $postern_gate $postern_gate;
set $postern_location_uri $postern_location_uri;
set $postern_login $postern_login;
set $postern_gate_login $postern_gate_login;
set $postern_return $postern_return;
set $postern_return_to $postern_return_to;
set $postern_status $postern_status;
set $postern_retry_after $postern_retry_after;`;

/** The port for where `postern-http.conf` and its map are not. */
export const portVariable = `
# The port as the client wrote it, for a login that leads back; $host has none.
set $postern_port "";
if ($http_host ~ "(?<postern_port_found>:\\d+)$") {
    set $postern_port $postern_port_found;
}`;

/** Through a name that is looked up when a request needs it, by a resolver of the surroundings. */
export function throughName(gate: ListenAddress, lines = ''): Reach {
  if (gate.kind === 'unix') {
    return { lines: '', address: `http://unix:${gate.path}`, separator: ':' };
  }
  const host = gate.host.includes(':') ? `[${gate.host}]` : gate.host;
  return {
    lines: `${lines}set $upstream_postern ${host};`,
    address: `http://$upstream_postern:${gate.port}`,
    separator: '',
  };
}

const usualWarning = `
# nginx's question to Postern. Nothing of the client's request reaches it but what stands here, so no
# header that a client makes up can pass for one of nginx's.`.trim();

function renderPass({ lines, address, separator }: Reach, path: string): string {
  const target = path === '' ? address : `${address}${separator}${path}`;
  return `${lines === '' ? '' : `${lines}\n`}proxy_pass ${target};
proxy_http_version 1.1;`;
}

/** Headers of an answer that nginx reads, and that no client is to see. */
const answerHeaders = [
  ...['X-Postern-Assertion', 'X-Postern-Authorization', 'X-Postern-Subprotocols'],
  ...['X-Postern-Subprotocol', 'X-Postern-Login', 'X-Postern-Return', 'X-Postern-Status'],
  ...['X-Postern-Reason', 'X-Postern-Request-Id'],
] as const;

function renderHiddenHeaders(headers: readonly string[]): string {
  return [...headers, ...answerHeaders].map((name) => `proxy_hide_header ${name};`).join('\n');
}

function renderAuthLocation(
  options: Pick<BundleOptions, 'cache' | 'headers'>,
  reach: Reach,
  warning: string,
): string {
  const { cache } = options;
  const size = cache === undefined ? 16 : 64;
  const room =
    cache === undefined
      ? '# Room for identity headers; small defaults elsewhere in the configuration do not apply here.'
      : '# Room for identity headers, and for the key of a kept answer beside them.';
  return `${warning}
location ^~ ${authUri} {
    internal;
    auth_request off;
    access_log off;
    # A name, or a path that a rewrite of yours led here, is no place to end a line in: what follows would be
    # another question.
    if ($postern_gate ~ "[^a-z0-9_-]") {
        return 403;
    }
    if ($uri !~ "^${authUri.replaceAll('.', '\\.')}(?:/[a-z0-9_-]+)?\\z") {
        return 403;
    }
    # What is meant for nginx alone is nobody else's, should a rewrite of yours lead a client here.
${indent(renderHiddenHeaders(options.headers))}

    # Settings of the server block and of http do not count here: the answer is Postern's, or none. An error of
    # nginx's own stays an error; error pages of the server would answer in its place.
    error_page 599 /;
    proxy_intercept_errors off;
    proxy_bind off;
    proxy_store off;
    # A connection that Postern has just closed is no denial: nginx takes another.
    proxy_next_upstream error timeout;

${indent(renderPass(reach, '/auth'))}
    proxy_method GET;
    # Nothing of a body, whatever stands around here: what follows a head without a length is another request.
    proxy_pass_request_body off;
    proxy_set_body "";
    client_max_body_size 0;
    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header Content-Length "";
${indent(renderSubrequestHeaders('auth'))}

    # Whoever waits for an answer longer than this is told 503.
    # Connecting gets longer: where thousands reconnect at once, some wait for the kernel to try again.
    proxy_connect_timeout 4s;
    proxy_send_timeout 2s;
    proxy_read_timeout 3s;
    ${room}
    proxy_buffer_size ${size}k;
    proxy_buffers 4 ${size}k;
    proxy_busy_buffers_size ${2 * size}k;
    proxy_temp_file_write_size ${2 * size}k;
    proxy_max_temp_file_size 0;
${indent(cache === undefined ? 'proxy_cache off;' : `\n${cacheRules}`)}
}`;
}

function renderPublicLocation(reach: Reach): string {
  return `
# Sign in, sign out, "who am I", and a page to sign in with: what Postern has for browsers.
location ^~ /.postern/ {
    auth_request off;
${indent(renderPass(reach, ''))}
    # Requests and answers pass unchanged: settings for backends around this file do not count here.
    error_page 599 /;
    proxy_intercept_errors off;
    proxy_bind off;
    proxy_store off;
    proxy_cache off;
    proxy_next_upstream error timeout;
    proxy_redirect off;
    proxy_cookie_domain off;
    proxy_cookie_path off;
    # nginx forgets an inherited list where there is one. Nothing has this header.
    proxy_hide_header X-Postern-None;
    expires off;
    ssi off;
    # What people sign in with goes to Postern and nowhere else.
    mirror off;
    client_max_body_size 16k;
    client_body_buffer_size 32k;
    client_body_in_file_only off;
    proxy_method $request_method;
    proxy_pass_request_body on;
    proxy_set_body $request_body;
    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header Content-Type $content_type;
${indent(renderSubrequestHeaders('sign-in'))}
    proxy_connect_timeout 2s;
    proxy_read_timeout 10s;
    proxy_buffer_size 16k;
    proxy_buffers 4 16k;
    proxy_busy_buffers_size 32k;
    proxy_temp_file_write_size 32k;
    proxy_max_temp_file_size 0;
}`;
}

/** `postern-server.conf`. */
export function renderServerFile(options: BundleOptions): string {
  return joinParts(
    `
# Postern for nginx, part 2 of 4: server context.
#
# Include this in every server { … } that has a protected location, before any rewrite, if, return or
# set of the server block.`,
    renderServerRules(options, throughUpstream),
  );
}
