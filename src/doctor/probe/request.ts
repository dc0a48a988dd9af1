import { createHash, randomBytes } from 'node:crypto';
import { type Answer, headerOf } from './response.ts';
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

/** What is wrong with a 101, in words; undefined when a client would take it. */
export function findBadAccept(answer: Answer, key: string): string | undefined {
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const upgrade = headerOf(answer, 'upgrade');
  const connection = headerOf(answer, 'connection');
  const given = headerOf(answer, 'sec-websocket-accept');
  if (upgrade?.toLowerCase() !== 'websocket') return `Upgrade is ${upgrade ?? 'absent'}`;
  if (
    !connection
      ?.toLowerCase()
      .split(/\s*,\s*/)
      .includes('upgrade')
  ) {
    return `Connection is ${connection ?? 'absent'}`;
  }
  if (given === undefined) return 'Sec-WebSocket-Accept is absent';
  return given === accept ? undefined : 'Sec-WebSocket-Accept does not fit the key';
}
