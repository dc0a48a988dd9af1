import { createHash } from 'node:crypto';
import { authUri } from '../../core/gate/auth-uri.ts';
import type { BundleOptions } from './bundle-options.ts';
import { renderForeignHeaders } from './foreign-headers.ts';
import { namePattern } from './parameter-patterns.ts';
import { joinParts } from './text.ts';

/** Names of variables that were there before others could be configured. */
const usualVariables: ReadonlyMap<string, string> = new Map([
  ['remote-user', '$postern_user'],
  ['remote-email', '$postern_email'],
  ['remote-name', '$postern_name'],
  ['remote-groups', '$postern_groups'],
  ['x-postern-token-id', '$postern_token_id'],
]);

/** What stands above the lines of the location in a comment: which variables can be set. */
export const locationVariables = `
#   set $postern_login "https://login.example.com/";  # where page loads go; 401 otherwise
#   set $postern_login "/.postern/login?rd=";         # the same, to Postern's own page`.trim();

/** The lines of a protected location: of this gate, or of the one that its host and path say. */
export function renderLocationRules(options: BundleOptions, gateName?: string): string {
  return joinParts(
    `
auth_request ${gateName === undefined ? authUri : `${authUri}/${gateName}`};
error_page 401 = @postern_denied;
error_page 403 = @postern_refused;
error_page 500 = @postern_unavailable;`,
    locationUri,
    `
# Where a page load may sign in, by the rules of the gate.
auth_request_set $postern_gate_login $upstream_http_x_postern_login;
# Where that may lead back to: what was asked for without a token, percent-encoded.
auth_request_set $postern_return_to $upstream_http_x_postern_return;

# What nginx lets no auth service say itself: 425, 429, and when to try again.
auth_request_set $postern_status $upstream_http_x_postern_status;
auth_request_set $postern_retry_after $upstream_http_retry_after;`,
    renderIdentity(options.headers),
    renderForeignHeaders(options, (name) => `proxy_set_header ${name} "";`, {
      own: 'proxy_set_header X-Forwarded-Prefix /app;',
      client: 'proxy_set_header X-HTTP-Method-Override $http_x_http_method_override;',
    }),
    `
# The application's own subprotocols, without one that carried a token, and Authorization only where
# the gate says so (forward_authorization, headers).
auth_request_set $postern_subprotocols $upstream_http_x_postern_subprotocols;
auth_request_set $postern_authorization $upstream_http_x_postern_authorization;
proxy_set_header Sec-WebSocket-Protocol $postern_subprotocols;
proxy_set_header Authorization $postern_authorization;`,
    renderStripping(options.queryNames),
    `
# Browsers fail a handshake that offered subprotocols and was given none of them. A page without one
# of its own offers "postern" beside the token and gets it back. This "if" has to be the last one, and
# add_header stands inside it so that the server's own stay in force for every other answer.
auth_request_set $postern_subprotocol $upstream_http_x_postern_subprotocol;
if ($http_sec_websocket_protocol ~ "postern") {
    add_header Sec-WebSocket-Protocol $postern_subprotocol always;
}`,
  );
}

/**
 * `$uri` is decoded, so what could end a header's line must not get into one. No `if` here may match an
 * ordinary request: nginx forgets `try_files` where one did.
 */
const locationUri = `
# The URI by which nginx chose this location, after the rewrites of the server block. Nobody passes where it
# is at another gate than what the client asked for, nor where this line did not run: in limit_except, in
# a nested location without this file, behind a break.
set $postern_location_uri $uri;
if ($uri ~ "[\\x00-\\x1F\\x7F]") {
    set $postern_location_uri "unprintable";
}`;

/** A header's name as nginx has it in a variable. */
function variablePart(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Longest part of a name that nginx finds room for in the hash of its variables, as it is by default. */
const longestPart = 30;

/** The variable that holds what a header of the backend is to be. */
export function identityVariable(name: string): string {
  const part = variablePart(name);
  const digest = createHash('sha256').update(part).digest('hex').slice(0, 8);
  const short = part.length > longestPart ? `${part.slice(0, longestPart - 9)}_${digest}` : part;
  return usualVariables.get(name.toLowerCase()) ?? `$postern_header_${short}`;
}

function renderIdentity(headers: readonly string[]): string {
  const rows = headers.map((name) => {
    const answer = variablePart(name);
    const variable = identityVariable(name);
    return {
      take: `auth_request_set ${variable} $upstream_http_${answer};`,
      give: `proxy_set_header ${name} ${variable};`,
    };
  });
  return `
# Who it is, for the backend. Every header is set, so none that the client sent gets through; one
# that has no value does not reach the backend at all.
${rows.map(({ take }) => take).join('\n')}
${rows.map(({ give }) => give).join('\n')}
# A signed statement of the same, where the gate says so (assertion).
auth_request_set $postern_assertion $upstream_http_x_postern_assertion;
proxy_set_header X-Postern-Assertion $postern_assertion;`;
}

function renderStripping(names: readonly string[]): string {
  const fromArguments = names.map(namePattern).map(
    (name) => `
if ($args ~ "^${name}=[^&]*&?(?<postern_after>.*)$") {
    set $args $postern_after;
}
if ($args ~ "^(?<postern_before>.*)&${name}=[^&]*(?<postern_after>.*)$") {
    set $args $postern_before$postern_after;
}`,
  );
  const fromReturn = names.map(namePattern).map(
    (name) => `
if ($postern_return ~ "^(?<postern_before>[^?]*\\?)${name}=[^&]*&?(?<postern_after>.*)$") {
    set $postern_return $postern_before$postern_after;
}
if ($postern_return ~ "^(?<postern_before>[^?]*\\?.*)&${name}=[^&]*(?<postern_after>.*)$") {
    set $postern_return $postern_before$postern_after;
}`,
  );
  const inReferer = names.map(namePattern).map(
    (name) => `
if ($http_referer ~ "[?&]${name}=") {
    set $postern_backend_referer "";
}`,
  );
  return `
# The token stays out of the URI and of the Referer that the backend sees. Postern reads it from the
# client's own URI. The parameter's name may be percent-encoded, therefore the long patterns. The parts have
# names, since nginx would encode a $1 once more where the path has a percent sign or a plus.${fromArguments.join('')}
# What was asked for, without a token, for backends that are told of it (REQUEST_URI, X-Forwarded-Uri).
set $postern_return $request_uri;${fromReturn.join('')}
set $postern_backend_referer $http_referer;${inReferer.join('')}
proxy_set_header Referer $postern_backend_referer;`;
}

/** `postern-location.conf`, or the file of a gate that is to be named. */
export function renderLocationFile(options: BundleOptions, gateName?: string): string {
  const whose =
    gateName === undefined
      ? `# Postern for nginx, part 3 of 4: location context.
#
# Include this in every location that is to be protected; the gate is found by host and path. For a gate
# by its name include gates/NAME.conf in its place. Before it, optionally:`
      : `# Postern for nginx: location context, in the place of postern-location.conf, for the gate "${gateName}"
# whatever host and path are. Before it, optionally:`;
  return joinParts(
    `
${whose}
#
${locationVariables}
#
# Put it into the location itself, not one level up: nginx forgets all inherited proxy_set_header
# lines where a location has one of its own, and clients could then name themselves.`,
    renderLocationRules(options, gateName),
  );
}
