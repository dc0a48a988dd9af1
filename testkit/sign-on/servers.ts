import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BridgeService } from '../../src/core/model/sign-on-settings.ts';
import type { Scope } from '../scope.ts';

/** What a stand-in answers: as little as the real one says. */
export interface SignOnReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One question that reached a stand-in. */
export interface SignOnQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** Somebody who logged in at a stand-in, by the cookie that tells it so. */
export interface SignOnUser {
  readonly name: string;
  readonly email?: string;
  readonly fullName?: string;
  readonly groups?: readonly string[];
  /** Whether the rules of the service admit them everywhere. */
  readonly admitted?: boolean;
}

/** A server in the place of a sign-on service. */
export interface SignOnServer {
  readonly url: string;
  readonly port: number;
  /** Questions so far. */
  readonly questions: SignOnQuestion[];
  /** The last question. */
  last(): SignOnQuestion;
  /** Connections that were opened so far, and most requests that were under way at once. */
  readonly counts: { connections: number; busiest: number; underWay: number };
  stop(): Promise<void>;
}

/** Alice, whom every stand-in knows. */
export const alice: SignOnUser = {
  name: 'alice',
  email: 'alice@example.com',
  fullName: 'Alice Ä. Example',
  groups: ['admins', 'users'],
};

/** Bob, whom they know and do not admit. */
export const bob: SignOnUser = { name: 'bob', admitted: false };

const users: Readonly<Record<string, SignOnUser>> = {
  'alice-session': alice,
  'bob-session': bob,
};

/** `Cookie` headers with Alice's, or Bob's, session at a service. */
export const sessions: Readonly<
  Record<Exclude<BridgeService, 'custom'>, { readonly alice: string; readonly bob: string }>
> = {
  tinyauth: {
    alice: 'tinyauth-session-1a2b3c4d=alice-session',
    bob: 'tinyauth-session-1a2b3c4d=bob-session',
  },
  authelia: { alice: 'authelia_session=alice-session', bob: 'authelia_session=bob-session' },
  authentik: {
    alice: 'authentik_proxy_0f1e2d3c=alice-session',
    bob: 'authentik_proxy_0f1e2d3c=bob-session',
  },
  // Split over two cookies, as long sessions are.
  'oauth2-proxy': {
    alice: '_oauth2_proxy_0=alice-; _oauth2_proxy_1=session',
    bob: '_oauth2_proxy_0=bob-; _oauth2_proxy_1=session',
  },
  vouch: { alice: 'VouchCookie=alice-session', bob: 'VouchCookie=bob-session' },
};

type Rules = (question: SignOnQuestion, cookies: Readonly<Record<string, string>>) => SignOnReply;

const notFound: SignOnReply = { status: 404, body: 'not found' };

/** What TinyAuth's labels exempt: a path, and a network. */
export const exempt = { path: '/public', address: '192.0.2.1' } as const;

function tinyauth(generation: 'original' | 'forwarded'): Rules {
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

const authelia: Rules = ({ path, headers }, cookies) => {
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

const authentik: Rules = ({ path, headers }, cookies) => {
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

function oauth2Proxy(setXAuthRequest: boolean): Rules {
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

function vouch(publicAccess: boolean): Rules {
  return ({ path, headers }, cookies) => {
    if (path !== '/validate') return notFound;
    const user = users[cookies.VouchCookie ?? ''];
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

/** What stands in for a service, as strict as its documentation. */
const kinds = {
  tinyauth: tinyauth('original'),
  'tinyauth before 5.2': tinyauth('forwarded'),
  authelia,
  authentik,
  'oauth2-proxy': oauth2Proxy(true),
  'oauth2-proxy without --set-xauthrequest': oauth2Proxy(false),
  vouch: vouch(false),
  'vouch with publicAccess': vouch(true),
} as const satisfies Record<string, Rules>;

/** Which service, in which version or configuration. */
export type SignOnKind = keyof typeof kinds;

/** Starts a stand-in for a service, and stops it after the test. */
export function startSignOn(t: Scope, kind: SignOnKind): Promise<SignOnServer> {
  const rules = kinds[kind];
  return startAnswering(t, (question, response) => {
    const { status, headers = {}, body = '' } = rules(question, readCookies(question.headers));
    response.writeHead(status, headers).end(body);
  });
}

/** Starts a server that answers as the function says, and stops it after the test. */
export async function startAnswering(
  t: Scope,
  answer: (question: SignOnQuestion, response: ServerResponse) => void,
): Promise<SignOnServer> {
  const questions: SignOnQuestion[] = [];
  const counts = { connections: 0, busiest: 0, underWay: 0 };
  const server = createServer((request: IncomingMessage, response) => {
    counts.underWay++;
    counts.busiest = Math.max(counts.busiest, counts.underWay);
    response.on('close', () => counts.underWay--);
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const question = { method, path, headers, rawHeaders };
    questions.push(question);
    answer(question, response);
  });
  server.on('connection', () => counts.connections++);
  const port = await listen(t, server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    questions,
    counts,
    last() {
      const last = questions.at(-1);
      if (last === undefined) throw new Error('nothing was asked');
      return last;
    },
    stop: () => stop(server),
  };
}

async function listen(t: Scope, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => stop(server));
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function readCookies({ cookie = '' }: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    cookie.split('; ').map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

function fromBasic(authorization: string | undefined): SignOnUser | undefined {
  const given = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
  return given === 'alice:correct horse' ? alice : undefined;
}

function remoteHeaders({ name, email, fullName, groups }: SignOnUser): Record<string, string> {
  return {
    'remote-user': octets(name),
    'remote-email': email ?? '',
    'remote-name': octets(fullName ?? ''),
    'remote-groups': (groups ?? []).join(','),
  };
}

/** UTF-8 as Go's servers write it into a header: Node wants one character a byte. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
