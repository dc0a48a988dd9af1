import { randomBytes } from 'node:crypto';
import { hostHeader, type Target } from './target.ts';

/** A request that the probe sends. Header values may be secrets. */
export interface ProbeRequest {
  /** Path and query, when not those of the target. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A key for `Sec-WebSocket-Key`: 16 random bytes (RFC 6455, section 4.1). */
export function newKey(): string {
  return randomBytes(16).toString('base64');
}

/** The headers of a complete handshake (RFC 6455, section 4.1). */
export function handshakeHeaders(key: string): Record<string, string> {
  return {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
  };
}

/** The bytes of a GET request. Throws TypeError rather than send a header that would end a line. */
export function renderRequest(target: Target, { path, headers = {} }: ProbeRequest): string {
  const all = {
    Host: hostHeader(target),
    'User-Agent': 'postern-doctor',
    Accept: '*/*',
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  if (lines.some((line) => /[\0\r\n]/.test(line)))
    throw new TypeError('a header holds a line break');
  return [`GET ${path ?? target.path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
