import type { BundleOptions } from './bundle-options.ts';

/** Who somebody is, in the words of other sign-on services and of applications that trust one. */
const identity = [
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

/** What makes an application take a request for one with another path, method or place. */
const routing = [
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
  // RFC 7239; lists that a client started cannot be believed.
  'Forwarded',
  // HTTP_PROXY for a CGI program (CVE-2016-5385).
  'Proxy',
] as const;

/** What nginx and Postern tell each other. */
const postern = [
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

/** Headers of a client's own that no backend gets, but for those that a gate sets. */
export function foreignHeaders({ headers }: Pick<BundleOptions, 'headers'>): readonly string[] {
  const set = new Set(headers.map((name) => name.toLowerCase()));
  return [...identity, ...routing, ...postern].filter((name) => !set.has(name.toLowerCase()));
}

/**
 * The lines that keep them from the backend, in a dialect of nginx. A header with an empty value is not
 * sent, and where another line of the location sets one of these, that line alone counts.
 */
export function renderForeignHeaders(
  options: Pick<BundleOptions, 'headers'>,
  line: (name: string) => string,
  { own, client }: { readonly own: string; readonly client: string },
): string {
  return `
# Headers by which other sign-on services name somebody, or which make an application see another path or
# method: a client's own never get through. One that you need is a line more in the location:
#     ${own}
#     ${client}
${foreignHeaders(options).map(line).join('\n')}`;
}
