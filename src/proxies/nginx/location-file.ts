import { createHash } from 'node:crypto';
import { authUri } from '../../core/gate/auth-uri.ts';
import { markerSubprotocol } from '../../core/gate/subprotocol-form.ts';
import type { BundleOptions } from './bundle-options.ts';
import { renderClearedHeaders } from './cleared-headers.ts';
import { namePattern } from './parameter-patterns.ts';
import { giveCookies, takeCookies } from './renewed-cookies.ts';
import { indent, joinParts } from './text.ts';

/** Variables whose names are older than configurable headers. */
const fixedVariables: ReadonlyMap<string, string> = new Map([
  ['remote-user', '$postern_user'],
  ['remote-email', '$postern_email'],
  ['remote-name', '$postern_name'],
  ['remote-groups', '$postern_groups'],
  ['x-postern-token-id', '$postern_token_id'],
]);

/** The variables that a location may set, as comment lines. */
export const optionalVariables = `
#   set $postern_login "https://login.example.com/";  # login URL for page loads; without it 401
#   set $postern_login "/.postern/login?rd=";         # the same, with Postern's own page
#   set $postern_host "localhost";                    # Host for the backend, instead of the client's
#   set $postern_error_pages on;                      # the server's pages for Postern's 403 and 503`.trim();

/**
 * The directives of a protected location: for the named gate, or for the one that host and path
 * select.
 */
export function renderLocationRules(options: BundleOptions, gateName?: string): string {
  return joinParts(
    `
auth_request ${gateName === undefined ? authUri : `${authUri}/${gateName}`};
error_page 401 = @postern_denied;
error_page 403 = @postern_refused;
error_page 500 = @postern_unavailable;
# These lines replace the server's error pages. Its pages for a backend that is down come back with two more
# lines; recursive_error_pages lets the second error page run.
error_page 502 = @postern_bad_gateway;
error_page 504 = @postern_gateway_timeout;
recursive_error_pages on;`,
    locationUri,
    `
# The login URL of the gate.
auth_request_set $postern_gate_login $upstream_http_x_postern_login;
# The return address after a login: the requested URL without the token, percent-encoded.
auth_request_set $postern_return_to $upstream_http_x_postern_return;

# Statuses that auth_request cannot pass on (425, 429), and Retry-After.
auth_request_set $postern_status $upstream_http_x_postern_status;
auth_request_set $postern_retry_after $upstream_http_retry_after;`,
    takeCookies,
    renderIdentity(options.headers),
    renderClearedHeaders(options, (name) => `proxy_set_header ${name} "";`, {
      own: 'proxy_set_header X-Forwarded-Prefix /app;',
      client: 'proxy_set_header X-HTTP-Method-Override $http_x_http_method_override;',
    }),
    `
# The client's subprotocols without one that carried a token, and Authorization only if the gate passes
# it on (forward_authorization, headers).
auth_request_set $postern_subprotocols $upstream_http_x_postern_subprotocols;
auth_request_set $postern_authorization $upstream_http_x_postern_authorization;
proxy_set_header Sec-WebSocket-Protocol $postern_subprotocols;
proxy_set_header Authorization $postern_authorization;`,
    renderStripping(options, gateName),
    `
# Browsers fail a handshake if none of the offered subprotocols is selected. A page without one of its
# own offers "postern" beside the token, and gets it back. This "if" must be the last one. add_header is
# inside it so that the server's add_header lines stay in force for all other responses.
auth_request_set $postern_subprotocol $upstream_http_x_postern_subprotocol;
if ($http_sec_websocket_protocol ~ "${markerPattern(options.subprotocolMarkers)}") {
    add_header Sec-WebSocket-Protocol $postern_subprotocol always;
${indent(giveCookies)}
}`,
  );
}

/**
 * Matches an offer with a marker. Others than Postern's are matched as a whole, since `bearer` is also part of
 * names with a token. Markers consist of unreserved characters (see parseSubprotocolForm).
 */
function markerPattern(markers: readonly string[]): string {
  return markers
    .map((name) =>
      name === markerSubprotocol ? name : `(?:^|[, ])${name.replaceAll('.', '\\.')}(?:[, ]|$)`,
    )
    .join('|');
}

/**
 * `$uri` is decoded, so it must not carry a line break into a header. No `if` here may match an
 * ordinary request: nginx ignores `try_files` where one did.
 */
const locationUri = `
# The URI that selected this location, after the rewrites of the server block. Postern denies a request if
# it belongs to another gate than the client's URI, and if this line did not run: in limit_except, in a
# nested location without this file, after a break.
set $postern_location_uri $uri;
if ($uri ~ "[\\x00-\\x1F\\x7F]") {
    set $postern_location_uri "unprintable";
}`;

/** A header name in the form of nginx variables. */
function toVariableName(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Characters that fit into nginx's variables hash at its default bucket size. */
const maxNameLength = 30;

/** The variable that holds a backend header's value. */
export function identityVariable(name: string): string {
  const part = toVariableName(name);
  const digest = createHash('sha256').update(part).digest('hex').slice(0, 8);
  const short =
    part.length > maxNameLength ? `${part.slice(0, maxNameLength - 9)}_${digest}` : part;
  return fixedVariables.get(name.toLowerCase()) ?? `$postern_header_${short}`;
}

function renderIdentity(headers: readonly string[]): string {
  const rows = headers.map((name) => {
    const answer = toVariableName(name);
    const variable = identityVariable(name);
    return {
      take: `auth_request_set ${variable} $upstream_http_${answer};`,
      give: `proxy_set_header ${name} ${variable};`,
    };
  });
  return `
# The identity, for the backend. All headers are set, so that none from the client gets through; a
# header with an empty value is not sent.
${rows.map(({ take }) => take).join('\n')}
${rows.map(({ give }) => give).join('\n')}
# The identity as a signed JWT, if the gate is configured for it (assertion).
auth_request_set $postern_assertion $upstream_http_x_postern_assertion;
proxy_set_header X-Postern-Assertion $postern_assertion;
# When the credential expires (RFC 3339), so that the backend can close a socket in time.
auth_request_set $postern_expires_at $upstream_http_x_postern_expires_at;
proxy_set_header X-Postern-Expires-At $postern_expires_at;`;
}

/**
 * A named gate reads tokens from its own parameters alone, so those of other gates belong to the application.
 * Which gate a request belongs to is not known here otherwise: all names are removed. The Referer may be a
 * page of any gate at this host.
 */
function renderStripping(
  { queryNames, gateQueryNames }: BundleOptions,
  gateName: string | undefined,
): string {
  const names = gateQueryNames.get(gateName ?? '') ?? queryNames;
  const patterns = names.map(namePattern);
  const fromArguments = patterns.map((name) => {
    const later = `
if ($args ~ "^(?<postern_before>.*)&${name}=[^&]*(?<postern_after>.*)$") {
    set $args $postern_before$postern_after;
}`;
    return `${later}${later}
if ($args ~ "^${name}=[^&]*&?(?<postern_after>.*)$") {
    set $args $postern_after;
}`;
  });
  const fromReturn = patterns.map((name) => {
    const later = `
if ($postern_return ~ "^(?<postern_before>[^?]*\\?.*)&${name}=[^&]*(?<postern_after>.*)$") {
    set $postern_return $postern_before$postern_after;
}`;
    return `${later}${later}
if ($postern_return ~ "^(?<postern_before>[^?]*\\?)${name}=[^&]*&?(?<postern_after>.*)$") {
    set $postern_return $postern_before$postern_after;
}`;
  });
  const inReferer = queryNames.map(namePattern).map(
    (name) => `
if ($http_referer ~ "[?&]${name}=") {
    set $postern_backend_referer "";
}`,
  );
  return `
# Removes the token from the URI and the Referer that the backend gets; Postern reads it from
# $request_uri. The patterns match percent-encoded parameter names too. The groups are named, since nginx
# would escape $1 again where the path has a percent sign or a plus.
# A parameter may be there twice. The one at the start is removed last, since another may follow it.${fromArguments.join('')}
# The requested URI without the token, for REQUEST_URI and X-Forwarded-Uri.
set $postern_return $request_uri;${fromReturn.join('')}
set $postern_backend_referer $http_referer;${inReferer.join('')}
proxy_set_header Referer $postern_backend_referer;`;
}

/** `postern-location.conf`, or the location file of a named gate. */
export function renderLocationFile(options: BundleOptions, gateName?: string): string {
  const intro =
    gateName === undefined
      ? `# Postern for nginx, part 3 of 4: location context.
#
# Include this in every protected location; the gate is found by host and path. To name a gate, include
# gates/NAME.conf instead. Optionally, before it:`
      : `# Postern for nginx: location context, instead of postern-location.conf, for the gate "${gateName}"
# regardless of host and path. Optionally, before it:`;
  return joinParts(
    `
${intro}
#
${optionalVariables}
#
# Include it in the location itself, not one level up: a location with a proxy_set_header of its own
# inherits none, and clients could then set the identity headers.`,
    renderLocationRules(options, gateName),
  );
}
