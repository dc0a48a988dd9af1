import { type Answer, headerOf } from './answer.ts';

/** A sign-on service that a redirect or a cookie gives away. */
export interface SignOn {
  readonly title: string;
  /** Where the remedy goes (see remedy.ts), for services that it is tested with. */
  readonly fixPlace?: string;
  /** True for Postern's own login, which no handshake is sent to. */
  readonly own?: true;
}

interface Fingerprint extends SignOn {
  /** Of the address that a client is sent to. */
  readonly location?: RegExp;
  readonly cookie?: RegExp;
  readonly header?: RegExp;
  /** Of the page that stands in the place of an answer. */
  readonly page?: RegExp;
}

/** From the particular to the general: the first that fits counts. */
const services: readonly Fingerprint[] = [
  { title: 'Postern', own: true, location: /\/\.postern\/login(?:[?#]|$)/ },
  {
    title: 'TinyAuth',
    fixPlace:
      'in the protected location, directly below the include of tinyauth-location.conf (or auth_request /tinyauth)',
    location: /^https?:\/\/[^/]*tinyauth|\/login\?(?:.*&)?redirect_uri=|\/tinyauth(?:[/?]|$)/i,
    cookie: /^tinyauth-/,
    header: /^x-tinyauth-/,
  },
  {
    title: 'Authelia',
    fixPlace:
      'in the protected location, directly below the include of authelia-location.conf or authelia-authrequest.conf',
    location: /^https?:\/\/[^/]*authelia|\/authelia(?:[/?]|$)|[?&]rd=[^&]*&rm=[A-Z]+(?:&|$)/i,
    cookie: /^authelia_session/,
  },
  {
    title: 'authentik',
    fixPlace:
      'in the protected location, directly below the include of authentik-location.conf (or auth_request /outpost.goauthentik.io/auth/nginx)',
    location:
      /\/outpost\.goauthentik\.io\/|\/authentik\/\?rd=|^https?:\/\/[^/]*authentik|\/if\/flow\//i,
    cookie: /^authentik_/,
    header: /^x-authentik-/,
  },
  {
    title: 'oauth2-proxy',
    fixPlace:
      'in the protected location, directly below the include of oauth2-proxy-location.conf (or auth_request /oauth2/auth)',
    location: /\/oauth2\/(?:sign_in|start)(?:[?#]|$)/,
    cookie: /^_oauth2_proxy/,
    page: /\baction="[^"]*\/oauth2\/(?:start|sign_in)"/,
  },
  {
    title: 'Vouch Proxy',
    fixPlace: 'in the location with the proxy_pass of the application, above every rewrite',
    location: /[?&](?:vouch-failcount|X-Vouch-Token)=|^https?:\/\/[^/]*vouch/i,
    cookie: /^Vouch(?:Cookie|Session)/,
    header: /^x-vouch-/,
  },
  {
    title: 'Cloudflare Access',
    location: /\/cdn-cgi\/access\/login|\.cloudflareaccess\.com\//,
    cookie: /^CF_App/,
  },
  { title: 'Pomerium', location: /\/\.pomerium\//, cookie: /^_pomerium/, header: /^x-pomerium-/ },
  { title: 'Keycloak', location: /\/realms\/[^/]+\/protocol\/(?:openid-connect|saml)/ },
  {
    title: 'Microsoft Entra ID',
    location: /^https:\/\/login\.microsoftonline\.com\/|\/\.auth\/login\//,
  },
  { title: 'Google', location: /^https:\/\/accounts\.google\.com\//, header: /^x-goog-iap-/ },
  { title: 'an OpenID Connect provider', location: /[?&]response_type=code(?:&|$)/ },
  { title: 'a CAS server', location: /\/cas\/login\?(?:.*&)?service=/ },
  {
    title: 'a login page',
    location: /(?:log[-_]?in|sign[-_]?in|sign[-_]?on|auth|sso)(?:[/.?#]|$)/i,
  },
];

/** Which sign-on service an answer comes from; undefined when nothing gives one away. */
export function recogniseSignOn(answer: Answer): SignOn | undefined {
  const location = headerOf(answer, 'location') ?? '';
  const names = answer.headers.map(([name]) => name);
  const cookies = cookieNames(answer);
  return (
    services.find(
      ({ header }) => header !== undefined && names.some((name) => header.test(name)),
    ) ??
    services.find(
      ({ cookie }) => cookie !== undefined && cookies.some((name) => cookie.test(name)),
    ) ??
    services.find((service) => service.location?.test(location)) ??
    services.find(({ page }) => page?.test(answer.body))
  );
}

/** The names of the cookies that an answer sets. Their values may be secrets of somebody. */
export function cookieNames({ headers }: Answer): string[] {
  return headers
    .filter(([name]) => name === 'set-cookie')
    .map(([, value]) => value.split(/[=;]/, 1)[0]?.trim() ?? '')
    .filter((name) => name !== '');
}

/** Host names that sign-on services have. */
const loginHost =
  /^(?:log-?in|sign-?in|sso|auth|authelia|authentik|tinyauth|vouch|oauth2?|id|idp|account|accounts|keycloak|login-\w+)\./i;

/** Whether an address is one that people are sent to for signing in, by its host or its path. */
export function looksLikeLogin(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, pathname, search } = new URL(address);
  const path = `${pathname}${search}`;
  if (loginHost.test(hostname)) return true;
  return services.some(({ location }) => location?.test(path) || location?.test(address));
}
