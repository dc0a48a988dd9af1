import { directives, type InheritedGroup, notInHttp } from './group.ts';
import { accessPhase, clientAnswersOnly, filesOnly } from './reasons.ts';

/** Directives of nginx’s core HTTP module. */
export const coreDirectives: readonly InheritedGroup[] = [
  directives(
    'core',
    'reset',
    'error_page',
    'An error of nginx’s own in the auth location ran the server’s page, and a 2xx of that let everybody in; sign-in and denials have a list of their own too.',
  ),
  directives(
    'core',
    'reset',
    'client_max_body_size',
    'nginx compares the client’s Content-Length in the auth location too, so a small limit around it denied uploads that the protected location takes.',
  ),
  directives(
    'core',
    'reset',
    'recursive_error_pages',
    'The denials have it off. The protected location has it on, for the server’s error pages for 502 and 504 of the backend.',
  ),
  directives(
    'core',
    'reset',
    'absolute_redirect',
    'Off where a denial sends somebody to a login on this host.',
  ),
  directives(
    'core',
    'reset',
    'msie_refresh',
    'Off where a denial sends somebody to a login: it would make a page with status 200 of the redirect.',
  ),
  directives(
    'core',
    'reset',
    'client_body_buffer_size client_body_in_file_only',
    'Set for sign-in, so that the token stays in memory; the subrequest has no body.',
  ),
  directives(
    'core',
    'yours',
    'post_action',
    'It is not documented by nginx, has no off, and runs its location after a denial too: let that location be a protected one, or one that serves nothing.',
  ),
  directives(
    'core',
    'denies',
    'resolver resolver_timeout',
    'Flavours that find Postern by its name need it; no name, no admission.',
  ),
  directives(
    'core',
    'yours',
    'satisfy',
    'nginx skips the access phase for subrequests. In a protected location satisfy any means that allow or a password lets in without Postern.',
  ),
  directives('core', 'harmless', 'auth_delay', accessPhase),
  directives('core', 'harmless', 'log_subrequest', 'The auth location has access_log off.'),
  directives('core', 'harmless', 'error_log', 'It says where the error log is.'),
  directives(
    'core',
    'harmless',
    'client_body_early_read',
    'The subrequest has an empty body of its own.',
    { contexts: ['http', 'server'], since: '1.31.5' },
  ),
  directives(
    'core',
    'harmless',
    'client_body_in_single_buffer client_body_temp_path client_body_timeout',
    'The subrequest has no body.',
  ),
  directives(
    'core',
    'harmless',
    'port_in_redirect server_name_in_redirect',
    'It is about absolute redirects, and a denial’s are relative or whole.',
  ),
  directives(
    'core',
    'harmless',
    'aio aio_write default_type directio directio_alignment disable_symlinks etag if_modified_since log_not_found max_ranges open_file_cache_errors open_file_cache_events open_file_cache_min_uses open_file_cache_valid read_ahead root sendfile sendfile_max_chunk types types_hash_bucket_size types_hash_max_size',
    filesOnly,
  ),
  directives(
    'core',
    'reset',
    'open_file_cache',
    'Off where nginx keeps answers: a kept answer would be read from a file that was replaced.',
  ),
  directives(
    'core',
    'harmless',
    'chunked_transfer_encoding gzip_disable gzip_http_version gzip_proxied gzip_vary keepalive_disable keepalive_requests keepalive_time keepalive_timeout limit_rate limit_rate_after lingering_close lingering_time lingering_timeout msie_padding postpone_output reset_timedout_connection send_lowat send_timeout server_tokens subrequest_output_buffer_size tcp_nodelay tcp_nopush',
    clientAnswersOnly,
  ),
  directives(
    'core',
    'harmless',
    'early_hints',
    'It passes on 103 of a backend; Postern sends none.',
    {
      since: '1.29.0',
    },
  ),
  directives('core', 'harmless', 'keepalive_min_timeout', clientAnswersOnly, { since: '1.27.4' }),
  directives(
    'core',
    'not_inherited',
    'location',
    '^~ keeps locations with regular expressions from the auth location; a longer prefix below it would be one that you wrote for that.',
    notInHttp,
  ),
];
