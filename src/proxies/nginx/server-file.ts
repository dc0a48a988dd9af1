import { authUri } from '../../core/gate/auth-uri.ts';
import { setCookieHeaders } from '../../core/gate/set-cookie-headers.ts';
import type { BundleOptions } from './bundle-options.ts';
import { renderCacheDirectives } from './cache.ts';
import { denialLocations } from './denial-locations.ts';
import { type ProxyTarget, upstreamTarget } from './proxy-target.ts';
import { cookieDefaults, giveCookies } from './renewed-cookies.ts';
import { renderSubrequestHeaders } from './subrequest-headers.ts';
import { indent, joinParts } from './text.ts';

/** What the directives of a server block depend on. */
type ServerBundleOptions = Pick<BundleOptions, 'cache' | 'headers' | 'sources'>;

/** Parts that differ by flavour. */
interface ServerOptions {
  readonly variables?: string;
  /** The comment above the auth location. */
  readonly authComment?: string;
  /** The access log of this server block. */
  readonly log?: string;
  /** Whether renewed cookies are sent to the client from here, not from the http context. */
  readonly givesCookies?: boolean;
}

/** The directives of a server block with protected locations. */
export function renderServerRules(
  options: ServerBundleOptions,
  target: ProxyTarget,
  {
    variables = '',
    authComment = defaultAuthComment,
    log = '',
    givesCookies = false,
  }: ServerOptions = {},
): string {
  return joinParts(
    rewriteGuard,
    headersHashSize,
    `${serverVariables}${givesCookies ? cookieDefaults : ''}${variables}`,
    log && `\n# Access log without tokens, instead of the inherited one.\n${log}`,
    givesCookies ? cookieLines : '',
    renderAuthLocation(options, target, authComment),
    renderPublicLocation(options, target),
    ...denialLocations,
  );
}

/** In the server block, since SWAG's proxy.conf sets it in its locations. */
const headersHashSize = `
# Large enough for all headers that these files set, long names included.
proxy_headers_hash_bucket_size 128;`;

/** Beside the add_header lines of the server block, which stay in force. */
const cookieLines = `
# Cookies that the gate's sign-on service renews (bridge), to the client, beside the add_header lines of this
# server block. nginx forgets those of the http block then: repeat them here. A location with an add_header
# of its own forgets these: repeat them there.
${giveCookies}`;

const rewriteGuard = `
# The rewrite directives of a server block also run for the subrequest, in their order. A rewrite or
# return before this line would answer the subrequest, and a 2xx of theirs lets everyone in.
if ($uri ~ "^${authUri.replaceAll('.', '\\.')}(?:/|$)") {
    break;
}`;

const serverVariables = `
# Locations set these variables; here they are only defined.
uninitialized_variable_warn off;
set $postern_gate $postern_gate;
set $postern_location_uri $postern_location_uri;
set $postern_login $postern_login;
set $postern_gate_login $postern_gate_login;
set $postern_return $postern_return;
set $postern_return_to $postern_return_to;
set $postern_status $postern_status;
set $postern_error_pages $postern_error_pages;
set $postern_retry_after $postern_retry_after;`;

/** Defines the port variable where `postern-http.conf` is not included. */
export const portVariable = `
# The port that the client sent, for the return address after a login; $host has none.
set $postern_port "";
if ($http_host ~ "(?<postern_port_found>:\\d+)$") {
    set $postern_port $postern_port_found;
}`;

const defaultAuthComment = `
# The subrequest to Postern. It contains only the headers below, so that a client cannot forge a header
# of nginx.`.trim();

function renderPass({ lines, address, separator }: ProxyTarget, path: string): string {
  const url = path === '' ? address : `${address}${separator}${path}`;
  return `${lines === '' ? '' : `${lines}\n`}proxy_pass ${url};
proxy_http_version 1.1;`;
}

/** Response headers for nginx only, hidden from clients. */
const internalHeaders = [
  ...['X-Postern-Assertion', 'X-Postern-Expires-At', 'X-Postern-Authorization'],
  'X-Postern-Subprotocols',
  ...['X-Postern-Subprotocol', 'X-Postern-Login', 'X-Postern-Return', 'X-Postern-Status'],
  ...['X-Postern-Reason', 'X-Postern-Request-Id'],
  ...setCookieHeaders,
] as const;

function renderHiddenHeaders(headers: readonly string[]): string {
  return [...headers, ...internalHeaders].map((name) => `proxy_hide_header ${name};`).join('\n');
}

function renderAuthLocation(
  options: ServerBundleOptions,
  target: ProxyTarget,
  authComment: string,
): string {
  const { cache } = options;
  const size = cache === undefined ? 16 : 64;
  const bufferComment =
    cache === undefined
      ? '# Large enough for identity headers, whatever the rest of the configuration sets.'
      : '# Large enough for identity headers and for the cache key.';
  return `${authComment}
location ^~ ${authUri} {
    internal;
    auth_request off;
    access_log off;
    # No line breaks in the gate name, or in a path that a rewrite led here: they would add headers to the
    # subrequest, or a second request.
    if ($postern_gate ~ "[^a-z0-9_-]") {
        return 403;
    }
    if ($uri !~ "^${authUri.replaceAll('.', '\\.')}(?:/[a-z0-9_-]+)?\\z") {
        return 403;
    }
    # Headers for nginx only, hidden in case a rewrite leads a client here.
${indent(renderHiddenHeaders(options.headers))}

    # Overrides inherited settings: only Postern may answer. An error of nginx must stay an error, and not
    # run an error page of the server.
    error_page 599 /;
    proxy_intercept_errors off;
    proxy_bind off;
    proxy_store off;
    # If Postern has just closed the connection, nginx retries on another.
    proxy_next_upstream error timeout;

${indent(renderPass(target, '/auth'))}
    proxy_method GET;
    # No body, whatever is inherited: bytes after headers without a length would be a second request.
    proxy_pass_request_body off;
    proxy_set_body "";
    client_max_body_size 0;
    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header Content-Length "";
${indent(renderSubrequestHeaders('auth', options.sources))}

    # After these times the client gets 503. Connecting may take longer: when thousands reconnect at once,
    # some connections wait for a retransmission.
    proxy_connect_timeout 4s;
    proxy_send_timeout 2s;
    proxy_read_timeout 3s;
    ${bufferComment}
    proxy_buffer_size ${size}k;
    proxy_buffers 4 ${size}k;
    proxy_busy_buffers_size ${2 * size}k;
    proxy_temp_file_write_size ${2 * size}k;
    proxy_max_temp_file_size 0;
${indent(cache === undefined ? 'proxy_cache off;' : `\n${renderCacheDirectives(options.sources)}`)}
}`;
}

function renderPublicLocation({ sources }: ServerBundleOptions, target: ProxyTarget): string {
  return `
# Postern's endpoints for browsers: sign in, sign out, "who am I", and the login page.
location ^~ /.postern/ {
    auth_request off;
${indent(renderPass(target, ''))}
    # Overrides inherited settings: requests and responses pass unchanged.
    error_page 599 /;
    proxy_intercept_errors off;
    proxy_bind off;
    proxy_store off;
    proxy_cache off;
    proxy_next_upstream error timeout;
    proxy_redirect off;
    proxy_cookie_domain off;
    proxy_cookie_path off;
    # Resets the inherited list; no response has this header.
    proxy_hide_header X-Postern-None;
    expires off;
    ssi off;
    # Credentials go to Postern only.
    mirror off;
    client_max_body_size 32k;
    client_body_buffer_size 32k;
    client_body_in_file_only off;
    proxy_method $request_method;
    proxy_pass_request_body on;
    proxy_set_body $request_body;
    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header Content-Type $content_type;
${indent(renderSubrequestHeaders('sign-in', sources))}
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
# Include this in every server { … } with a protected location, before any rewrite, if, return or set of
# the server block.`,
    renderServerRules(options, upstreamTarget),
  );
}
