import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { SubrequestHead } from '../src/admission/forwarded-headers.ts';
import { isHttpToken } from '../src/lib/http-token.ts';

/** A subrequest as Node gives it to a handler, as far as ours looks at it. */
export interface Head extends SubrequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Reads the head of a subrequest from an input: its method and the address that it comes from (`-`
 * for a Unix socket), then headers. What Node's own parser would refuse is left out.
 */
export function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\n');
  const [method = 'GET', peer = '-'] = first.split(' ');
  const rawHeaders: string[] = [];
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const value = trim(line.slice(colon + 1));
    if (!isHttpToken(name) || !isFieldValue(value)) continue;
    rawHeaders.push(name, value);
    headers[name.toLowerCase()] = value;
  }
  // A socket has an address, or is one of a file system.
  const remoteAddress = isIP(peer) === 0 ? undefined : peer;
  return {
    method: /^[A-Z-]+$/.test(method) ? method : 'GET',
    url: '/auth',
    headers,
    rawHeaders,
    socket: { remoteAddress },
  };
}

/** Node gives one character an octet, and none of these. */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff || code === 0x7f || (code < 0x20 && code !== 0x09)) return false;
  }
  return true;
}

/** Without spaces and tabs around it, in time linear in the text. */
export function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && ' \t'.includes(value.charAt(start))) start++;
  while (end > start && ' \t'.includes(value.charAt(end - 1))) end--;
  return value.slice(start, end);
}

/** Lines of a head that mean something to the gate, with what usually stands in them. */
export const usualLines: Readonly<Record<string, readonly string[]>> = {
  Host: ['app.example.com', 'APP.example.com:8443', 'app.example.com.', '[::1]', 'a b'],
  'X-Forwarded-Host': ['app.example.com', 'other.example.com', ''],
  'X-Original-URI': ['/', '/ws', '/ws?a=b', '/a b', 'x', '/%zz', '//ws', '/ws#x'],
  'X-Original-URL': ['https://app.example.com/ws', '/ws', 'wss://app.example.com'],
  'X-Forwarded-Uri': ['/', '/ws', '/other'],
  'X-Original-Method': ['GET', 'POST', 'G T'],
  'X-Forwarded-Method': ['GET', 'POST'],
  'X-Forwarded-Proto': ['https', 'http', 'wss', 'ftp'],
  'X-Real-IP': ['203.0.113.7', '192.168.1.7', '::ffff:192.168.1.7', 'x', ''],
  'X-Forwarded-For': ['203.0.113.7', '203.0.113.7, 127.0.0.1', '192.168.1.7, 203.0.113.7', 'x'],
  'X-Original-Upgrade': ['websocket', 'WebSocket', 'h2c', ''],
  Upgrade: ['websocket', 'h2c', 'h2c, websocket', ''],
  'X-Postern-Gate': ['', 'app', 'Not A Gate'],
  'X-Postern-Auth-URI': [
    '/.postern/auth',
    '/.postern/auth/app',
    '/.postern/auth/room',
    '/auth',
    '',
  ],
  'X-Postern-Location-URI': ['/', '/ws', '/rooms/1/ws', '/lobby', 'unprintable', ''],
  Origin: ['https://app.example.com', 'https://evil.example', 'null', ''],
  Cookie: ['postern_token=x', 'a=b'],
  Authorization: ['Bearer x', 'Basic eDp5', ''],
  'X-Api-Key': ['x', 'x, x', ''],
  'Sec-WebSocket-Protocol': ['chat', 'postern.bearer.x, postern', 'a,,b'],
  'X-Other': ['x'],
};
