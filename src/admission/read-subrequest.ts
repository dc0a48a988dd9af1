import { parseAuthUri } from '../core/gate/auth-uri.ts';
import {
  isGateName,
  isMethod,
  parseHost,
  parseTarget,
  parseUpgrade,
  type Upgrade,
} from '../core/gate/handshake.ts';
import { deny } from '../core/model/verdict.ts';
import { memoize } from '../lib/memo.ts';
import { type NetworkSet, plainAddress } from '../lib/network.ts';
import type { Subrequest } from './answer.ts';
import { type SubrequestHead, type ToldFacts, tellFacts } from './subrequest-headers.ts';

/**
 * Reads the handshake that a subrequest of nginx's auth_request is about. Where several headers, or
 * several lines of one, tell the same fact, they have to agree: one of them may be the client's own,
 * and nobody can say which.
 */
export function readSubrequest(head: SubrequestHead, trustedProxies: NetworkSet): Subrequest {
  const peer = head.socket.remoteAddress;
  const told = tellFacts(head);
  const upgrade = readUpgrade(told);
  const upgrading = upgrade !== 'none';
  // A Unix socket has no remote address; its file's mode says who may connect.
  if (peer !== undefined && !trustedProxies.includes(peer)) {
    return { handshake: deny('untrusted_proxy'), upgrading, clientAddress: plainAddress(peer) };
  }
  const clientAddress = readClientAddress(told, trustedProxies);
  const malformed = (detail: string): Subrequest => ({
    handshake: deny('malformed_request', detail),
    upgrading,
    clientAddress: isDenied(clientAddress) ? undefined : clientAddress,
  });
  if (isDenied(clientAddress)) {
    return malformed(told.address?.includes('unix:') ? throughUnixSocket : 'client address');
  }
  const target = readTarget(told);
  if (target === undefined) return malformed('X-Original-URI is missing');
  const parsedTarget = isDenied(target) ? undefined : parseTarget(target);
  if (parsedTarget === undefined) return malformed('X-Original-URI');
  const host = agree(told.host, knownHost);
  if (host === undefined || isDenied(host)) return malformed('Host and X-Forwarded-Host');
  const method = agree(told.method) ?? head.method;
  if (method === undefined || isDenied(method) || !isMethod(method)) return malformed('method');
  const scheme = agree(told.scheme, parseScheme);
  if (isDenied(scheme)) return malformed('X-Forwarded-Proto');
  const asked = readAuthUri(told);
  if (isDenied(asked)) return malformed('X-Postern-Auth-URI');
  const gateName = agree([
    ...(told.gate ?? []),
    ...(asked?.gateName === undefined ? [] : [asked.gateName]),
  ]);
  if (isDenied(gateName) || (gateName !== undefined && !isGateName(gateName))) {
    return malformed('X-Postern-Gate');
  }
  const location = readLocation(told);
  if (isDenied(location)) return malformed('X-Postern-Location-URI');
  if (asked !== undefined && gateName === undefined && location === undefined) {
    return malformed(
      'the lines of postern-location.conf did not run for this request (limit_except, a nested location, a break before them, or a file older than postern-server.conf): include gates/NAME.conf, or include the file in the nested location too',
    );
  }
  const origin = agree(told.origin);
  if (isDenied(origin)) return malformed('Origin');
  const authorization = agree(told.authorization);
  if (isDenied(authorization)) return malformed('Authorization');
  return {
    handshake: {
      gateName,
      method,
      scheme,
      host,
      port: readPort(told.host),
      path: parsedTarget.path,
      locationPath: location?.path,
      isNameSet: gateName !== undefined && asked?.gateName === undefined,
      query: parsedTarget.query,
      keepsToken: asked !== undefined && location === undefined,
      isEarly: told.early !== undefined,
      upgrade,
      origin,
      // As Node joins the lines of this header (RFC 9113, section 8.2.3).
      cookie: told.cookie?.join('; '),
      authorization,
      subprotocols: told.subprotocols?.join(', '),
      clientAddress,
    },
    upgrading,
    clientAddress,
    trace: readTrace(told),
  };
}

const throughUnixSocket =
  'client address: nginx sends "unix:" for a request through its "listen unix:"; add set_real_ip_from unix: and real_ip_header there';

/** Nothing depends on it, so what cannot be told apart is left out. */
function readTrace({ traceparent, tracestate }: ToldFacts): Subrequest['trace'] {
  const parent = agree(traceparent);
  if (parent === undefined || isDenied(parent)) return undefined;
  const state = tracestate?.join(',');
  return { traceparent: parent, ...(state !== undefined && { tracestate: state }) };
}

const contradiction = Symbol('contradiction');
type Contradiction = typeof contradiction;

function isDenied(value: unknown): value is Contradiction {
  return value === contradiction;
}

/** The one value that all lines give, undefined without any; `read` gives undefined for what it cannot. */
function agree(lines: readonly string[] | undefined): string | undefined | Contradiction;
function agree<T>(
  lines: readonly string[] | undefined,
  read: (line: string) => T | undefined,
): T | undefined | Contradiction;
function agree(
  lines: readonly string[] | undefined,
  read: (line: string) => unknown = (line) => line,
): unknown {
  if (lines === undefined || lines.length === 0) return undefined;
  const first = read(lines[0] as string);
  if (first === undefined) return contradiction;
  for (let i = 1; i < lines.length; i++) {
    if (read(lines[i] as string) !== first) return contradiction;
  }
  return first;
}

const knownHost = memoize(parseHost);

/** `X-Original-URL` tells the same as the others, with scheme and authority before it. */
function readTarget({ uri, url }: ToldFacts): string | undefined | Contradiction {
  return agree(url === undefined ? uri : [...(uri ?? []), ...url.map(dropAuthority)]);
}

/** Undefined for files of before, which do not tell it. */
function readAuthUri({ authUri }: ToldFacts): ReturnType<typeof parseAuthUri> | Contradiction {
  const uri = agree(authUri);
  if (uri === undefined || isDenied(uri)) return uri;
  return parseAuthUri(uri) ?? contradiction;
}

/** The path by which nginx chose the location; undefined where the lines that tell it did not run. */
function readLocation({
  locationUri,
}: ToldFacts): { readonly path: string } | undefined | Contradiction {
  const uri = agree(locationUri);
  if (uri === undefined || isDenied(uri)) return uri;
  return uri.startsWith('/') ? { path: uri } : contradiction;
}

/** `X-Original-Upgrade` from a snippet of ours; `Upgrade` where the auth location passes it on. */
function readUpgrade({ upgrade }: ToldFacts): Upgrade {
  const value = agree(upgrade, (line) => line.toLowerCase());
  return isDenied(value) ? 'other' : parseUpgrade(value);
}

/** `https://app.example.com/x?y` without its scheme and authority; something else as it is. */
function dropAuthority(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** `:8443`; only for addresses that people are sent to, so it need not be told by all. */
function readPort(hosts: readonly string[] | undefined): string {
  for (const host of hosts ?? []) {
    const port = /:\d{1,5}$/.exec(host);
    if (port !== null) return port[0];
  }
  return '';
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
  { address, hops: forwarded = [] }: ToldFacts,
  trustedProxies: NetworkSet,
): string | undefined | Contradiction {
  const real = agree(address, plainAddress);
  if (real !== undefined) return real;
  const hops = forwarded.flatMap((line) => line.split(',')).map((hop) => plainAddress(hop.trim()));
  if (hops.includes(undefined)) return contradiction;
  return hops.findLast((hop) => hop !== undefined && !trustedProxies.includes(hop)) ?? hops[0];
}
