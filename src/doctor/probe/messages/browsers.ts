import { type KnownMessage, status } from '../known-message.ts';

/** What browsers write into the console of a page. */
export const browserMessages: readonly KnownMessage[] = [
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
];
