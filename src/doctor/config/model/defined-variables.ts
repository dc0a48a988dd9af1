import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { bareName } from './map-block.ts';
import { isTable } from './nginx-directives.ts';
import { groupsOf } from './pattern.ts';

/** Variables of nginx's own modules (1.31.5), without those that a prefix makes. */
const builtIn: ReadonlySet<string> = new Set(
  `ancient_browser args binary_remote_addr body_bytes_sent bytes_sent connection connection_requests
  connection_time connections_active connections_reading connections_waiting connections_writing
  content_length content_type date_gmt date_local document_root document_uri fastcgi_path_info
  fastcgi_script_name gzip_ratio host hostname http2 http3 https invalid_referer is_args
  is_request_port limit_conn_status limit_rate limit_req_status modern_browser msec msie nginx_version
  pid pipe proxy_add_via proxy_add_x_forwarded_for proxy_host proxy_port proxy_protocol_addr
  proxy_protocol_port proxy_protocol_server_addr proxy_protocol_server_port query_string
  realip_remote_addr realip_remote_port realpath_root remote_addr remote_port remote_user request
  request_body request_body_file request_completion request_filename request_id request_length
  request_method request_port request_time request_uri scheme secure_link secure_link_expires
  server_addr server_name server_port server_protocol slice_range spdy spdy_request_priority status
  time_iso8601 time_local uid_got uid_reset uid_set upstream_addr upstream_bytes_received
  upstream_bytes_sent upstream_cache_age upstream_cache_etag upstream_cache_last_modified
  upstream_cache_status upstream_connect_time upstream_header_time upstream_last_server_name
  upstream_response_length upstream_response_time upstream_status uri date_local memcached_key
  grpc_status`.split(/\s+/),
);

/** Beginnings of names that modules fill as they are asked for, optional modules among them. */
const prefixes =
  /^(?:\d|http_|sent_http_|sent_trailer_|upstream_http_|upstream_trailer_|upstream_cookie_|cookie_|arg_|proxy_protocol_tlv_|ssl_|tcpinfo_|geoip2?_|jwt_|otel_|brotli_|zstd_|gzip_|vhost_|ngx_|njs_|lua_|modsecurity|request_ids_|quic|acme_|oidc_|perl_|spnego_|ldap_|ja[34]|upload_|vod_|connect_|limit_|time_)/;

/** Directives that use variables and make none; in all others a variable that stands alone may be a new one. */
const users =
  /^(?:proxy_|fastcgi_|uwsgi_|scgi_|grpc_|add_|access_|log_format|return|if$|error_|root$|alias$|try_files|rewrite|expires|limit_|sub_filter|auth_request$|auth_basic|charset|gzip|index|resolver|server$|location$|internal|mirror)/;

/** Names of variables that a configuration or a module of nginx makes. */
export function definedVariables(directives: readonly Directive[]): ReadonlySet<string> {
  const names = new Set(builtIn);
  const visit = (one: Directive): void => {
    const { name, args, block } = one;
    if (!users.test(name)) {
      for (const arg of args) if (/^\$[^\s${}]+$/.test(arg)) names.add(bareName(arg));
    }
    if (['if', 'rewrite', 'location', 'server_name'].includes(name)) {
      for (const group of args.flatMap(groupsOf)) names.add(group);
    }
    for (const inner of block?.directives ?? []) {
      if (name === 'map') for (const group of groupsOf(inner.name)) names.add(group);
      if (inner.name.startsWith('$')) names.add(bareName(inner.name));
      if (!isTable(name)) visit(inner);
    }
  };
  directives.forEach(visit);
  return names;
}

/** True for a variable that nginx fills by the beginning of its name. */
export function isOfModule(name: string): boolean {
  return prefixes.test(name);
}
