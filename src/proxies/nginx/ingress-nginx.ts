import type { BundleOptions } from './bundle-options.ts';
import { renderLocationRules } from './location-file.ts';
import { portVariable, renderServerRules, throughName } from './server-file.ts';
import { indent, joinParts } from './text.ts';

/** Annotations of an Ingress, as YAML. */
export function renderIngressAnnotations(options: BundleOptions): string {
  // A cache needs lines in http context, which no annotation can have.
  const rules = renderServerRules({ ...options, cache: undefined }, throughName(options.gate), {
    variables: portVariable,
  });
  return joinParts(
    `
# Postern for ingress-nginx: annotations of the Ingress of an application.
#
# They need allow-snippet-annotations: "true" and annotations-risk-level: Critical in the ConfigMap of
# the controller. Whoever may write an Ingress can then write nginx configuration: think about who
# that is. auth-url does without, and is not enough: it tells Postern neither the host that the client
# asked for nor that it asked for a WebSocket, so gates by host and the check of Origin would not work.
#
# Not possible here: kept answers (cache), and a log without tokens. Send tickets in the query, or set
# log-format-upstream in the ConfigMap to a format without $request, $request_uri and $http_referer. Leave
# proxy-add-original-uri-header off, as it is by default: it tells the application the whole URI.`,
    `
nginx.ingress.kubernetes.io/proxy-read-timeout: "86400"
nginx.ingress.kubernetes.io/proxy-send-timeout: "86400"
# One Ingress of a host has this; it counts for all of them.
nginx.ingress.kubernetes.io/server-snippet: |
${indent(rules.trimEnd(), 2)}
# Every Ingress with protected paths has this.
nginx.ingress.kubernetes.io/configuration-snippet: |
  # The gate is found by host and path. For one by its name, write it behind the first line:
  # auth_request /.postern/auth/NAME;
  set $postern_login "";  # where page loads go; where the gate says otherwise
${indent(renderLocationRules(options).trimEnd(), 2)}`,
  );
}
