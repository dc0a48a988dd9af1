/** The blocks in which nginx takes a directive. */
export type Context = 'http' | 'server' | 'location' | 'if' | 'limit_except' | 'upstream';

/** Read from the tables (`ngx_command_t`) of nginx 1.31.5; older versions allow no more. */
const exceptions: readonly (readonly [names: string, contexts: string])[] = [
  [
    'map geo split_clients upstream log_format limit_req_zone limit_conn_zone proxy_cache_path fastcgi_cache_path uwsgi_cache_path scgi_cache_path perl_set map_hash_bucket_size map_hash_max_size variables_hash_bucket_size variables_hash_max_size server_names_hash_bucket_size server_names_hash_max_size',
    'http',
  ],
  ['listen server_name', 'server'],
  ['location try_files stub_status', 'server location'],
  ['if', 'server location'],
  ['set return rewrite break', 'server location if'],
  ['internal alias limit_except empty_gif', 'location'],
  ['proxy_pass', 'location if limit_except'],
  ['fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass', 'location if'],
  [
    'add_header add_trailer error_page expires gzip root sendfile limit_rate charset ssi',
    'http server location if',
  ],
  ['access_log', 'http server location if limit_except'],
  ['allow deny auth_basic auth_basic_user_file', 'http server location limit_except'],
  [
    'client_header_timeout large_client_header_buffers merge_slashes underscores_in_headers ignore_invalid_headers http2',
    'http server',
  ],
  ['ip_hash least_conn keepalive zone hash random', 'upstream'],
  ['server', 'http upstream'],
  ['keepalive_requests keepalive_time keepalive_timeout resolver', 'http server location upstream'],
];

/** Directives of these families that are not listed above stand in `http`, `server` and `location`. */
const families =
  /^(?:auth_request(?:_set)?|satisfy|client_body_\w+|client_max_body_size|recursive_error_pages|(?:proxy|fastcgi|uwsgi|scgi|grpc)_\w+|sub_filter\w*|real_ip_\w+|set_real_ip_from|mirror\w*|limit_req|limit_conn|log_not_found|default_type|send_timeout)$/;

const usual: ReadonlySet<Context> = new Set<Context>(['http', 'server', 'location']);

const contexts = new Map(
  exceptions.flatMap(([names, places]) =>
    names.split(' ').map((name) => [name, new Set(places.split(' ') as Context[])] as const),
  ),
);

/** Where nginx takes a directive; undefined for one that this table does not know. */
export function contextsOf(name: string): ReadonlySet<Context> | undefined {
  return contexts.get(name) ?? (families.test(name) ? usual : undefined);
}

/** Directives of which a block holds one: nginx refuses a second. */
const single =
  /^(?:auth_request|satisfy|internal|root|alias|try_files|recursive_error_pages|auth_basic|client_max_body_size|client_body_buffer_size|client_body_timeout|send_timeout|keepalive_timeout|default_type|merge_slashes|underscores_in_headers|real_ip_header|(?:fastcgi|uwsgi|scgi|grpc|memcached)_pass|proxy_(?:pass|http_version|method|set_body|buffering|request_buffering|buffer_size|buffers|busy_buffers_size|max_temp_file_size|cache|cache_key|cache_lock|connect_timeout|read_timeout|send_timeout|intercept_errors|ignore_client_abort|pass_request_body|pass_request_headers|bind|store|next_upstream_tries|next_upstream_timeout|ssl_name|ssl_server_name|ssl_verify|socket_keepalive|headers_hash_bucket_size|headers_hash_max_size))$/;

/** True where nginx refuses a second directive of this name in a block. */
export function isSingle(name: string): boolean {
  return single.test(name);
}

/** Blocks whose own lines are no directives of their names. */
const tables: ReadonlySet<string> = new Set(['map', 'geo', 'split_clients', 'types', 'match']);

/** True for a block that holds rows in place of directives. */
export function isTable(name: string): boolean {
  return tables.has(name) || name.endsWith('_by_lua_block') || name.endsWith('_block');
}
