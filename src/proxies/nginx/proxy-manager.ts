import type { BundleOptions } from './bundle-options.ts';
import { containerCachePath, renderCacheZone } from './cache.ts';
import { renderBackendMaps, renderLogMasks } from './http-file.ts';
import { optionalVariables, renderLocationRules } from './location-file.ts';
import { proxyRules } from './proxy-file.ts';
import { hostnameTarget } from './proxy-target.ts';
import { renderServerRules } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** The text of a proxy host's Advanced box: server context, with a location of its own. */
export function renderManagerBox(options: BundleOptions): string {
  return joinParts(
    `
# Postern for Nginx Proxy Manager, part 2 of 2: paste all of this into "Custom Nginx Configuration" on
# the Advanced tab of a proxy host. Install part 1, http_top.conf, first.
#
# The location / below replaces the one of Nginx Proxy Manager. Therefore
#   - "Cache Assets" must be off and "Custom locations" empty: their locations are not protected;
#   - an Access List of the host does not apply to this location.`,
    withMaskedLog(renderServerRules(options, hostnameTarget(options.gate), { givesCookies: true })),
    `
location / {
    # Optionally:
${indent(optionalVariables)}
    # The gate is found by host and path. To name one, add it to the line below:
    # auth_request /.postern/auth/NAME;

    ${maskedLog}

${indent(renderLocationRules(options).trim())}

${indent(proxyRules)}
    # Do not append $request_uri: it contains the token.
    proxy_pass $forward_scheme://$server:$port;
}`,
  );
}

/**
 * Set in each location: in the server block it would be added to Nginx Proxy Manager's own
 * access_log, which logs whole URIs.
 */
const maskedLog = 'access_log /data/logs/postern_access.log postern_masked;';

/** Adds it to the locations that answer denials and sign-in. */
function withMaskedLog(rules: string): string {
  return rules.replaceAll(/^( +)auth_request off;$(?!\n +access_log)/gm, `$&\n$1${maskedLog}`);
}

/** The file for the http context. */
export function renderManagerHttpFile(options: BundleOptions): string {
  return joinParts(
    `
# Postern for Nginx Proxy Manager, part 1 of 2. Add this to /data/nginx/custom/http_top.conf in its
# container.`,
    options.cache && renderCacheZone(options.cache, containerCachePath),
    renderBackendMaps('$host$postern_port'),
    renderLogMasks(options.queryNames),
  );
}
