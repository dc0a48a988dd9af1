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
import { type NetworkSet, normalizeAddress } from '../lib/network.ts';
import type { Subrequest } from './answer.ts';
import {
  collectHeaders,
  type ForwardedHeaders,
  factIndex,
  type SubrequestHead,
} from './forwarded-headers.ts';

/**
 * Reads the handshake that a subrequest of nginx's auth_request describes. Several headers, or several
 * lines of one, that describe the same fact must have the same value, or the request is malformed: one of
 * them may come from the client, and nothing tells which.
 */
export function readSubrequest(head: SubrequestHead, trustedProxies: NetworkSet): Subrequest {
  const peer = head.socket.remoteAddress;
  const headers = collectHeaders(head);
  const upgrade = readUpgrade(headers);
  const upgrading = upgrade !== 'none';
  // A Unix socket has no remote address; its file's mode says who may connect.
  if (peer !== undefined && !trustedProxies.includes(peer)) {
    return { handshake: deny('untrusted_proxy'), upgrading, clientAddress: normalizeAddress(peer) };
  }
  const clientAddress = readClientAddress(headers, trustedProxies);
  const malformed = (detail: string): Subrequest => ({
    handshake: deny('malformed_request', detail),
    upgrading,
    clientAddress: isConflict(clientAddress) ? undefined : clientAddress,
  });
  if (isConflict(clientAddress)) {
    return malformed(
      headers[factIndex.address]?.includes('unix:') ? throughUnixSocket : 'client address',
    );
  }
  const target = readTarget(headers);
  if (target === undefined) return malformed('X-Original-URI is missing');
  const parsedTarget = isConflict(target) ? undefined : parseTarget(target);
  if (parsedTarget === undefined) return malformed('X-Original-URI');
  const host = singleValue(headers[factIndex.host], knownHost);
  if (host === undefined || isConflict(host)) return malformed('Host and X-Forwarded-Host');
  const method = singleValue(headers[factIndex.method]) ?? head.method;
  if (method === undefined || isConflict(method) || !isMethod(method)) return malformed('method');
  const scheme = singleValue(headers[factIndex.scheme], parseScheme);
  if (isConflict(scheme)) return malformed('X-Forwarded-Proto');
  const asked = readAuthUri(headers);
  if (isConflict(asked)) return malformed('X-Postern-Auth-URI');
  const gateName = singleValue([
    ...(headers[factIndex.gate] ?? []),
    ...(asked?.gateName === undefined ? [] : [asked.gateName]),
  ]);
  if (isConflict(gateName) || (gateName !== undefined && !isGateName(gateName))) {
    return malformed('X-Postern-Gate');
  }
  const location = readLocation(headers);
  if (isConflict(location)) return malformed('X-Postern-Location-URI');
  if (asked !== undefined && gateName === undefined && location === undefined) {
    return malformed(
      'the lines of postern-location.conf did not run for this request (limit_except, a nested location, a break before them, or a file older than postern-server.conf): include gates/NAME.conf, or include the file in the nested location too',
    );
  }
  const origin = singleValue(headers[factIndex.origin]);
  if (isConflict(origin)) return malformed('Origin');
  const authorization = singleValue(headers[factIndex.authorization]);
  if (isConflict(authorization)) return malformed('Authorization');
  const apiKey = singleValue(headers[factIndex.apiKey]);
  if (isConflict(apiKey)) return malformed('X-Api-Key');
  return {
    handshake: {
      gateName,
      method,
      scheme,
      host,
      port: readPort(headers[factIndex.host]),
      path: parsedTarget.path,
      locationPath: location?.path,
      isGateNameVariable: gateName !== undefined && asked?.gateName === undefined,
      query: parsedTarget.query,
      keepsQueryToken: asked !== undefined && location === undefined,
      isEarlyData: headers[factIndex.early] !== undefined,
      upgrade,
      origin,
      // As Node joins the lines of this header (RFC 9113, section 8.2.3).
      cookie: headers[factIndex.cookie]?.join('; '),
      authorization,
      apiKey,
      subprotocols: headers[factIndex.subprotocols]?.join(', '),
      clientAddress,
    },
    upgrading,
    clientAddress,
    trace: readTrace(headers),
  };
}

const throughUnixSocket =
  'client address: nginx sends "unix:" for a request through its "listen unix:"; add set_real_ip_from unix: and real_ip_header there';

/** The trace context (W3C Trace Context). No decision depends on it, so a conflict only leaves it out. */
function readTrace(headers: ForwardedHeaders): Subrequest['trace'] {
  const parent = singleValue(headers[factIndex.traceparent]);
  if (parent === undefined || isConflict(parent)) return undefined;
  const state = headers[factIndex.tracestate]?.join(',');
  return { traceparent: parent, ...(state !== undefined && { tracestate: state }) };
}

const conflict = Symbol('conflict');
type Conflict = typeof conflict;

function isConflict(value: unknown): value is Conflict {
  return value === conflict;
}

/** The value that all lines have in common; undefined without lines. `read` returns undefined for an invalid line. */
function singleValue(lines: readonly string[] | undefined): string | undefined | Conflict;
function singleValue<T>(
  lines: readonly string[] | undefined,
  read: (line: string) => T | undefined,
): T | undefined | Conflict;
function singleValue(
  lines: readonly string[] | undefined,
  read: (line: string) => unknown = (line) => line,
): unknown {
  if (lines === undefined || lines.length === 0) return undefined;
  const first = read(lines[0] as string);
  if (first === undefined) return conflict;
  for (let i = 1; i < lines.length; i++) {
    if (read(lines[i] as string) !== first) return conflict;
  }
  return first;
}

const knownHost = memoize(parseHost);

/** The request target. `X-Original-URL` holds it with scheme and authority before it. */
function readTarget(headers: ForwardedHeaders): string | undefined | Conflict {
  const uri = headers[factIndex.uri];
  const url = headers[factIndex.url];
  return singleValue(url === undefined ? uri : [...(uri ?? []), ...url.map(dropAuthority)]);
}

/** Undefined with nginx files of an older version, which do not send it. */
function readAuthUri(headers: ForwardedHeaders): ReturnType<typeof parseAuthUri> | Conflict {
  const uri = singleValue(headers[factIndex.authUri]);
  if (uri === undefined || isConflict(uri)) return uri;
  return parseAuthUri(uri) ?? conflict;
}

/** The path by which nginx chose the location; undefined where the lines that set it did not run. */
function readLocation(headers: ForwardedHeaders): { readonly path: string } | undefined | Conflict {
  const uri = singleValue(headers[factIndex.locationUri]);
  if (uri === undefined || isConflict(uri)) return uri;
  return uri.startsWith('/') ? { path: uri } : conflict;
}

/** `X-Original-Upgrade` from a snippet of ours; `Upgrade` where the auth location passes it on. */
function readUpgrade(headers: ForwardedHeaders): Upgrade {
  const value = singleValue(headers[factIndex.upgrade], (line) => line.toLowerCase());
  return isConflict(value) ? 'other' : parseUpgrade(value);
}

/** `https://app.example.com/x?y` without its scheme and authority; something else as it is. */
function dropAuthority(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** `:8443`. It is used only in redirect targets, so not every header needs to have it. */
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
 * trusted proxy. Undefined when nginx sends neither; nginx's own address is never used in its place.
 */
function readClientAddress(
  headers: ForwardedHeaders,
  trustedProxies: NetworkSet,
): string | undefined | Conflict {
  const forwarded = headers[factIndex.hops] ?? [];
  const real = singleValue(headers[factIndex.address], normalizeAddress);
  if (real !== undefined) return real;
  const hops = forwarded
    .flatMap((line) => line.split(','))
    .map((hop) => normalizeAddress(hop.trim()));
  if (hops.includes(undefined)) return conflict;
  return hops.findLast((hop) => hop !== undefined && !trustedProxies.includes(hop)) ?? hops[0];
}
