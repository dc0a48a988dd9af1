import type { SignOnQuestion, SignOnReply } from './answering-server.ts';
import { alice, type SignOnUser, users } from './users.ts';

/** What a service answers to a question, by its session cookies and its rules. */
export type Rules = (
  question: SignOnQuestion,
  cookies: Readonly<Record<string, string>>,
) => SignOnReply;

const notFound: SignOnReply = { status: 404, body: 'not found' };

/** What TinyAuth's labels exempt: a path, and a network. */
export const exempt = { path: '/public', address: '192.0.2.1' } as const;

/** UTF-8 as Go's servers write it into a header: Node wants one character a byte. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function remoteHeaders({ name, email, fullName, groups }: SignOnUser): Record<string, string> {
  return {
    'remote-user': octets(name),
    'remote-email': email ?? '',
    'remote-name': octets(fullName ?? ''),
    'remote-groups': (groups ?? []).join(','),
  };
}

function fromBasic(authorization: string | undefined): SignOnUser | undefined {
  const given = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
  return given === 'alice:correct horse' ? alice : undefined;
}

/** TinyAuth, which of the two generations of its headers it takes. */
export function tinyauthRules(generation: 'original' | 'forwarded'): Rules {
  return ({ path, headers }, cookies) => {
    if (path !== '/api/auth/nginx') return notFound;
    const badRequest = { status: 400, body: '{"status":400,"message":"Bad request"}' };
    const original = headers['x-original-url'];
    const forwarded = [
      headers['x-forwarded-proto'],
      headers['x-forwarded-host'],
      headers['x-forwarded-uri'],
    ];
    // The one of 5.2 refuses both together, the one before knows nothing of X-Original-URL.
    if (generation === 'original' && forwarded.some((value) => value !== undefined)) {
      return badRequest;
    }
    if (generation === 'forwarded' && forwarded.some((value) => !value)) return badRequest;
    if (headers['content-length'] !== undefined) return badRequest;
    const asked =
      generation === 'original'
        ? String(original)
        : `${forwarded[0]}://${forwarded[1]}${forwarded[2]}`;
    if (!URL.canParse(asked) || !asked.includes('://')) return badRequest;
    const welcome = '{"status":200,"message":"Authenticated"}';
    const isExempt =
      new URL(asked).pathname.startsWith(exempt.path) ||
      headers['x-forwarded-for'] === exempt.address;
    if (isExempt) return { status: 200, body: welcome };
    const session = Object.entries(cookies).find(([name]) =>
      /^tinyauth-session-[0-9a-f]{8}$/.test(name),
    );
    const user = users[session?.[1] ?? ''];
    const at = 'https://tinyauth.example.com';
    if (user === undefined) {
      const back = encodeURIComponent(asked);
      return {
        status: 401,
        headers:
          generation === 'original'
            ? { 'x-tinyauth-location': `${at}/login?redirect_uri=${back}` }
            : {},
        body: '{"status":401,"message":"Unauthorized"}',
      };
    }
    if (user.admitted === false) {
      return {
        status: 403,
        headers: { 'x-tinyauth-location': `${at}/unauthorized?username=${user.name}` },
        body: '{"status":403,"message":"Forbidden"}',
      };
    }
    return { status: 200, headers: remoteHeaders(user), body: welcome };
  };
}

/** Authelia, with the policies "bypass" and "deny" for two paths. */
export const autheliaRules: Rules = ({ path, headers }, cookies) => {
  if (path !== '/api/authz/auth-request') return notFound;
  const asked = String(headers['x-original-url']);
  const method = headers['x-original-method'];
  const unauthorized = { status: 401, body: '401 Unauthorized' };
  if (!/^(?:https|wss):\/\//.test(asked) || !method || !URL.canParse(asked)) return unauthorized;
  const { hostname, pathname } = new URL(asked);
  if (!hostname.endsWith('.example.com')) return { status: 400, body: '400 Bad Request' };
  // The policies "bypass" and "deny".
  if (pathname.startsWith('/public')) return { status: 200 };
  if (pathname.startsWith('/denied')) return { status: 403, body: '403 Forbidden' };
  const user = users[cookies.authelia_session ?? ''] ?? fromBasic(headers.authorization);
  if (user === undefined) {
    const query = new URLSearchParams({ rd: asked, rm: String(method) });
    return {
      ...unauthorized,
      headers: { location: `https://auth.example.com/?${query}` },
    };
  }
  if (user.admitted === false) return { status: 403, body: '403 Forbidden' };
  return { status: 200, headers: remoteHeaders(user), body: '200 OK' };
};

/** authentik with one application. */
export const authentikRules: Rules = ({ path, headers }, cookies) => {
  if (path !== '/outpost.goauthentik.io/auth/nginx') return notFound;
  // One application for each host, and nothing without the address of the request.
  if (headers.host !== 'app.example.com') return notFound;
  const asked = String(headers['x-original-url']);
  if (!URL.canParse(asked))
    return { status: 500, body: 'failed to detect a forward URL from nginx' };
  // "Unauthenticated Paths".
  if (new URL(asked).pathname.startsWith('/public')) return { status: 200 };
  const session = Object.entries(cookies).find(([name]) => name.startsWith('authentik_proxy_'));
  const user = users[session?.[1] ?? ''];
  if (user === undefined || user.admitted === false) {
    return {
      status: 401,
      headers: { 'set-cookie': 'authentik_proxy_0f1e2d3c=state; Path=/; HttpOnly' },
      body: 'unauthorized request\n',
    };
  }
  return {
    status: 200,
    headers: {
      'x-authentik-username': octets(user.name),
      'x-authentik-email': user.email ?? '',
      'x-authentik-name': octets(user.fullName ?? ''),
      'x-authentik-groups': (user.groups ?? []).join('|'),
      'x-authentik-uid': 'f00',
    },
  };
};

/** oauth2-proxy, with or without `--set-xauthrequest`. */
export function oauth2ProxyRules(setXAuthRequest: boolean): Rules {
  return ({ path, headers }, cookies) => {
    if (path !== '/oauth2/auth') return notFound;
    const isTold = ['x-real-ip', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'].every(
      (name) => headers[name],
    );
    if (!isTold || headers.host !== headers['x-forwarded-host']) return { status: 500 };
    const parts = Object.entries(cookies).filter(([name]) => /^_oauth2_proxy(?:_\d+)?$/.test(name));
    const user = users[parts.map(([, value]) => value).join('')];
    if (user === undefined) return { status: 401, body: 'Unauthorized\n' };
    if (user.admitted === false) return { status: 403, body: 'Forbidden\n' };
    if (!setXAuthRequest) return { status: 202 };
    return {
      status: 202,
      headers: {
        'x-auth-request-user': octets(user.name),
        'x-auth-request-email': user.email ?? '',
        'x-auth-request-preferred-username': octets(user.fullName ?? ''),
        'x-auth-request-groups': (user.groups ?? []).join(','),
      },
    };
  };
}

/** Vouch Proxy, with or without `publicAccess`. */
export function vouchRules(publicAccess: boolean): Rules {
  return ({ path, headers }, cookies) => {
    if (path !== '/validate') return notFound;
    // Vouch takes its JWT from the cookie, else from `Authorization`, whatever the scheme.
    const [, bearer = ''] = (headers.authorization ?? '').split(' ');
    const user = users[cookies.VouchCookie ?? bearer];
    const isOurs = headers.host === 'example.com' || headers.host?.endsWith('.example.com');
    if (user === undefined || user.admitted === false || !isOurs) {
      return publicAccess
        ? { status: 200, headers: { 'x-vouch-user': '' } }
        : { status: 401, body: '401 Unauthorized' };
    }
    return {
      status: 200,
      headers: {
        'x-vouch-user': octets(user.name),
        'x-vouch-success': 'true',
        'x-vouch-idp-claims-email': user.email ?? '',
        'x-vouch-idp-claims-name': octets(user.fullName ?? ''),
        'x-vouch-idp-claims-groups': (user.groups ?? []).map((group) => `"${group}"`).join(','),
      },
    };
  };
}
