import { type KnownMessage, status } from '../known-message.ts';

/** What Python libraries say. */
export const pythonMessages: readonly KnownMessage[] = [
  {
    by: 'Python websockets',
    example: "https://login.example.com/ isn't a valid URI: scheme isn't ws or wss",
    pattern: /isn't a valid URI: scheme isn't ws or wss|scheme isn't ws or wss/i,
    code: 'upgrade-redirected',
    note: 'The library followed a redirect to an https address, which is the login page.',
  },
  {
    by: 'Python websockets',
    example: 'server rejected WebSocket connection: HTTP 302',
    pattern: new RegExp(`server rejected websocket connection: HTTP ${status}`, 'i'),
    note: 'InvalidStatus, or InvalidStatusCode before version 14. "HTTP 200" may be a login page on the same host, to which the library followed a redirect.',
  },
  {
    by: 'Python websockets',
    example: 'did not receive a valid HTTP response',
    pattern: /did not receive a valid HTTP response/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Python websocket-client',
    example: "Handshake status 302 Found -+-+- {'server': 'nginx'}",
    pattern: new RegExp(`handshake status ${status}`, 'i'),
  },
  {
    by: 'Python websocket-client',
    example: 'Redirect limit exhausted',
    pattern: /redirect limit exhausted/i,
    code: 'upgrade-redirected',
  },
  {
    by: 'Python aiohttp',
    example: "302, message='Invalid response status', url='wss://host/path'",
    pattern: new RegExp(`${status}, message='?Invalid response status`, 'i'),
  },
];
