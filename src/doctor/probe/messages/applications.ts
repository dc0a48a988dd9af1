import type { KnownMessage } from '../known-message.ts';

/** What an application, or nginx itself, writes into the answer with which it refuses a handshake. */
export interface RefusalMessage extends KnownMessage {
  /** What did not arrive, where it is a header of the handshake. */
  readonly missing?: string;
}

/** Refusals that concern what the proxy made of the request: Host, Origin, lengths. */
const aboutRequest: readonly RefusalMessage[] = [
  {
    by: 'nginx',
    example: '400 Request Header Or Cookie Too Large',
    pattern:
      /request header or cookie too large|request-uri too large|request header fields? too large|\bURI too long\b|header (?:line |field )?too (?:long|large)|\bHPE_HEADER_OVERFLOW\b|(?:got more than|line too long|exceeds?) \d+ (?:bytes|characters)/i,
    code: 'request-headers-too-large',
  },
  {
    by: 'nginx',
    example: '400 The plain HTTP request was sent to HTTPS port',
    pattern:
      /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled server port/i,
    code: 'plain-to-tls-port',
  },
  {
    by: 'nginx',
    example: '400 No required SSL certificate was sent',
    pattern: /no required SSL certificate was sent|\bSSL certificate error\b/i,
    code: 'client-certificate-wanted',
  },
  {
    by: 'Envoy and other proxies',
    example: 'upstream connect error or disconnect/reset before headers',
    pattern: /upstream connect error|no healthy upstream|disconnect\/reset before headers/i,
    code: 'backend-unreachable',
  },
  {
    by: 'Django',
    example:
      "Invalid HTTP_HOST header: 'app.example.com'. You may need to add it to ALLOWED_HOSTS.",
    pattern: /invalid HTTP_HOST header|\bBad Request \(400\)|\bDisallowedHost\b|\bALLOWED_HOSTS\b/i,
    code: 'application-refused-host',
  },
  {
    by: 'Starlette, webpack, Vite, Rails, Syncthing and others',
    example: 'Invalid host header',
    pattern:
      /\b(?:invalid|untrusted|disallowed|blocked|unknown|bad|unrecognized) hosts?\b|\bhost check error|\bhost is not allowed|host (?:header )?(?:is )?(?:not (?:allowed|trusted|permitted|recognized)|mismatch)|allowedHosts|non-local '?host/i,
    code: 'application-refused-host',
  },
  {
    by: 'Home Assistant',
    example:
      'A request from a reverse proxy was received, but your HTTP integration is not set-up for reverse proxies',
    pattern:
      /not set-?up for reverse prox|received X-Forwarded-For header from (?:an )?untrusted proxy/i,
    code: 'application-refused-host',
    note: 'Home Assistant wants the address of nginx in http: trusted_proxies, with use_x_forwarded_for.',
  },
  {
    by: 'Tornado, Jupyter, Python websockets, coder/websocket, Grafana, socket.io and others',
    example: 'Cross origin websockets not allowed',
    pattern:
      /cross[- ]origin (?:websockets?|request|api)|blocking cross origin|(?:origin)\b[^.\n<]{0,80}\b(?:not (?:an )?(?:allowed|accepted|authori[sz]ed|permitted|valid|trusted)|denied|rejected|forbidden|mismatch|does not match)|(?:invalid|missing|bad|disallowed|forbidden|unauthorized|not (?:an )?(?:allowed|accepted)) origin\b|CORS (?:request|error|policy)|could not check origin/i,
    code: 'application-refused-origin',
  },
];

/** Complaints about a header of the handshake that did not arrive, or an HTTP version. */
const aboutHandshake: readonly RefusalMessage[] = [
  {
    by: 'Python websockets',
    example: 'Failed to open a WebSocket connection: unsupported HTTP version: HTTP/1.0.',
    pattern:
      /unsupported HTTP version|HTTP version not supported|requires? HTTP\/1\.1|HTTP\/1\.0 (?:is )?not supported/i,
    code: 'upgrade-headers-missing',
    missing: 'HTTP/1.1',
  },
  {
    by: 'Python websockets, sanic',
    example: 'Failed to open a WebSocket connection: missing Connection header.',
    pattern:
      /missing connection header|invalid connection header|"connection" must be "upgrade"|no connection upgrade hdr|connection headers? (?:do|does) not include|connection header "[^"]*" does not contain|'upgrade' token not found in 'connection'|connection['"]? (?:header|must be)/i,
    code: 'upgrade-headers-missing',
    missing: 'Connection',
  },
  {
    by: 'Node.js, ws (server)',
    example: 'Missing or invalid Sec-WebSocket-Key header',
    pattern: /sec-websocket-key|missing\/invalid websocket headers/i,
    code: 'upgrade-headers-missing',
    missing: 'Sec-WebSocket-Key',
  },
  {
    by: 'Node.js, ws (server)',
    example: 'Missing or invalid Sec-WebSocket-Version header',
    pattern:
      /sec-websocket-version|unsupported websocket (?:protocol )?version|missing or bad websocket version/i,
    code: 'upgrade-headers-missing',
    missing: 'Sec-WebSocket-Version',
  },
  {
    by: 'Tornado, Jupyter, aiohttp',
    example: 'Can "Upgrade" only to "WebSocket".',
    pattern:
      /can "upgrade" only to "websocket"|no websocket upgrade hdr|invalid upgrade header|missing upgrade header|invalid websocket upgrade|\bupgrade required\b|not websocket protocol|expected (?:a )?websocket (?:upgrade|request|connection|handshake)|not a (?:valid )?websocket (?:request|upgrade)|you need a websocket client|websocket (?:connections?|upgrades?) (?:only|required|expected)|'upgrade' token not found/i,
    code: 'upgrade-headers-missing',
    missing: 'Upgrade',
  },
];

/** What applications, and nginx in their place, answer to a handshake that they refuse. */
export const applicationMessages: readonly RefusalMessage[] = [...aboutRequest, ...aboutHandshake];
