import type { BundleOptions } from './bundle-options.ts';
import { renderLocationRules } from './location-file.ts';
import { hostnameTarget } from './proxy-target.ts';
import { portVariable, renderServerRules } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** Renders the annotations of an Ingress, as YAML. */
export function renderIngressAnnotations(options: BundleOptions): string {
  // No cache: it needs directives in the http context, which annotations cannot set.
  const rules = renderServerRules({ ...options, cache: undefined }, hostnameTarget(options.gate), {
    variables: portVariable,
    givesCookies: true,
  });
  return joinParts(
    `
# Postern for ingress-nginx: annotations of the Ingress of an application.
#
# They need allow-snippet-annotations: "true" and annotations-risk-level: Critical in the ConfigMap of
# the controller. Everyone who can write an Ingress can then write nginx configuration. auth-url needs
# no snippets, but is not enough: it sends Postern neither the client's host nor the Upgrade header, so
# gates by host and the Origin check do not work.
#
# Not available here: caching of answers, and an access log without tokens. Use tickets in the query, or
# set log-format-upstream in the ConfigMap to a format without $request, $request_uri and $http_referer.
# Leave proxy-add-original-uri-header off (the default): it sends the application the whole URI.
#
# For an application that accepts only another Host: nginx.ingress.kubernetes.io/upstream-vhost.`,
    `
nginx.ingress.kubernetes.io/proxy-read-timeout: "86400"
nginx.ingress.kubernetes.io/proxy-send-timeout: "86400"
# In one Ingress of a host; it applies to all of them.
nginx.ingress.kubernetes.io/server-snippet: |
${indent(rules.trimEnd(), 2)}
# In every Ingress with protected paths.
nginx.ingress.kubernetes.io/configuration-snippet: |
  # The gate is found by host and path. To name one, add it to the first line:
  # auth_request /.postern/auth/NAME;
  set $postern_login "";  # login URL for page loads; by default the gate's
${indent(renderLocationRules(options).trimEnd(), 2)}`,
  );
}
