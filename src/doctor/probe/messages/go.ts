import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What clients and servers in Go say. */
export const goMessages: readonly KnownMessage[] = [
  {
    by: 'Go, gorilla/websocket',
    example: 'websocket: bad handshake',
    pattern: new RegExp(
      `websocket: bad handshake(?:\\W{0,8}(?:HTTP |with |status |code |response )*\\W{0,3}${status})?`,
      'i',
    ),
    note: 'The status is in the *http.Response that Dial returns beside the error; print it, or run "postern doctor probe wss://…".',
  },
  {
    by: 'Go, gorilla/websocket (server)',
    example:
      "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
    pattern: /the client is not using the websocket protocol|websocket: not a websocket handshake/i,
    code: 'upgrade-headers-missing',
  },
  {
    by: 'Go, gorilla/websocket (server)',
    example: 'websocket: request origin not allowed by Upgrader.CheckOrigin',
    pattern: /request origin not allowed by upgrader/i,
    code: 'application-refused-origin',
  },
  {
    by: 'Go, coder/websocket',
    example: 'failed to WebSocket dial: expected handshake response status code 101 but got 302',
    pattern: new RegExp(`expected handshake response status code 101 but got ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Go, coder/websocket',
    example:
      'failed to WebSocket dial: failed to send handshake request: Get "https://app.example.com/ws": EOF',
    pattern: /failed to send handshake request: Get "[^"]*": (?:unexpected )?EOF/i,
    code: 'closed-without-answer',
    followsRedirects: true,
  },
  {
    by: 'Go, coder/websocket',
    example:
      'failed to WebSocket dial: failed to send handshake request: Get "https://app.example.com/ws": no such host',
    pattern: /failed to send handshake request: Get "[^"]*": .*no such host/i,
    code: 'dns-failed',
    followsRedirects: true,
  },
  {
    by: 'Go, coder/websocket',
    example:
      'failed to WebSocket dial: failed to send handshake request: Get "https://app.example.com/ws": x509: certificate signed by unknown authority',
    pattern: /failed to send handshake request: Get "[^"]*": .*(?:x509|certificate)/i,
    code: 'tls-untrusted',
    followsRedirects: true,
  },
  {
    by: 'Go, coder/websocket',
    example:
      'failed to WebSocket dial: failed to send handshake request: Get "https://app.example.com/ws": dial tcp 192.0.2.7:443: connection refused',
    pattern:
      /failed to send handshake request: Get "[^"]*": .*(?:refused|unreachable|timeout|deadline)/i,
    code: 'connection-failed',
    followsRedirects: true,
  },
  {
    by: 'Go, coder/websocket',
    example: 'failed to send handshake request: Get "/login": stopped after 10 redirects',
    pattern: /stopped after \d+ redirects/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
  },
  {
    by: 'Go, gobwas/ws',
    example: 'unexpected HTTP response status: 302',
    pattern: new RegExp(`unexpected HTTP response status: ${status}`, 'i'),
  },
  {
    by: 'Go, gws',
    example: 'unexpected status code: 302',
    pattern: new RegExp(`unexpected status code: ${status}$`, 'im'),
  },
  {
    by: 'Go, golang.org/x/net/websocket',
    example: 'websocket.Dial ws://host/path: bad status',
    pattern: /websocket\.Dial \S+: (?:bad status|missing or bad)/i,
    note: `It keeps the status to itself. ${askProbe}`,
  },
  {
    by: 'Go, net/http',
    example: 'http: server gave HTTP response to HTTPS client',
    pattern: /server gave HTTP response to HTTPS client/i,
    code: 'tls-failed',
  },
];
