import type { CacheOptions } from './bundle-options.ts';
import { renderCacheKey } from './subrequest-headers.ts';

/** Where kept answers are: in memory, and only root can make a directory there. */
export const usualCachePath = '/run/postern-cache';

/** The same in a container: nobody else is there, and /run may be on a disk. */
export const containerCachePath = '/dev/shm/postern-cache';

/** The lines of the http context that make room for kept answers. */
export function renderCacheZone(cache: CacheOptions, usualPath: string): string {
  const seconds = Math.ceil(cache.ttl / 1_000);
  return `
# Answers that nginx keeps for as long as Postern allows (cache). The files hold what was asked, tokens
# among it, so this is a directory in memory that nginx makes for itself alone (mode 0700). To have all
# of them forgotten: postern nginx purge
proxy_cache_path ${cache.path ?? usualPath} levels=1:2 keys_zone=postern_answers:4m max_size=48m
                 inactive=${seconds + 1}s use_temp_path=off;
# Only what lets through is kept.
map $upstream_status $postern_is_denial {
    default 1;
    200     0;
}`;
}

/** The lines of the auth location that keep answers. */
export const cacheRules = `
# A kept answer is given again only to the same question, to the letter. The lines below it are there
# so that nothing that is set for other caches of this nginx applies here.
proxy_cache postern_answers;
proxy_cache_key "${renderCacheKey()}";
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
