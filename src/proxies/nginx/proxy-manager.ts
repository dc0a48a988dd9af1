import type { BundleOptions } from './bundle-options.ts';
import { containerCachePath, renderCacheZone } from './cache.ts';
import { renderMasks, upgradeMaps } from './http-file.ts';
import { locationVariables, renderLocationRules } from './location-file.ts';
import { proxyRules } from './proxy-file.ts';
import { renderServerRules, throughName } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** What goes into the Advanced box of a proxy host: server context, with a location of its own. */
export function renderManagerBox(options: BundleOptions): string {
  return joinParts(
    `
# Postern for Nginx Proxy Manager, part 2 of 2: the whole of this goes into "Custom Nginx Configuration"
# on the Advanced tab of a proxy host. Part 1, http_top.conf, has to be in place before.
#
# Its location / takes the place of the one that Nginx Proxy Manager would make. Therefore
#   - "Cache Assets" has to be off, and "Custom locations" empty: what they make asks nobody;
#   - an Access List of the host does not count for this location.`,
    withLog(renderServerRules(options, throughName(options.gate))),
    `
location / {
    # Optionally:
${indent(locationVariables)}
    # The gate is found by host and path. For one by its name, write it into the line below:
    # auth_request /.postern/auth/NAME;

    ${log}

${indent(renderLocationRules(options).trim())}

${indent(proxyRules)}
    # Without $request_uri behind it, which would bring the token back.
    proxy_pass $forward_scheme://$server:$port;
}`,
  );
}

/** Each location has it: one for the server block would stand beside Nginx Proxy Manager's own, which has whole URIs. */
const log = 'access_log /data/logs/postern_access.log postern_masked;';

/** Puts it into the locations where requests end that are not let through, and those for people to sign in. */
function withLog(rules: string): string {
  return rules.replaceAll(/^( +)auth_request off;$(?!\n +access_log)/gm, `$&\n$1${log}`);
}

/** What goes into http context, where Nginx Proxy Manager has room for it. */
export function renderManagerHttpFile(options: BundleOptions): string {
  return joinParts(
    `
# Postern for Nginx Proxy Manager, part 1 of 2. Belongs to /data/nginx/custom/http_top.conf in its
# container; add it to what is there already.`,
    options.cache && renderCacheZone(options.cache, containerCachePath),
    upgradeMaps,
    renderMasks(options.queryNames),
  );
}
