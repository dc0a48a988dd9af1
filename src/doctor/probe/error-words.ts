import type { FindingCode } from './catalog.ts';

/** Words with which a client, or nginx, tells of a handshake that failed. */
export interface ErrorWords {
  /** Who says so. */
  readonly by: string;
  /** How it goes, with `302` for any status: for people, and to compare unknown texts with. */
  readonly example: string;
  /** Recognises it; a group `status` is the HTTP status of the answer. */
  readonly pattern: RegExp;
  /** What it is, where the words themselves say; otherwise the status decides. */
  readonly code?: FindingCode;
  /** What is worth knowing about these very words. */
  readonly note?: string;
}

/** A status, as clients print it. */
const status = '(?<status>[1-5]\\d\\d)\\b';

/** From the particular to the general: the first that fits counts. */
export const errorWords: readonly ErrorWords[] = [
  {
    by: 'nginx, error log',
    example: 'auth request unexpected status: 302 while sending to client',
    pattern: /auth request unexpected status: (?<inner>\d{3})/i,
    code: 'auth-service-broken',
    note: 'The status is what the auth service answered; the client got 500.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream sent too big header while reading response header from upstream',
    pattern: /upstream sent too big header/i,
    code: 'backend-unreachable',
    note: 'The headers of an answer do not fit into proxy_buffer_size (4 or 8 KiB). In the auth location the client gets 500: "proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 32k;" there, and look at how large the cookies and identity headers have become.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream sent no valid HTTP/1.0 header while reading response header from upstream',
    pattern: /upstream sent (?:no valid HTTP|invalid|unexpected|unsupported|more data|duplicate)/i,
    code: 'backend-unreachable',
    note: 'What is behind proxy_pass does not speak HTTP/1.1 there: another port, https in the place of http, or "proxy_http_version 1.1;" is missing.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream prematurely closed connection while reading response header from upstream',
    pattern: /upstream prematurely closed connection/i,
    code: 'backend-unreachable',
  },
  {
    by: 'nginx, error log',
    example: 'connect() failed (111: Connection refused) while connecting to upstream',
    pattern:
      /connect\(\) (?:failed|to \S+ failed) .*upstream|no live upstreams|could not be resolved .*Host not found|host not found in upstream/i,
    code: 'backend-unreachable',
    note: 'With "subrequest: \\"/…\\"" in the line it is the auth service that cannot be reached, and the client gets 500.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream timed out (110: Connection timed out) while reading upstream',
    pattern: /upstream timed out .*while (?:reading upstream|proxying upgraded connection)/i,
    code: 'idle-cut',
    note: 'The socket was open and silent for longer than proxy_read_timeout.',
  },
  {
    by: 'nginx, error log',
    example:
      'upstream timed out (110: Connection timed out) while reading response header from upstream',
    pattern: /upstream timed out/i,
    code: 'backend-timeout',
  },
  {
    by: 'Node.js, ws',
    example: 'Unexpected server response: 302',
    pattern: new RegExp(`unexpected server response:? \\(?${status}`, 'i'),
    note: 'Grist’s self-check, wscat, socket.io and most programs on Node.js say it this way.',
  },
  {
    by: 'Node.js, ws',
    example: 'Server sent no subprotocol',
    pattern: /server sent no subprotocol/i,
    code: 'subprotocol-missing',
  },
  {
    by: 'Node.js, ws',
    example: 'Server sent an invalid subprotocol',
    pattern: /server sent (?:an invalid subprotocol|a subprotocol but none was requested)/i,
    code: 'subprotocol-not-offered',
  },
  {
    by: 'Node.js, ws',
    example: 'Invalid Sec-WebSocket-Accept header',
    pattern: /invalid sec-websocket-accept header|incorrect 'sec-websocket-accept' header value/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Node.js, ws (server)',
    example: 'Missing or invalid Sec-WebSocket-Key header',
    pattern: /missing or invalid sec-websocket-(?:key|version) header|^invalid upgrade header$/i,
    code: 'upgrade-headers-missing',
  },
  {
    by: 'Chrome, Edge',
    example: 'Error during WebSocket handshake: Unexpected response code: 302',
    pattern: new RegExp(`unexpected response code: ${status}`, 'i'),
    note: 'Older Safari uses the same words.',
  },
  {
    by: 'Chrome, Edge',
    example: 'HTTP Authentication failed; no valid credentials available',
    pattern: /HTTP Authentication failed; no valid credentials/i,
    code: 'upgrade-denied',
    note: 'The browser’s words for a 401. A page cannot answer it: it needs a cookie, or a token in the address or in a subprotocol.',
  },
  {
    by: 'Chrome, Edge',
    example: "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received",
    pattern: /sent non-empty 'sec-websocket-protocol' header but no response/i,
    code: 'subprotocol-missing',
  },
  {
    by: 'Chrome, Edge',
    example: "Error during WebSocket handshake: 'Upgrade' header is missing",
    pattern: /websocket handshake: '(?:upgrade|connection)' header is missing/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Chrome, Edge',
    example:
      'WebSocket connection to wss failed: Error in connection establishment: net::ERR_CERT_DATE_INVALID',
    pattern: /net::ERR_CERT_DATE_INVALID|certificate has expired|CERT_HAS_EXPIRED/i,
    code: 'tls-expired',
  },
  {
    by: 'Chrome, Edge',
    example:
      'WebSocket connection to wss failed: Error in connection establishment: net::ERR_CERT_COMMON_NAME_INVALID',
    pattern:
      /net::ERR_CERT_COMMON_NAME_INVALID|ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames|no alternative certificate subject name matches|certificate is not valid for '/i,
    code: 'tls-wrong-name',
  },
  {
    by: 'Chrome, Edge',
    example:
      'WebSocket connection to wss failed: Error in connection establishment: net::ERR_CERT_AUTHORITY_INVALID',
    pattern:
      /net::ERR_CERT_AUTHORITY_INVALID|self[- ]signed certificate|certificate signed by unknown authority|PKIX path building failed/i,
    code: 'tls-untrusted',
  },
  {
    by: 'programs with OpenSSL',
    example: 'unable to verify the first certificate',
    pattern:
      /unable to verify the first certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to get local issuer certificate/i,
    code: 'tls-incomplete-chain',
  },
  {
    by: 'Chrome, Edge',
    example:
      'WebSocket connection to wss failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED',
    pattern: /net::ERR_CONNECTION_REFUSED|ECONNREFUSED|connection refused/i,
    code: 'connection-failed',
  },
  {
    by: 'Chrome, Edge',
    example:
      'WebSocket connection to wss failed: Error in connection establishment: net::ERR_NAME_NOT_RESOLVED',
    pattern:
      /net::ERR_NAME_NOT_RESOLVED|ENOTFOUND|EAI_AGAIN|name or service not known|no such host|nodename nor servname/i,
    code: 'dns-failed',
  },
  {
    by: 'Firefox',
    example: 'Firefox can’t establish a connection to the server at wss://host/path.',
    pattern: /can.t establish a connection to the server at wss?:/i,
    note: 'Firefox says the same whatever the reason: redirect, 401, certificate. "postern doctor probe wss://…" tells them apart.',
  },
  {
    by: 'Firefox',
    example: 'The connection to wss://host/path was interrupted while the page was loading.',
    pattern: /connection to wss?:\S* was interrupted/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Safari',
    example:
      'WebSocket connection to wss://host/path failed: There was a bad response from the server.',
    pattern: /there was a bad response from the server/i,
    note: 'Safari says so for every status but 101. "postern doctor probe wss://…" shows which it was.',
  },
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
  {
    by: 'Node.js and Deno, built-in WebSocket',
    example: 'Received network error or non-101 status code.',
    pattern: /non-101 status code/i,
    note: 'It hides the status; newer versions say nothing at all. "postern doctor probe wss://…" shows it.',
  },
  {
    by: 'curl',
    example: 'curl: (22) Refused WebSockets upgrade: 302',
    pattern: new RegExp(`refused websockets? upgrade: ${status}`, 'i'),
  },
  {
    by: 'curl',
    example: 'curl: (1) Protocol "ws" not supported or disabled in libcurl',
    pattern: /protocol "?wss?"? (?:is )?not supported/i,
    note: 'curl itself lacks WebSocket; ask with https:// and the headers Connection: Upgrade and Upgrade: websocket.',
  },
  {
    by: 'curl',
    example: 'curl: (52) Empty reply from server',
    pattern:
      /empty reply from server|socket hang up|server disconnected|header parser received no bytes/i,
    code: 'closed-without-answer',
  },
  {
    by: 'curl and programs with OpenSSL',
    example: 'SSL routines::wrong version number',
    pattern:
      /wrong[_ ]version[_ ]number|first record does not look like a TLS handshake|packet length too long/i,
    code: 'tls-failed',
  },
  {
    by: 'browsers, the close event',
    example: 'WebSocket closed with code 1006',
    pattern: /\b1006\b|abnormal(?:ly)? clos(?:ure|ed)/i,
    note: 'Pages are told 1006 for every failed handshake, and for every socket that is cut without a close frame. If it opened first, see "idle-cut"; if it never did, "postern doctor probe wss://…" shows the status.',
  },
  {
    by: 'nginx',
    example: 'The plain HTTP request was sent to HTTPS port',
    pattern: /plain HTTP request was sent to HTTPS port/i,
    code: 'plain-to-tls-port',
  },
  {
    by: 'curl, or an access log',
    example: 'HTTP/1.1 302 Moved Temporarily',
    pattern: new RegExp(`HTTP/(?:1\\.[01]|2|3)"? ${status}`, 'i'),
  },
];
