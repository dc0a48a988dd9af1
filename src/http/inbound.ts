import type { IncomingMessage } from 'node:http';
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

/**
 * Reads the handshake that a subrequest of nginx's auth_request is about. Where several headers, or
 * several lines of one, tell the same fact, they have to agree: one of them may be the client's own,
 * and nobody can say which.
 */
export function readSubrequest(request: IncomingMessage, trustedProxies: NetworkSet): Subrequest {
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
  const host = agree(
    lines(request, 'host').concat(lines(request, 'x-forwarded-host')).map(parseHost),
  );
  if (host === undefined || isDenied(host)) return malformed('Host and X-Forwarded-Host');
  const method =
    agree(lines(request, 'x-original-method').concat(lines(request, 'x-forwarded-method'))) ??
    request.method;
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
      path: parsedTarget.path,
      query: parsedTarget.query,
      upgrade,
      origin,
      cookie: request.headers.cookie,
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
function lines(request: IncomingMessage, name: string): string[] {
  return request.headersDistinct[name]?.filter((line) => line !== '') ?? [];
}

/** `X-Original-Upgrade` from a snippet of ours; `Upgrade` where the auth location passes it on. */
function readUpgrade(request: IncomingMessage): Upgrade {
  const asked = lines(request, 'x-original-upgrade')
    .concat(lines(request, 'upgrade'))
    .map((line) => line.toLowerCase());
  const value = agree(asked);
  return isDenied(value) ? 'other' : parseUpgrade(value);
}

/** `https://app.example.com/x?y` without its scheme and authority; something else as it is. */
function dropAuthority(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
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
  request: IncomingMessage,
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
