import type { SourceName } from '../../core/model/source-name.ts';
import type { CacheOptions } from './bundle-options.ts';
import { renderCacheKey } from './subrequest-headers.ts';

/** Default cache directory: in memory, where only root can create one. */
export const defaultCachePath = '/run/postern-cache';

/** Default in a container: /run may be on disk there, and there are no other users. */
export const containerCachePath = '/dev/shm/postern-cache';

/** The cache zone, for the http context. */
export function renderCacheZone(cache: CacheOptions, defaultPath: string): string {
  const seconds = Math.ceil(cache.ttl / 1_000);
  return `
# Cache of auth answers, for as long as Postern allows (cache). The files contain subrequests, with
# tokens: the directory is in memory, and nginx creates it with mode 0700. To empty it: postern nginx purge
proxy_cache_path ${cache.path ?? defaultPath} levels=1:2 keys_zone=postern_answers:4m max_size=48m
                 inactive=${seconds + 1}s use_temp_path=off;
# Only allows are cached.
map $upstream_status $postern_is_denial {
    default 1;
    200     0;
}`;
}

/** The cache directives of the auth location. */
export function renderCacheDirectives(sources: readonly SourceName[]): string {
  return `
# A cached answer is used only for an identical subrequest. The other lines override settings that
# other caches of this nginx may have.
proxy_cache postern_answers;
proxy_cache_key "${renderCacheKey(sources)}";
proxy_cache_valid any 0;
proxy_no_cache $postern_is_denial;
proxy_cache_bypass "";
proxy_buffering on;
proxy_cache_methods GET;
proxy_cache_min_uses 1;
proxy_cache_lock off;
proxy_cache_use_stale off;
proxy_cache_background_update off;
proxy_cache_revalidate off;
proxy_ignore_headers X-Accel-Expires Expires;
open_file_cache off;`.trim();
}
