/**
 * A line of a server or http block that somebody could have, the worst among them. Names in capitals stand for
 * places of the site that it is tried on (see configuration.ts).
 */
export interface Sample {
  readonly line: string;
  /** It may answer a client before anybody is asked, with whatever it likes but what is protected. */
  readonly answers?: true;
  /** The application may get or send something else. */
  readonly bends?: true;
  /** It may refuse or change what Postern lets in, and sign-in too; a denial may have another status. */
  readonly refuses?: true;
  /** It can only stand in a server block. */
  readonly serverOnly?: true;
}

const errors = [
  '500 502 503 504',
  '401 403',
  '403 404 429 503',
  '400 401 402 403 404 405 408 413 414 429 500 501 502 503 504',
];
const pages = ['@sorry', '@app', '/x', '/files/secret.txt', '/page.html', 'https://evil.example/'];

/** `error_page` in all its forms. */
const errorPages: readonly Sample[] = errors.flatMap((codes) =>
  pages.flatMap((page) =>
    ['', '= ', '=200 ', '=204 ', '=302 '].map((code) => ({
      line: `error_page ${codes} ${code}${page};`,
      serverOnly: true as const,
    })),
  ),
);

/** Rewrite directives that can only be about the subrequest: ordinary requests go their way. */
const rewritesOfQuestions = [
  'if ($uri ~ "auth") { return 200 "yes"; }',
  'if ($uri ~ "postern/auth") { return 204; }',
  'rewrite ^/\\.postern/auth.* /x last;',
  'rewrite ^/\\.postern/auth.* /page.html break;',
  'if ($request_uri !~ "postern") { set $one 1; }',
  'set $two $uri;',
];

/** Rewrite directives that answer clients, too. */
const rewritesOfAll = [
  'rewrite ^ /x last;',
  'rewrite ^ /x break;',
  'rewrite ^ /page.html last;',
  'rewrite ^/p/(.*)$ /files/secret.txt last;',
  'if (!-e $request_filename) { rewrite ^/(?!api/) /page.html last; }',
  'if ($uri !~ "^/(api|static)") { return 200; }',
  'if ($request_method = POST) { return 200; }',
  'if ($http_upgrade != "") { return 204; }',
  'return 200 "everything is fine";',
  'return 302 https://evil.example/;',
  'break;',
];

/** What changes neither a verdict nor what admitted people get. */
const quiet = [
  'satisfy any;',
  'auth_request off;',
  'auth_request /x;',
  'auth_request_set $three $upstream_status;',
  'client_max_body_size 1;',
  'client_max_body_size 1k;',
  'client_body_in_file_only on;',
  'client_body_buffer_size 1k;',
  'client_body_in_single_buffer on;',
  'recursive_error_pages on;',
  'absolute_redirect on;',
  'server_name_in_redirect on;',
  'port_in_redirect off;',
  'msie_refresh on;',
  'msie_padding on;',
  'default_type text/html;',
  'root PROTECTED;',
  'index secret.txt;',
  'autoindex on;',
  'dav_methods PUT DELETE MKCOL COPY MOVE;',
  'open_file_cache max=100;',
  'aio threads;',
  'directio 1;',
  'output_buffers 1 1k;',
  'postpone_output 1;',
  'subrequest_output_buffer_size 1k;',
  'etag off;',
  'if_modified_since off;',
  'log_subrequest on;',
  'rewrite_log on;',
  'keepalive_timeout 0;',
  'lingering_close off;',
  'limit_rate 10m;',
  'post_action /x;',
  'add_header X-Frame-Options DENY always;',
  'add_header X-Postern-Status 200 always;',
  'expires max;',
  'expires -1;',
  'real_ip_header X-Forwarded-For; set_real_ip_from 127.0.0.1;',
  'userid on;',
  'slice 1k;',
  'gunzip on;',
  'ssi_types *;',
  'image_filter_buffer 1m;',
  'resolver 127.0.0.1;',
  'secure_link $arg_md5;',
  'proxy_intercept_errors on;',
  'proxy_set_header X-Postern-Gate other; proxy_set_header Cookie "verdict=allow";',
  'proxy_method GET;',
  'proxy_http_version 1.0;',
  'proxy_pass_header X-Accel-Redirect;',
  'proxy_hide_header Remote-User; proxy_hide_header X-Postern-Status; proxy_hide_header Set-Cookie;',
  'proxy_ignore_headers X-Accel-Redirect X-Accel-Expires Cache-Control Expires Set-Cookie Vary;',
  'proxy_redirect http://postern.test/ https://evil.example/;',
  'proxy_cookie_path / "/; Domain=evil.example";',
  'proxy_cookie_domain ~.* evil.example;',
  'proxy_buffering off;',
  'proxy_buffers 2 1k; proxy_buffer_size 1k; proxy_busy_buffers_size 1k;',
  'proxy_max_temp_file_size 4k;',
  'proxy_temp_file_write_size 8k;',
  'proxy_request_buffering off;',
  'proxy_ignore_client_abort on;',
  'proxy_socket_keepalive on;',
  'proxy_bind 127.0.0.9;',
  'proxy_next_upstream off;',
  'proxy_next_upstream http_403 http_404 http_429 http_500 http_503 non_idempotent;',
  'proxy_next_upstream_tries 1;',
  'proxy_cache_lock on; proxy_cache_lock_timeout 1h; proxy_cache_lock_age 1h;',
  'proxy_cache_key "$host";',
  'proxy_cache_valid any 1h;',
  'proxy_cache_methods GET HEAD POST;',
  'proxy_cache_min_uses 2;',
  'proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504 http_403 http_404 http_429;',
  'proxy_cache_background_update on;',
  'proxy_cache_revalidate on;',
  'proxy_cache_convert_head off;',
  'proxy_cache_max_range_offset 1;',
  'proxy_cache_bypass $http_upgrade;',
  'proxy_no_cache $http_none;',
  'proxy_store off;',
  'proxy_ssl_verify on; proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;',
  'fastcgi_intercept_errors on; fastcgi_cache_valid any 1h;',
  'uwsgi_intercept_errors on;',
  'grpc_intercept_errors on;',
  'http2_push /x;',
  'mirror_request_body off;',
  'auth_delay 10ms;',
  'limit_req_status 599;',
  'more_set_headers -s "401 403 500" "X-Postern-Status: 200" "Location: https://evil.example/";',
  'more_clear_headers WWW-Authenticate;',
  'early_hints $http_x_early;',
  'add_header_inherit off;',
  'proxy_pass_trailers on;',
  'keepalive_min_timeout 1s;',
];

const quietInServer = ['try_files $uri /files/secret.txt;', 'valid_referers none *.example;'];

/** What may refuse or change whatever is answered; nobody must gain by it. */
const refusing = [
  'deny all;',
  'satisfy any; deny all;',
  'auth_basic "staff"; auth_basic_user_file PASSWORDS;',
  'satisfy any; auth_basic "staff"; auth_basic_user_file PASSWORDS;',
  'limit_req zone=hosts;',
  'limit_req zone=uris burst=2 nodelay;',
  'limit_conn conns 1;',
  'limit_rate 1k;',
  'client_body_timeout 1s; client_header_timeout 1s;',
  'add_before_body /x;',
  'sub_filter "a" "b"; sub_filter_types *; sub_filter_once off;',
  'gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;',
  'charset utf-8;',
];

/** What changes what admitted people get from the application, and nothing that Postern answers. */
const bending = [
  'limit_req zone=hosts burst=20 nodelay; limit_req_dry_run on;',
  'proxy_set_body "hello";',
  'proxy_set_body $request_body;',
  'proxy_set_body "GET /auth HTTP/1.1\\r\\nHost: app.test\\r\\n\\r\\n";',
  'proxy_set_body $http_x_smuggle;',
  'proxy_pass_request_body off;',
  'proxy_pass_request_headers off;',
  'proxy_force_ranges on;',
  'proxy_method HEAD;',
  'proxy_method POST;',
  'proxy_bind 192.0.2.1;',
  'proxy_bind $remote_addr transparent;',
  'proxy_limit_rate 1k;',
  'proxy_connect_timeout 1ms;',
  'proxy_cache hostile; proxy_cache_valid any 1h; proxy_cache_key "$host";',
  'proxy_cache hostile; proxy_cache_valid any 1h; proxy_cache_key "$uri"; proxy_cache_lock on; proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;',
  'proxy_cache hostile; proxy_cache_valid 200 401 403 500 502 1h; proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;',
  'proxy_store on;',
  'proxy_store STORE$uri;',
  'mirror /mirror;',
  'ssi on;',
  'disable_symlinks on;',
  'more_set_input_headers "X-Any: thing";',
];

/** All of them. */
export const samples: readonly Sample[] = [
  ...errorPages,
  ...rewritesOfQuestions.map((line) => ({ line, serverOnly: true as const })),
  ...rewritesOfAll.map((line) => ({ line, serverOnly: true as const, answers: true as const })),
  ...quiet.map((line) => ({ line })),
  ...quietInServer.map((line) => ({ line, serverOnly: true as const })),
  ...refusing.map((line) => ({ line, refuses: true as const })),
  ...bending.map((line) => ({ line, bends: true as const })),
];

/** Names of the directives of a line, braces left out. */
export function namesIn(line: string): string[] {
  return [...line.replaceAll(/"[^"]*"|\{.*\}/g, '').matchAll(/(?:^|;)\s*([a-z_0-9]+)/g)].map(
    ([, name = '']) => name,
  );
}

/** Directives that may be there several times. */
export const repeatable: ReadonlySet<string> = new Set([
  ...['error_page', 'if', 'rewrite', 'set', 'return', 'break', 'add_header', 'auth_request_set'],
  ...['proxy_hide_header', 'proxy_pass_header', 'more_set_headers', 'set_real_ip_from'],
]);
