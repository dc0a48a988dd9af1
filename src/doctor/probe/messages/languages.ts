import { type KnownMessage, status } from '../known-message.ts';

/** What clients in Go, Rust, Java, Kotlin and C# say. */
export const languageMessages: readonly KnownMessage[] = [
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
    by: 'Go, gorilla/websocket',
    example: 'websocket: bad handshake',
    pattern: /websocket: bad handshake/i,
    note: 'The status is in the *http.Response that Dial returns beside the error; print it, or run "postern doctor probe wss://…".',
  },
  {
    by: 'Go, gorilla/websocket (server)',
    example:
      "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
    pattern: /the client is not using the websocket protocol|not a websocket handshake/i,
    code: 'upgrade-headers-missing',
  },
  {
    by: 'Go, coder/websocket',
    example: 'failed to WebSocket dial: expected handshake response status code 101 but got 302',
    pattern: new RegExp(`expected handshake response status code 101 but got ${status}`, 'i'),
  },
  {
    by: 'Java, java.net.http',
    example: 'java.net.http.WebSocketHandshakeException: Unexpected HTTP response status code 302',
    pattern: new RegExp(`unexpected HTTP response status code ${status}`, 'i'),
    note: 'WebSocketHandshakeException has the answer in getResponse().',
  },
  {
    by: 'Java, java.net.http',
    example: 'java.util.concurrent.CompletionException: java.net.http.WebSocketHandshakeException',
    pattern: /java\.net\.http\.WebSocketHandshakeException/,
    note: 'The answer is in its getResponse(), the status in the cause. "postern doctor probe wss://…" shows it too.',
  },
  {
    by: 'Java, Java-WebSocket',
    example: 'Invalid status code received: 302 Status line: HTTP/1.1 302 Found',
    pattern: new RegExp(`invalid status code received: ${status}`, 'i'),
  },
  {
    by: 'Java, Tyrus',
    example: 'Response code was not 101: 302',
    pattern: new RegExp(`response code was not 101: ${status}`, 'i'),
  },
  {
    by: 'Java, Netty',
    example: 'Invalid handshake response getStatus: 302 Moved Temporarily',
    pattern: new RegExp(`invalid handshake response (?:get)?status: ${status}`, 'i'),
  },
  {
    by: 'Java, nv-websocket-client',
    example:
      "The status code of the opening handshake response is not '101 Switching Protocols'. The status line is: HTTP/1.1 302 Found",
    pattern: new RegExp(`opening handshake response is not '101 .*HTTP/1\\.[01] ${status}`, 'i'),
  },
  {
    by: 'Android, OkHttp',
    example: "Expected HTTP 101 response but was '302 Found'",
    pattern: new RegExp(`expected HTTP 101 response but was '${status}`, 'i'),
  },
  {
    by: '.NET',
    example: "The server returned status code '302' when status code '101' was expected.",
    pattern: new RegExp(`server returned status code '${status}' when`, 'i'),
  },
];
