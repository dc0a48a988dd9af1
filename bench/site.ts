import { join } from 'node:path';
import { defaultBundleOptions } from '../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../src/proxies/nginx/config-bundle.ts';
import { findFreePort, type NginxProcess, startNginx } from '../src/proxies/nginx/process.ts';
import { renderBundle } from '../src/proxies/nginx/render.ts';
import type { Part, Place } from './parts.ts';

/**
 * Starts nginx with one worker and a protected location. The backend is a server block of the same
 * nginx, behind a connection pool: `return` in the location itself would run before auth_request.
 */
export async function startBenchSite(part: Part, place: Place): Promise<NginxProcess> {
  const ttl = part.service?.cacheTtl;
  const kit = renderBundle('plain', {
    ...defaultBundleOptions,
    gate: place.gate,
    cache:
      ttl === undefined
        ? undefined
        : { path: join(place.memory ?? place.directory, 'answers'), ttl },
  });
  writeBundle(place.directory, kit);
  const { http = '', server, location } = part.protect(place);
  const backend = await findFreePort();
  return startNginx({
    directory: place.directory,
    workers: 1,
    http: (port) => `access_log off;
include postern-http.conf;
${http}
upstream backend {
  server 127.0.0.1:${backend};
  keepalive 64;
}
server {
  listen 127.0.0.1:${backend};
  return 200;
}
server {
  listen 127.0.0.1:${port};
  ${server}
  location / {
    ${location}
    include postern-proxy.conf;
    proxy_pass http://backend;
  }
}`,
  });
}
