const deniedLocation = `
# A denial. A handshake cannot follow a redirect and a program does not want one: both get 401, or 429
# after too many attempts, which nginx lets no auth service say itself. A page load goes to
# $postern_login where the location names one, else where its gate (login, bridge) says. There is no
# add_header but for 429, since one would make nginx forget those of the server.
location @postern_denied {
    internal;
    auth_request off;
    recursive_error_pages off;
    # An error_page of its own, for a status that nothing has: so none of the server's applies, and
    # nothing can make a redirect of a 401.
    error_page 599 /;
    # A login on this host is named by its path: nginx may not know the port that clients use.
    absolute_redirect off;
    # The way to the login is for this once, and a redirect for every browser.
    expires off;
    msie_refresh off;
    # Early data of TLS, where it is not to be replayed: the client sends it again by itself.
    if ($postern_status = 425) {
        return 425;
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
    # Android's WebView sends the name of its app here, with pages too.
    if ($http_x_requested_with ~* "^XMLHttpRequest$") {
        set $postern_any_login "";
    }
    # Too many attempts, and nowhere to sign in.
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
    # An address that ends in "rd=" (or another "…=") gets the page that was asked for behind it, as one value.
    if ($postern_login ~ "=$") {
        return 302 $postern_login$postern_return_to;
    }
    return 302 $postern_login;
}`;

/**
 * With `recursive_error_pages on` in the protected location or around it, the server's `error_page` counts
 * here. It may be a named location, which would serve what was asked for: so nothing of that is left.
 */
const forPagesAlone = (status: number, uri: string) =>
  `
    # A page of the server's own (recursive_error_pages) is for page loads alone, and must not serve what was
    # asked for.
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
# Known, and not admitted.
location @postern_refused {
    internal;
    auth_request off;
    recursive_error_pages off;
${forPagesAlone(403, '/.postern/refused')}
}`;

const limitedLocation = `
# More handshakes than postern-limits.conf allows.
location @postern_limited {
    internal;
    auth_request off;
    recursive_error_pages off;
    error_page 599 /;
    add_header Retry-After 5 always;
    return 429;
}`;

const unavailableLocation = `
# Postern is down, hangs, or cannot tell. Nothing passes; 503 says that trying again makes sense.
location @postern_unavailable {
    internal;
    auth_request off;
    recursive_error_pages off;
    add_header Retry-After 5 always;
${forPagesAlone(503, '/.postern/unavailable')}
}`;

/** Where a protected location sends what it does not let through, each for one kind of answer. */
export const refusalLocations = [
  deniedLocation,
  refusedLocation,
  limitedLocation,
  unavailableLocation,
] as const;
