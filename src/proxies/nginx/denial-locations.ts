const deniedLocation = `
# Denials. Handshakes and API calls cannot follow a redirect: they get 401, or 429 after too many
# attempts (auth_request cannot pass on a 429). Page loads are redirected to $postern_login if the
# location sets it, else to the login of the gate (login, bridge). No add_header except for 429: the
# server's add_header lines would no longer apply.
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
    set $postern_any_login $postern_login$postern_gate_login;
    if ($http_upgrade != "") {
        set $postern_any_login "";
    }
    if ($request_method !~ ^(GET|HEAD)$) {
        set $postern_any_login "";
    }
    if ($http_accept ~* application/json) {
        set $postern_any_login "";
    }
    # Android's WebView sends its app name in this header, for page loads too.
    if ($http_x_requested_with ~* "^XMLHttpRequest$") {
        set $postern_any_login "";
    }
    # Too many attempts, and no login.
    set $postern_too_many $postern_status$postern_any_login;
    if ($postern_too_many = 429) {
        add_header Retry-After $postern_retry_after always;
        return 429;
    }
    if ($postern_any_login = "") {
        return 401;
    }
    if ($postern_login = "") {
        return 302 $postern_gate_login;
    }
    # A login URL that ends in "rd=" (or another "…=") gets the requested URL appended, as one value.
    if ($postern_login ~ "=$") {
        return 302 $postern_login$postern_return_to;
    }
    return 302 $postern_login;
}`;

/**
 * Keeps the server's `error_page` from serving the requested URI. With `recursive_error_pages on`
 * in or around the protected location it applies here too, and may be a named location.
 */
const pageLoadsOnly = (status: number, uri: string) =>
  `
    # An error page of the server (recursive_error_pages) is for page loads only, and must not serve the
    # requested URI.
    rewrite ^ ${uri}?;
    if ($http_upgrade != "") {
        error_page 599 /;
        return ${status};
    }
    if ($request_method !~ ^(GET|HEAD)$) {
        error_page 599 /;
        return ${status};
    }
    return ${status};`.slice(1);

const refusedLocation = `
# Authenticated, but not allowed here: 403. A page load goes to the page that the gate's sign-on service
# names for it, if any (TinyAuth's "unauthorized" page, for example).
location @postern_refused {
    internal;
    auth_request off;
    recursive_error_pages off;
    absolute_redirect off;
    expires off;
    msie_refresh off;
    set $postern_any_login $postern_gate_login;
    if ($http_upgrade != "") {
        set $postern_any_login "";
    }
    if ($request_method !~ ^(GET|HEAD)$) {
        set $postern_any_login "";
    }
    if ($http_accept ~* application/json) {
        set $postern_any_login "";
    }
    if ($http_x_requested_with ~* "^XMLHttpRequest$") {
        set $postern_any_login "";
    }
    if ($postern_any_login != "") {
        return 302 $postern_any_login;
    }
${pageLoadsOnly(403, '/.postern/refused')}
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
${pageLoadsOnly(503, '/.postern/unavailable')}
}`;

/**
 * The named locations that answer for a protected location: denied, refused, limited, unavailable.
 */
export const denialLocations = [
  deniedLocation,
  refusedLocation,
  limitedLocation,
  unavailableLocation,
] as const;
