import { askProbe, type KnownMessage, status } from '../known-message.ts';

const silentFirefox =
  'Firefox says the same whatever the reason: redirect, 401, certificate. "postern doctor probe wss://…" tells them apart.';

/** What browsers write into the console of a page. */
export const browserMessages: readonly KnownMessage[] = [
  {
    by: 'Chrome, Edge',
    example: 'Error during WebSocket handshake: Unexpected response code: 302',
    pattern: new RegExp(`unexpected response code: ${status}`, 'i'),
    note: 'Older Safari and faye-websocket use the same words.',
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
    example:
      "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header value 'x' in response does not match any of sent values",
    pattern:
      /'sec-websocket-protocol' header value '.*' in response does not match|response must not include 'sec-websocket-protocol' header/i,
    code: 'subprotocol-not-offered',
  },
  {
    by: 'Chrome, Edge',
    example: "Error during WebSocket handshake: 'Upgrade' header is missing",
    pattern:
      /websocket handshake: (?:'(?:upgrade|connection|sec-websocket-accept)' header (?:is missing|value)|incorrect 'sec-websocket-accept')/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Chrome, Edge',
    example: 'Error during WebSocket handshake: Invalid status line',
    pattern: /websocket handshake: invalid status line/i,
    code: 'answer-not-http',
  },
  {
    by: 'Chrome, Edge',
    example: 'WebSocket is closed before the connection is established.',
    pattern: /websocket is closed before the connection is established/i,
    note: 'The page itself closed the socket while the handshake was under way: a component was taken down, or a timeout of the page’s own ran out.',
  },
  {
    by: 'Chrome, Edge',
    example: 'WebSocket opening handshake timed out',
    pattern: /websocket opening handshake timed out/i,
    code: 'no-answer',
  },
  {
    by: 'Chrome, Edge',
    example: 'Invalid frame header',
    pattern:
      /invalid frame header|reserved bits are on|broken close frame|must not mask any frames|RSV1 must be clear|invalid (?:WebSocket frame|opcode)|unrecognized frame opcode/i,
    code: 'socket-closed',
    note: 'The handshake succeeded, and then something else than frames came: a proxy on the way compresses, buffers or adds to the stream, or two answers were mixed.',
  },
  {
    by: 'Chrome, Edge',
    example:
      'Mixed Content: The page was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint',
    pattern:
      /insecure websocket (?:endpoint|connection)|insecure WebSocket connection may not be initiated|An insecure WebSocket/i,
    code: 'not-encrypted',
    note: 'The browser itself refuses ws:// from a page of https://; no request was sent.',
  },
  {
    by: 'a browser',
    example:
      "Refused to connect to 'wss://host/' because it violates the following Content Security Policy directive: connect-src",
    pattern:
      /violates the (?:following )?content security policy|content.security.policy.*(?:blocked|blockiert|bloqué)/i,
    note: 'The page’s own Content-Security-Policy forbids the connection: add the address to "connect-src". No request was sent.',
  },
  {
    by: 'Firefox',
    example: 'Firefox can’t establish a connection to the server at wss://host/path.',
    pattern: /can.t establish a connection to the server at wss?:/i,
    note: silentFirefox,
  },
  {
    by: 'Firefox',
    example: 'The connection to wss://host/path was interrupted while the page was loading.',
    pattern: /connection to wss?:\S* was interrupted/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Safari, Swift and other clients of Apple’s URL loading',
    example:
      'WebSocket connection to wss://host/path failed: There was a bad response from the server.',
    pattern: /there was a bad response from the server|NSURLErrorDomain\D{0,20}-1011\b/i,
    note: `Apple’s URLSession says so for every status but 101. ${askProbe}`,
  },
  {
    by: 'Safari',
    example: 'WebSocket connection to wss://host/path failed: The network connection was lost.',
    pattern: /the network connection was lost|NSURLErrorDomain\D{0,20}-1005\b/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Safari',
    example: 'WebSocket connection to wss://host/path failed: Could not connect to the server.',
    pattern: /could not connect to the server|NSURLErrorDomain\D{0,20}-1004\b/i,
    code: 'connection-failed',
  },
  {
    by: 'Safari',
    example: 'The certificate for this server is invalid.',
    pattern:
      /OSStatus error -98\d\d|the certificate for this server is invalid|NSURLErrorDomain\D{0,20}-120[0-6]\b|an SSL error has occurred/i,
    code: 'tls-untrusted',
  },
  {
    by: 'a browser',
    example: "WebSocket connection to 'wss://host/path' failed:",
    pattern: /websocket connection to '?\S+'? failed:?\s*$/im,
    note: `The browser shows no reason. ${askProbe}`,
  },
];

/**
 * Firefox in other languages, by the shape of its sentence: one address of a socket within words that
 * are not English. It comes last, since only the shape is known.
 */
export const translatedMessages: readonly KnownMessage[] = [
  {
    by: 'Firefox',
    example: 'Firefox kann keine Verbindung zu dem Server unter wss://host/path aufbauen.',
    pattern: /^(?=.*(?:Firefox|(?!\p{Script=Latin})\p{L}))[^\n]{0,80}\bwss?:\/\/\S+[^\n]{0,80}$/imu,
    note: silentFirefox,
  },
  {
    by: 'Firefox',
    example:
      'Die Verbindung zu wss://host/path wurde unterbrochen, während die Seite geladen wurde.',
    pattern:
      /^[^\n]{0,60}\b(?:Verbindung|connexion|conexión|conexão|connessione|verbinding|połączenie|spojení|anslutning\w*|forbindelse\w*|yhteys|bağlantı\w*)\b[^\n]{0,60}\bwss?:\/\/\S+[^\n]{0,100}$/im,
    note: silentFirefox,
  },
];
