import { isIPv6 } from 'node:net';
import { isHttpToken } from '../../lib/http-token.ts';

/**
 * What a client's request asks to switch to. `other` is anything but exactly `websocket`, lists
 * such as `h2c, websocket` included: a proxy that forwarded those would open a tunnel.
 */
export type Upgrade = 'none' | 'websocket' | 'other';

/**
 * The client's request to the protected place, as nginx described it: one that asks to upgrade to
 * WebSocket (RFC 6455, section 4.1) or an ordinary one. All facts are already parsed and normalised.
 */
export interface Handshake {
  /** The gate that the nginx configuration named, undefined when it named none. */
  readonly gateName: string | undefined;
  readonly method: string;
  /** Scheme of the client's request to nginx, undefined when nginx did not say. */
  readonly scheme: 'http' | 'https' | undefined;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** The port in `Host` with its colon, as the client wrote it; empty where there was none. */
  readonly port: string;
  /**
   * Path of the request target as sent by the client, without the query. Undefined for a sign-in, which has
   * no path: restrictions on paths and gates apply to the handshakes of the session.
   */
  readonly path: string | undefined;
  /**
   * `$uri`: the path by which nginx chose the location, after rewrites; decoded, one character a byte.
   * Undefined when nginx did not say.
   */
  readonly locationPath: string | undefined;
  /**
   * Whether the gate's name came from an nginx variable. A variable keeps its value across internal
   * redirects, so the name may be of a location that nginx left.
   */
  readonly isGateNameVariable: boolean;
  /** Query as sent, without `?`; undefined when there is none. May hold a secret. */
  readonly query: string | undefined;
  /** True where nginx does not strip tokens from the query: the backend would see them. */
  readonly keepsQueryToken: boolean;
  /** True for TLS early data (RFC 8470), which may be a replay. */
  readonly isEarlyData: boolean;
  readonly upgrade: Upgrade;
  /** `Origin` header as sent (RFC 6454), undefined when absent. */
  readonly origin: string | undefined;
  /** `Cookie` header as sent, undefined when absent. Holds secrets. */
  readonly cookie: string | undefined;
  /** `Authorization` header as sent, undefined when absent. Holds secrets. */
  readonly authorization: string | undefined;
  /** `X-Api-Key` header as sent, undefined when absent. May hold a secret. */
  readonly apiKey: string | undefined;
  /** `Sec-WebSocket-Protocol` header as sent, undefined when absent. May hold a secret. */
  readonly subprotocols: string | undefined;
  /** IP address of the client that nginx served, undefined when nginx did not say. */
  readonly clientAddress: string | undefined;
}

/**
 * A handshake with nothing in it: the one place that lists all fields beside the type, for code that
 * knows only some of them.
 */
export const emptyHandshake: Handshake = {
  gateName: undefined,
  method: 'GET',
  scheme: undefined,
  host: '',
  port: '',
  path: undefined,
  locationPath: undefined,
  isGateNameVariable: false,
  query: undefined,
  keepsQueryToken: false,
  isEarlyData: false,
  upgrade: 'none',
  origin: undefined,
  cookie: undefined,
  authorization: undefined,
  apiKey: undefined,
  subprotocols: undefined,
  clientAddress: undefined,
};

const hostName =
  /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** The form of a gate's name, for schemas: lower case letters, digits, `-` and `_`, at most 64. */
export const gateNamePattern = '^[a-z0-9][a-z0-9_-]{0,63}$';
const gateName = new RegExp(gateNamePattern);

/** True for a valid gate name. */
export function isGateName(value: string): boolean {
  return gateName.test(value);
}

/** True for a method token (RFC 9110, section 9.1). */
export function isMethod(value: string): boolean {
  return value.length <= 32 && isHttpToken(value);
}

/**
 * Normalises a host as it stands in `Host` or `Origin`: lower case, no port, no trailing dot.
 * Undefined when it is no host name, IPv4 address or bracketed IPv6 address.
 */
export function parseHost(value: string): string | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(value);
  const name = match?.[1]?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name.length > 253) return undefined;
  return hostName.test(name) || isIpv6Literal(name) ? name : undefined;
}

/**
 * Splits a request target in origin form (RFC 9112, section 3.2.1); undefined for any other form. A raw `#`
 * is invalid in a target, yet nginx forwards it, and backends disagree on whether the path ends there.
 */
export function parseTarget(
  value: string,
): { path: string; query: string | undefined } | undefined {
  if (!value.startsWith('/') || value.includes('#') || hasControlOrSpace(value)) return undefined;
  const mark = value.indexOf('?');
  // Line breaks, once nginx or a backend decodes them.
  if (encodedControl.test(mark === -1 ? value : value.slice(0, mark))) return undefined;
  return mark === -1
    ? { path: value, query: undefined }
    : { path: value.slice(0, mark), query: value.slice(mark + 1) };
}

const encodedControl = /%(?:[01][0-9a-f]|7f)/i;

/** Parses an `Upgrade` header; absent or empty means an ordinary request. */
export function parseUpgrade(value: string | undefined): Upgrade {
  if (value === undefined || value === '') return 'none';
  return value.toLowerCase() === 'websocket' ? 'websocket' : 'other';
}

/** `[::1]`, without a zone (RFC 3986, section 3.2.2). */
function isIpv6Literal(name: string): boolean {
  return /^\[[^\]%]+\]$/.test(name) && isIPv6(name.slice(1, -1));
}

function hasControlOrSpace(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
