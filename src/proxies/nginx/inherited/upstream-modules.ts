import { directives, type InheritedGroup } from './group.ts';

const plainHttpOnly = 'The subrequest goes over plain HTTP.';
const headersOnly = 'The answer to the subrequest is a head and nothing else.';
const proxyPassOnly = 'proxy_pass answers in the auth location, and nothing else can.';

/** Adds the prefix of a module to each name. */
function withPrefix(prefix: string, endings: string): string {
  return endings.replaceAll(/\S+/g, (ending) => `${prefix}_${ending}`);
}

function proxy(
  treatment: InheritedGroup['treatment'],
  endings: string,
  reason: string,
  since?: string,
): InheritedGroup {
  return directives(
    'proxy',
    treatment,
    withPrefix('proxy', endings),
    reason,
    since ? { since } : {},
  );
}

/** A module with its own `…_pass` directive, which the auth location does not use. */
function otherProtocol(
  module: string,
  endings: string,
  newer: Readonly<Record<string, string>> = {},
) {
  return [
    ...(endings === ''
      ? []
      : [directives(module, 'harmless', withPrefix(module, endings), proxyPassOnly)]),
    ...Object.entries(newer).map(([since, names]) =>
      directives(module, 'harmless', withPrefix(module, names), proxyPassOnly, { since }),
    ),
  ];
}

/** Directives that FastCGI, SCGI and uwsgi share. */
const common =
  'bind buffer_size buffering buffers busy_buffers_size cache cache_background_update cache_bypass cache_key cache_lock cache_lock_age cache_lock_timeout cache_max_range_offset cache_methods cache_min_uses cache_revalidate cache_use_stale cache_valid connect_timeout force_ranges hide_header ignore_client_abort ignore_headers intercept_errors limit_rate max_temp_file_size next_upstream next_upstream_timeout next_upstream_tries no_cache param pass_header pass_request_body pass_request_headers read_timeout request_buffering send_timeout socket_keepalive store store_access temp_file_write_size temp_path';

const tlsEndings =
  'ssl_certificate ssl_certificate_key ssl_ciphers ssl_conf_command ssl_crl ssl_name ssl_password_file ssl_protocols ssl_server_name ssl_session_reuse ssl_trusted_certificate ssl_verify ssl_verify_depth';

const sockets = { '1.31.3': 'socket_rcvbuf socket_sndbuf' };
const certificates = { '1.27.4': 'ssl_certificate_cache' };

/** Directives of the modules that pass requests to other servers. */
export const upstreamModuleDirectives: readonly InheritedGroup[] = [
  proxy(
    'reset',
    'set_body',
    'What stands behind a head without a length is a second request; sign-in gets the body that the client sent.',
  ),
  proxy(
    'reset',
    'pass_request_body method http_version',
    'The subrequest is GET over HTTP/1.1 without a body; sign-in is passed on as it came.',
  ),
  proxy(
    'reset',
    'set_header pass_request_headers',
    'The subrequest and sign-in have headers of their own; where a location has one line, no other is inherited.',
  ),
  proxy(
    'reset',
    'intercept_errors',
    'An error page would answer in Postern’s place; off for the subrequest and for sign-in.',
  ),
  proxy(
    'reset',
    'bind',
    'Postern trusts nginx by its address, and an address that is not there makes a 503 of every subrequest.',
  ),
  proxy(
    'reset',
    'store store_access',
    'Answers of Postern would be written to disk, and served from there by whatever reads that place.',
  ),
  proxy(
    'reset',
    'next_upstream',
    'Without error, a kept connection that Postern has just closed was a 503; with non_idempotent a sign-in was sent twice.',
  ),
  proxy('denies', 'next_upstream_timeout next_upstream_tries', 'It bounds second attempts.'),
  proxy(
    'reset',
    'connect_timeout read_timeout send_timeout',
    'The subrequest waits four seconds at most; sign-in has times for connecting and reading.',
  ),
  proxy(
    'reset',
    'buffer_size buffers busy_buffers_size max_temp_file_size temp_file_write_size',
    'Small values refused answers with many identity headers, or kept nginx from starting beside the files’ own.',
  ),
  proxy(
    'reset',
    'redirect cookie_domain cookie_path hide_header',
    'Sign-in is answered as Postern says: cookie, redirect and security headers. The subrequest’s answer is read before these.',
  ),
  proxy(
    'yours',
    'cookie_flags',
    'nginx before 1.19.3 does not know it, so no file can end it: what takes secure or httponly from cookies takes them from the session’s. It has no say over the subrequest.',
  ),
  proxy(
    'harmless',
    'pass_header',
    'It adds to what is passed on, and Postern sends nothing that nginx would hide but the date.',
  ),
  proxy('reset', 'cache', 'Off, or the files’ own zone.'),
  proxy(
    'reset',
    'cache_key cache_valid cache_bypass no_cache cache_methods cache_min_uses cache_use_stale cache_background_update cache_revalidate ignore_headers buffering',
    'Where nginx keeps answers the files say all of it; where it keeps none it is without effect.',
  ),
  proxy(
    'reset',
    'cache_lock',
    'Where nginx keeps answers, equal subrequests waited for each other: what is denied is never kept, so a denial took seconds.',
  ),
  proxy(
    'harmless',
    'cache_lock_age cache_lock_timeout',
    'It is about proxy_cache_lock, which is off.',
  ),
  proxy(
    'harmless',
    'cache_max_range_offset',
    'With Range in the client’s request nothing is kept, and Postern is asked.',
  ),
  proxy('harmless', 'cache_convert_head', 'The subrequest is a GET.'),
  proxy('harmless', 'force_ranges', 'nginx cuts no ranges out of a subrequest’s answer.'),
  proxy(
    'harmless',
    'request_buffering ignore_client_abort',
    'The subrequest has no body; who goes away is not let in.',
  ),
  proxy('harmless', 'limit_rate temp_path socket_keepalive send_lowat', headersOnly),
  proxy('harmless', 'socket_rcvbuf socket_sndbuf', headersOnly, '1.31.3'),
  proxy('harmless', 'pass_trailers', headersOnly, '1.27.2'),
  proxy(
    'denies',
    'headers_hash_bucket_size headers_hash_max_size',
    'Too small for the headers of the subrequest, nginx does not start.',
  ),
  directives('proxy', 'harmless', withPrefix('proxy', tlsEndings), plainHttpOnly),
  proxy('harmless', 'ssl_certificate_cache', plainHttpOnly, '1.27.4'),
  ...otherProtocol(
    'fastcgi',
    `${common} catch_stderr index keep_conn send_lowat split_path_info`,
    sockets,
  ),
  ...otherProtocol('uwsgi', `${common} modifier1 modifier2 string ${tlsEndings}`, {
    ...sockets,
    ...certificates,
  }),
  ...otherProtocol('scgi', common, sockets),
  ...otherProtocol(
    'grpc',
    `bind buffer_size connect_timeout hide_header ignore_headers intercept_errors next_upstream next_upstream_timeout next_upstream_tries pass_header read_timeout send_timeout set_header socket_keepalive ${tlsEndings}`,
    { ...sockets, ...certificates },
  ),
  ...otherProtocol(
    'memcached',
    'bind buffer_size connect_timeout gzip_flag next_upstream next_upstream_timeout next_upstream_tries read_timeout send_timeout socket_keepalive',
  ),
  ...otherProtocol('tunnel', '', {
    '1.31.0':
      'bind buffer_size connect_timeout next_upstream next_upstream_timeout next_upstream_tries read_timeout send_lowat send_timeout socket_keepalive',
    ...sockets,
  }),
];
