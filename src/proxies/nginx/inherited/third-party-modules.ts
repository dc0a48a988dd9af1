import { directives, type InheritedGroup } from './group.ts';
import { accessPhase, bodyOnly } from './reasons.ts';

const setMisc =
  'set_base32_alphabet set_base32_padding set_decode_base32 set_decode_base64 set_decode_base64url set_decode_hex set_encode_base32 set_encode_base64 set_encode_base64url set_encode_hex set_escape_uri set_formatted_gmt_time set_formatted_local_time set_hashed_upstream set_hmac_sha1 set_hmac_sha256 set_if_empty set_local_today set_md5 set_misc_base32_padding set_quote_json_str set_quote_pgsql_str set_quote_sql_str set_random set_rotate set_secure_random_alphanum set_secure_random_lcalpha set_sha1 set_unescape_uri';

const luaPhases =
  'Lua of its own runs for the subrequest too, and what it answers is the verdict: let it end at once where ngx.is_subrequest is true.';

/** Directives of modules that do not come with nginx, as far as they are known. */
export const thirdPartyDirectives: readonly InheritedGroup[] = [
  directives(
    'set-misc',
    'harmless',
    setMisc,
    'In a server block it is one of the rewrite directives, which end before the subrequest; the subrequest is made of other variables.',
  ),
  directives(
    'headers-more',
    'harmless',
    'more_set_headers more_clear_headers',
    'It changes headers of answers and no status; the files read Postern’s answer before that.',
  ),
  directives(
    'headers-more',
    'yours',
    'more_set_input_headers more_clear_input_headers',
    'It changes what the client is taken to have sent, for the subrequest as for the application: a Cookie or Upgrade that you set is what Postern judges.',
  ),
  directives(
    'njs',
    'harmless',
    'js_import js_path js_set js_var js_preload_object js_engine js_context_reuse js_context_reuse_max_size js_fetch_buffer_size js_fetch_ciphers js_fetch_keepalive js_fetch_keepalive_requests js_fetch_keepalive_time js_fetch_keepalive_timeout js_fetch_max_response_buffer_size js_fetch_protocols js_fetch_proxy js_fetch_timeout js_fetch_trusted_certificate js_fetch_verify js_fetch_verify_depth',
    'It loads code and makes variables; js_content, js_access and the filters are not inherited.',
  ),
  directives(
    'auth_jwt',
    'denies',
    'auth_jwt auth_jwt_allow_nested auth_jwt_key_file auth_jwt_key_request auth_jwt_leeway auth_jwt_phase auth_jwt_require auth_jwt_require_claim auth_jwt_require_header auth_jwt_revocation_list_kid auth_jwt_revocation_list_sub auth_jwt_validate_exp auth_jwt_validate_sig auth_jwt_www_authenticate',
    'In the access phase it leaves subrequests alone; with auth_jwt_phase preaccess it refuses the subrequest, which is a denial.',
  ),
  directives(
    'lua',
    'yours',
    'rewrite_by_lua_block rewrite_by_lua_file rewrite_by_lua precontent_by_lua_block precontent_by_lua_file header_filter_by_lua_block header_filter_by_lua_file header_filter_by_lua',
    luaPhases,
  ),
  directives('lua', 'yours', 'server_rewrite_by_lua_block server_rewrite_by_lua_file', luaPhases, {
    contexts: ['http', 'server'],
  }),
  directives(
    'lua',
    'harmless',
    'access_by_lua_block access_by_lua_file access_by_lua',
    accessPhase,
  ),
  directives(
    'lua',
    'harmless',
    'body_filter_by_lua_block body_filter_by_lua_file body_filter_by_lua log_by_lua_block log_by_lua_file log_by_lua',
    'It runs after the status is known.',
  ),
  directives(
    'brotli',
    'harmless',
    'brotli brotli_static brotli_types brotli_comp_level brotli_window brotli_min_length brotli_buffers',
    bodyOnly,
  ),
  directives(
    'modsecurity',
    'denies',
    'modsecurity modsecurity_rules modsecurity_rules_file modsecurity_rules_remote modsecurity_transaction_id',
    'It judges the client’s headers; a rule that intervenes refuses the subrequest, unless it says status 200.',
  ),
];
