/** An nginx `if` that holds for requests that are no page load. */
interface PageLoadCondition {
  readonly comment: string;
  /** Directives before the `if`. */
  readonly before?: string;
  readonly condition: string;
}

/**
 * Conditions under which a request is no page load of a browser, and so cannot follow a login redirect. None
 * may hold for a page load: `nginx/fixes/no-login-redirect.conf` has the same lines in protected locations,
 * where nginx drops `try_files` and other directives in a request that an `if` matched.
 */
export const notPageLoad: readonly PageLoadCondition[] = [
  {
    comment: '# Handshakes and other upgrades.',
    condition: '$http_upgrade != ""',
  },
  {
    comment: `# Browsers name page loads in Sec-Fetch-Mode and Sec-Fetch-Dest, but only over HTTPS and to localhost. In
# other requests a page load is what accepts HTML: fetch, EventSource and curl do not.`,
    before: 'set $postern_fetch "$http_sec_fetch_mode:$http_sec_fetch_dest:$http_accept";',
    condition:
      '$postern_fetch !~* "^(navigate:|:(document|i?frame):|::.*(text/html|application/xhtml\\+xml))"',
  },
  {
    comment: '# Android WebViews send the name of their app in this header, for page loads too.',
    condition: '$http_x_requested_with ~* "^XMLHttpRequest$"',
  },
  {
    comment: '# Only programs and scripts send a Bearer token.',
    condition: '$http_authorization ~* "^Bearer "',
  },
];

/** Runs the directive for every request that is no page load. */
export function renderNotPageLoad(directive: string): string {
  return notPageLoad
    .map(({ comment, before, condition }) =>
      [comment, ...(before ? [before] : []), `if (${condition}) {`, `    ${directive}`, '}'].join(
        '\n',
      ),
    )
    .join('\n');
}
