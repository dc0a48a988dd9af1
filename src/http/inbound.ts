import {
  isGateName,
  isMethod,
  parseHost,
  parseTarget,
  parseUpgrade,
  type Upgrade,
} from '../core/handshake.ts';
import { type NetworkSet, plainAddress } from '../core/network.ts';
import { deny } from '../core/verdict.ts';
import type { Subrequest } from '../services/answer.ts';

/** What is read of a subrequest: an IncomingMessage of Node, or one that people ask about. */
export interface SubrequestHead {
  readonly method?: string | undefined;
  /** Undefined for a Unix socket. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headersDistinct: Readonly<Record<string, string[] | undefined>>;
}

/** The headers that tell each fact. */
const told = {
  gate: ['x-postern-gate'],
  method: ['x-original-method', 'x-forwarded-method'],
  scheme: ['x-forwarded-proto'],
  host: ['host', 'x-forwarded-host'],
  path: ['x-original-uri', 'x-original-url', 'x-forwarded-uri'],
  upgrade: ['x-original-upgrade', 'upgrade'],
  origin: ['origin'],
  client: ['x-real-ip', 'x-forwarded-for'],
  cookie: ['cookie'],
  authorization: ['authorization'],
  subprotocols: ['sec-websocket-protocol'],
} as const satisfies Record<string, readonly string[]>;

/** Which headers of this subrequest told each fact, for people who ask. */
export function headersTelling(request: SubrequestHead): Readonly<Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(told).map(([fact, names]) => [
      fact,
      names.filter((name) => lines(request, name).length > 0),
    ]),
  );
}

/**
 * Reads the handshake that a subrequest of nginx's auth_request is about. Where several headers, or
 * several lines of one, tell the same fact, they have to agree: one of them may be the client's own,
 * and nobody can say which.
 */
export function readSubrequest(request: SubrequestHead, trustedProxies: NetworkSet): Subrequest {
  const peer = request.socket.remoteAddress;
  const upgrade = readUpgrade(request);
  const upgrading = upgrade !== 'none';
  // A Unix socket has no remote address; its file's mode says who may connect.
  if (peer !== undefined && !trustedProxies.includes(peer)) {
    return { handshake: deny('untrusted_proxy'), upgrading, clientAddress: plainAddress(peer) };
  }
  const clientAddress = readClientAddress(request, trustedProxies);
  const malformed = (detail: string): Subrequest => ({
    handshake: deny('malformed_request', detail),
    upgrading,
    clientAddress: isDenied(clientAddress) ? undefined : clientAddress,
  });
  if (isDenied(clientAddress)) return malformed('client address');
  const target = agree(
    lines(request, 'x-original-uri')
      .concat(lines(request, 'x-original-url').map(dropAuthority))
      .concat(lines(request, 'x-forwarded-uri')),
  );
  if (target === undefined) return malformed('X-Original-URI is missing');
  const parsedTarget = isDenied(target) ? undefined : parseTarget(target);
  if (parsedTarget === undefined) return malformed('X-Original-URI');
  const hosts = lines(request, ...told.host);
  const host = agree(hosts.map(parseHost));
  if (host === undefined || isDenied(host)) return malformed('Host and X-Forwarded-Host');
  const method = agree(lines(request, ...told.method)) ?? request.method;
  if (method === undefined || isDenied(method) || !isMethod(method)) return malformed('method');
  const scheme = agree(lines(request, 'x-forwarded-proto').map(parseScheme));
  if (isDenied(scheme)) return malformed('X-Forwarded-Proto');
  const gateName = agree(lines(request, 'x-postern-gate'));
  if (isDenied(gateName) || (gateName !== undefined && !isGateName(gateName))) {
    return malformed('X-Postern-Gate');
  }
  const origin = agree(lines(request, 'origin'));
  if (isDenied(origin)) return malformed('Origin');
  const authorization = agree(lines(request, 'authorization'));
  if (isDenied(authorization)) return malformed('Authorization');
  return {
    handshake: {
      gateName,
      method,
      scheme,
      host,
      port: hosts.map(portOf).find((port) => port !== '') ?? '',
      path: parsedTarget.path,
      query: parsedTarget.query,
      upgrade,
      origin,
      // As Node joins the lines of this header (RFC 9113, section 8.2.3).
      cookie: request.headersDistinct.cookie?.join('; '),
      authorization,
      subprotocols: lines(request, 'sec-websocket-protocol').join(', ') || undefined,
      clientAddress,
    },
    upgrading,
    clientAddress,
  };
}

const contradiction = Symbol('contradiction');
type Contradiction = typeof contradiction;

function isDenied(value: unknown): value is Contradiction {
  return value === contradiction;
}

/** The one value that all lines give, undefined without any. A line that could not be read is `undefined`. */
function agree<T>(values: readonly (T | undefined)[]): T | undefined | Contradiction {
  if (values.length === 0) return undefined;
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : contradiction;
}

/** The lines of a header, without empty ones: nginx sends no header for an empty variable. */
function lines(request: SubrequestHead, ...names: readonly string[]): string[] {
  return names.flatMap((name) => request.headersDistinct[name] ?? []).filter((line) => line !== '');
}

/** `X-Original-Upgrade` from a snippet of ours; `Upgrade` where the auth location passes it on. */
function readUpgrade(request: SubrequestHead): Upgrade {
  const asked = lines(request, ...told.upgrade).map((line) => line.toLowerCase());
  const value = agree(asked);
  return isDenied(value) ? 'other' : parseUpgrade(value);
}

/** `https://app.example.com/x?y` without its scheme and authority; something else as it is. */
function dropAuthority(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** `:8443`; only for addresses that people are sent to, so it need not be told by all. */
function portOf(host: string): string {
  return /:\d{1,5}$/.exec(host)?.[0] ?? '';
}

function parseScheme(value: string): 'http' | 'https' | undefined {
  if (value === 'https' || value === 'wss') return 'https';
  return value === 'http' || value === 'ws' ? 'http' : undefined;
}

/**
 * The address of nginx's client: `X-Real-IP`, else the last address in `X-Forwarded-For` that is no
 * trusted proxy. Undefined when nginx does not tell; its own address is never taken for a client's.
 */
function readClientAddress(
  request: SubrequestHead,
  trustedProxies: NetworkSet,
): string | undefined | Contradiction {
  const real = agree(lines(request, 'x-real-ip').map(plainAddress));
  if (real !== undefined) return real;
  const hops = lines(request, 'x-forwarded-for')
    .flatMap((line) => line.split(','))
    .map((hop) => plainAddress(hop.trim()));
  if (hops.includes(undefined)) return contradiction;
  return hops.findLast((hop) => hop !== undefined && !trustedProxies.includes(hop)) ?? hops[0];
}
