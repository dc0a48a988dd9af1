import { renderNotPageLoad } from './page-load.ts';
import { indent } from './text.ts';

/**
 * Answers a form that was sent without a session. The login opens in a tab of its own, so that a reload sends
 * the form again.
 */
const formPage = [
  '<!doctype html><html lang="en"><meta charset="utf-8">',
  '<meta name="viewport" content="width=device-width"><title>Not signed in</title>',
  '<p>You are not signed in, so the form did not reach the application.',
  ' <a href="$postern_target" target="_blank" rel="noopener">Sign in</a>,',
  ' then reload this page to send the form again.</p></html>',
].join('');

const deniedLocation = `
# Denials. Only page loads of browsers can follow a redirect: they are redirected to $postern_login if the
# location sets it, else to the login of the gate (login, bridge), and a form gets a page that links to it.
# Everything else gets 401, or 429 after too many attempts (auth_request cannot pass on a 429). No
# add_header except for 429: the server's add_header lines would no longer apply.
location @postern_denied {
    internal;
    auth_request off;
    recursive_error_pages off;
    # For a status that never occurs: disables the server's error pages, which could turn a 401 into a
    # redirect.
    error_page 599 /;
    # Relative redirects for a login on this host: nginx may not know the port that clients use.
    absolute_redirect off;
    # The redirect must not be cached, and must be a redirect for every browser.
    expires off;
    msie_refresh off;
    # TLS early data that must not be replayed: the client retries by itself.
    if ($postern_status = 425) {
        return 425;
    }
    # Postern's own page is for gates without a login of their own (login, bridge). The space separates the
    # two: no address has one.
    set $postern_own_page "$postern_gate_login $postern_login";
    if ($postern_own_page ~ "^[^ ]+ /\\.postern/login") {
        set $postern_login "";
    }
    # The type of the page for forms, whatever the requested URI ends in.
    types {
    }
    default_type "text/html; charset=utf-8";
    set $postern_target $postern_login;
    # A login URL that ends in "rd=" (or another "…=") gets the requested URL appended, as one value.
    if ($postern_login ~ "=$") {
        set $postern_target $postern_login$postern_return_to;
    }
    if ($postern_login = "") {
        set $postern_target $postern_gate_login;
    }
    # Without a target for what is no page load.
${indent(renderNotPageLoad('set $postern_target "";'))}
    set $postern_redirect $postern_target;
    if ($request_method !~ ^(GET|HEAD)$) {
        set $postern_redirect "";
    }
    # Too many attempts, and no login.
    set $postern_too_many $postern_status$postern_redirect;
    if ($postern_too_many = 429) {
        add_header Retry-After $postern_retry_after always;
        return 429;
    }
    # A form without a session: a redirect would lose what was typed. Nothing of the URL may end the attribute.
    set $postern_form "$request_method $postern_target";
    if ($postern_form ~ "^POST [^\\"'<>\`\\s]+$") {
        return 401 '${formPage}';
    }
    if ($postern_redirect = "") {
        return 401;
    }
    return 302 $postern_redirect;
}`;

/**
 * The server's error pages apply to Postern's 403 and 503 for page loads where `$postern_error_pages` says so,
 * and never serve the requested URI. Not by default: a page on another server would get the client's
 * credentials.
 */
const ownErrorPage = (status: number, uri: string) =>
  `
    rewrite ^ ${uri}?;
    if ($http_upgrade != "") {
        error_page 599 /;
        return ${status};
    }
    if ($request_method !~ ^(GET|HEAD)$) {
        error_page 599 /;
        return ${status};
    }
    if ($postern_error_pages != on) {
        error_page 599 /;
        return ${status};
    }
    return ${status};`.slice(1);

/** A page load that a sign-on service forbids. Nothing of the URL may end the attribute. */
const forbiddenPage = [
  '<!doctype html><html lang="en"><meta charset="utf-8">',
  '<meta name="viewport" content="width=device-width"><title>403 Forbidden</title>',
  '<h1>403 Forbidden</h1><p>You are signed in, but not allowed here.</p>',
  '<p><a href="$postern_target">Continue at the sign-on</a></p></html>',
].join('');

const refusedLocation = `
# Authenticated, but not allowed here: 403. For a page load that a sign-on service forbids, with a link to
# the page that it names (TinyAuth's "unauthorized" page, for example), or to its login. The server's error
# page for 403 is for page loads of locations with: set $postern_error_pages on;
location @postern_refused {
    internal;
    auth_request off;
    recursive_error_pages off;
    # The type of the page, whatever the requested URI ends in.
    types {
    }
    default_type "text/html; charset=utf-8";
    set $postern_target $postern_gate_login;
${indent(renderNotPageLoad('set $postern_target "";'))}
    if ($request_method !~ ^(GET|HEAD)$) {
        set $postern_target "";
    }
    if ($postern_target ~ "^[^\\"'<>\`\\s]+$") {
        return 403 '${forbiddenPage}';
    }
${ownErrorPage(403, '/.postern/refused')}
}`;

const limitedLocation = `
# Above the limits of postern-limits.conf: 429.
location @postern_limited {
    internal;
    auth_request off;
    recursive_error_pages off;
    error_page 599 /;
    add_header Retry-After 5 always;
    return 429;
}`;

const unavailableLocation = `
# Postern is down, hangs, or cannot decide: 503, so that clients retry. Nothing passes.
location @postern_unavailable {
    internal;
    auth_request off;
    recursive_error_pages off;
    add_header Retry-After 5 always;
${ownErrorPage(503, '/.postern/unavailable')}
}`;

/** A handshake gets no page, and a named location of the server is not asked for the requested URI. */
const backendErrorLocation = (name: string, status: number, comment: string) => `
# ${comment}
location ${name} {
    internal;
    auth_request off;
    recursive_error_pages off;
    rewrite ^ /.postern/backend-error?;
    if ($http_upgrade != "") {
        error_page 599 /;
        return ${status};
    }
    return ${status};
}`;

/**
 * The named locations that answer for a protected location: denied, refused, limited, unavailable, and
 * two that raise the backend's errors once more, with the error pages of the server.
 */
export const denialLocations = [
  deniedLocation,
  refusedLocation,
  limitedLocation,
  unavailableLocation,
  backendErrorLocation(
    '@postern_bad_gateway',
    502,
    'The backend is down: the error page of the server.',
  ),
  backendErrorLocation(
    '@postern_gateway_timeout',
    504,
    'The backend hangs: the error page of the server.',
  ),
] as const;
