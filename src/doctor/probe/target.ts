import { isIP } from 'node:net';

/** The address under examination. */
export interface Target {
  readonly secure: boolean;
  /** Host name or address, lower case, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query as they go into the request line. The query may hold a secret. */
  readonly path: string;
  /** Where to connect instead of `host:port`, as curl's `--connect-to`. */
  readonly connect: { readonly host: string; readonly port: number } | undefined;
}

/** Reads an address; the message says what is wrong with it and never repeats a secret in it. */
export function parseTarget(address: string, connect?: string): Target | { problem: string } {
  if (!URL.canParse(address)) {
    return { problem: 'the address is not a URL; write it as wss://host/path' };
  }
  const url = new URL(address);
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    return { problem: `"${url.protocol}" is not one of wss:, ws:, https: and http:` };
  }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'remove user and password from the address; use --token-file for a token' };
  }
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const instead = connect === undefined ? undefined : parseConnect(connect);
  if (connect !== undefined && instead === undefined) {
    return { problem: '--connect takes host:port, with brackets around an IPv6 address' };
  }
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 443 : 80),
    path: url.pathname + url.search,
    connect: instead,
  };
}

/** The value of `Host`. */
export function hostHeader({ secure, host, port }: Target): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}

/** The origin of a page on the same host. */
export function ownOrigin(target: Target): string {
  return `${target.secure ? 'https' : 'http'}://${hostHeader(target)}`;
}

/** The address for people: values in the query are left out, since one may be a token. */
export function renderTarget(target: Target): string {
  return `${target.secure ? 'wss' : 'ws'}://${hostHeader(target)}${hideValues(target.path)}`;
}

/** A path or an address with the values of its query left out, and without its fragment. */
export function hideValues(address: string): string {
  const [before = ''] = address.split('#');
  const mark = before.indexOf('?');
  if (mark === -1) return before;
  const names = before
    .slice(mark + 1)
    .split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=…` : '…'));
  return `${before.slice(0, mark)}?${names.join('&')}`;
}

/** The path with one more parameter in its query. */
export function withParameter(path: string, name: string, value: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

function parseConnect(text: string): Target['connect'] {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return match?.[1] !== undefined && isIP(host) !== 6 ? undefined : { host, port };
}
