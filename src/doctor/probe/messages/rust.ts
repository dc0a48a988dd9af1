import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What clients in Rust say, in the words of `Display` and of `Debug`. */
export const rustMessages: readonly KnownMessage[] = [
  {
    by: 'websocat',
    example: 'WebSocketError: Redirected (302 Found) to https://login.example.com/login',
    pattern: new RegExp(`websocketerror: redirected \\(${status}`, 'i'),
    code: 'upgrade-redirected',
  },
  {
    by: 'websocat',
    example: 'WebSocketError: Received unexpected status code (302 Found)',
    pattern: new RegExp(`received unexpected status code(?: \\(?${status})?`, 'i'),
    note: 'Versions before 1.6 leave the status out.',
  },
  {
    by: 'Rust tungstenite',
    example: 'HTTP error: 302 Found',
    pattern: new RegExp(`\\bHTTP error: ${status}`, 'i'),
  },
  {
    by: 'Rust tungstenite',
    example:
      'Http(Response { status: 302, version: HTTP/1.1, headers: {"server": "nginx"}, body: None })',
    pattern: new RegExp(`\\bResponse ?\\{ ?status: (?:StatusCode\\()?${status}`, 'i'),
  },
  {
    by: 'Rust tungstenite',
    example: 'URL error: URL scheme not supported',
    pattern: /\bURL scheme not supported|UnsupportedUrlScheme/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'tungstenite’s connect() follows redirects, and an https address is no socket: it is the login page. (Where the address that you gave begins with https, write wss.)',
  },
  {
    by: 'Rust tungstenite',
    example: 'WebSocket protocol error: Handshake not finished',
    pattern: /handshake not finished|HandshakeIncomplete/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Rust tungstenite',
    example: 'URL error: Unable to connect to wss://host/path',
    pattern: /\bURL error: unable to connect to|\bUnableToConnect\(/i,
    code: 'connection-failed',
  },
  {
    by: 'Rust tungstenite (server)',
    example: 'WebSocket protocol error: No "Connection: upgrade" header',
    pattern:
      /no "(?:connection: upgrade|upgrade: websocket|sec-websocket-\w+)[^"]*" header|MissingConnectionUpgradeHeader|MissingUpgradeWebSocketHeader/i,
    code: 'upgrade-headers-missing',
  },
  {
    by: 'Rust reqwest-websocket',
    example: 'Handshake(UnexpectedStatusCode(302))',
    pattern: new RegExp(
      `(?:UnexpectedStatusCode\\(|unexpected status code: )${status}(?=\\)| [A-Z])`,
      'i',
    ),
    followsRedirects: true,
  },
  {
    by: 'Rust tungstenite, before 0.15',
    example: 'Http(302)',
    pattern: new RegExp(`\\bHttp\\((?:StatusCode\\()?${status}`),
  },
  {
    by: 'Rust reqwest',
    example: 'error following redirect for url (https://login.example.com/login)',
    pattern: /error following redirect for url/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
  },
  {
    by: 'Rust reqwest',
    example: 'error sending request for url (https://app.example.com/ws)',
    pattern: /error sending request for url/i,
    code: 'connection-failed',
    followsRedirects: true,
  },
  {
    by: 'Rust awc',
    example: 'InvalidResponseStatus(302)',
    pattern: new RegExp(`InvalidResponseStatus\\(${status}`),
  },
  {
    by: 'Rust awc, reqwest-websocket',
    example: 'Invalid response status',
    pattern: /\b(?:invalid response status$|websocket upgrade failed$)/im,
    note: `The status is in the source of the error. ${askProbe}`,
  },
  {
    by: 'Rust hyper',
    example: 'hyper::Error(IncompleteMessage)',
    pattern: /\bIncompleteMessage\b|connection closed before message completed/i,
    code: 'closed-without-answer',
  },
];
