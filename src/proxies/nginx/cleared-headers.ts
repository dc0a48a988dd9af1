import { credentialHeaders } from '../subrequest-headers.ts';
import type { BundleOptions } from './bundle-options.ts';

/** Identity headers of other sign-on services, and of applications that trust one. */
const identityHeaders = [
  // oauth2-proxy, traefik-forward-auth; Grist, Jenkins and SonarQube read them.
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Access-Token',
  'X-Forwarded-Login',
  'X-Forwarded-Name',
  // Kubernetes, Home Assistant, Calibre-Web and others.
  'X-Remote-User',
  'X-Remote-Email',
  'X-Remote-Name',
  'X-Remote-Group',
  'X-Remote-Groups',
  // oauth2-proxy with auth_request.
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-Preferred-Username',
  'X-Auth-Request-Access-Token',
  'X-Auth-Request-Redirect',
  // authentik.
  'X-authentik-username',
  'X-authentik-groups',
  'X-authentik-entitlements',
  'X-authentik-email',
  'X-authentik-name',
  'X-authentik-uid',
  'X-authentik-jwt',
  'X-authentik-meta-jwks',
  'X-authentik-meta-outpost',
  'X-authentik-meta-provider',
  'X-authentik-meta-app',
  'X-authentik-meta-version',
  // Grafana, Gitea, Forgejo, FreshRSS.
  'X-WEBAUTH-USER',
  'X-WEBAUTH-EMAIL',
  'X-WEBAUTH-NAME',
  'X-WEBAUTH-FULLNAME',
  'X-WEBAUTH-GROUPS',
  'X-WEBAUTH-ROLE',
  // Vouch Proxy.
  'X-Vouch-User',
  'X-Vouch-IdP-Claims-Email',
  'X-Vouch-IdP-Claims-Name',
  'X-Vouch-IdP-Claims-Groups',
  'X-Vouch-IdP-AccessToken',
  'X-Vouch-IdP-IdToken',
  // Gatekeeper (Louketo), LemonLDAP::NG, Cloudflare Access, Tailscale.
  'X-Auth-Username',
  'X-Auth-Userid',
  'X-Auth-Subject',
  'X-Auth-Email',
  'X-Auth-Groups',
  'X-Auth-Roles',
  'Auth-User',
  'Auth-Mail',
  'Auth-Groups',
  'Cf-Access-Authenticated-User-Email',
  'Tailscale-User-Login',
  'Tailscale-User-Name',
] as const;

/** Headers that make an application see another path, method or address. */
const routingHeaders = [
  'X-Original-URL',
  'X-Original-URI',
  'X-Original-Method',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'X-Forwarded-Prefix',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Script-Name',
  // RFC 7239; a list that the client started is not trustworthy.
  'Forwarded',
  // HTTP_PROXY for a CGI program (CVE-2016-5385).
  'Proxy',
] as const;

/** Headers between nginx and Postern. */
const posternHeaders = [
  'X-Postern-Gate',
  'X-Postern-Auth-URI',
  'X-Postern-Location-URI',
  'X-Postern-Authorization',
  'X-Postern-Subprotocols',
  'X-Postern-Subprotocol',
  'X-Postern-Login',
  'X-Postern-Status',
  'X-Postern-Reason',
  'X-Postern-Request-Id',
  'X-Postern-Return',
] as const;

/**
 * Client headers that are removed before the request reaches the backend, except those that a gate
 * sets.
 */
export function clearedHeaders({ headers }: Pick<BundleOptions, 'headers'>): readonly string[] {
  const set = new Set(headers.map((name) => name.toLowerCase()));
  return [...identityHeaders, ...routingHeaders, ...posternHeaders].filter(
    (name) => !set.has(name.toLowerCase()),
  );
}

/**
 * The directives that remove them, in one nginx dialect. A header with an empty value is not sent.
 * A later line of the location for the same header replaces this one.
 */
export function renderClearedHeaders(
  options: Pick<BundleOptions, 'headers' | 'sources'>,
  line: (name: string) => string,
  { own, client }: { readonly own: string; readonly client: string },
): string {
  return `
# Identity headers of other sign-on services, and headers that override path or method: removed from
# client requests. To pass one on, add a line to the location:
#     ${own}
#     ${client}
${clearedHeaders(options).map(line).join('\n')}${renderTokenHeaders(options, line)}`;
}

/** Removes the headers that carry a token, except one that a gate sets for the backend. */
function renderTokenHeaders(
  { headers, sources }: Pick<BundleOptions, 'headers' | 'sources'>,
  line: (name: string) => string,
): string {
  const set = new Set(headers.map((name) => name.toLowerCase()));
  const names = credentialHeaders(sources).filter((name) => !set.has(name.toLowerCase()));
  if (names.length === 0) return '';
  // With "underscores_in_headers on", X_Api_Key is the same variable for nginx, and another header for a backend.
  const spellings = names.flatMap((name) => [name, name.replaceAll('-', '_')]);
  return `
# The token of a client (sources).
${[...new Set(spellings.map(line))].join('\n')}`;
}
