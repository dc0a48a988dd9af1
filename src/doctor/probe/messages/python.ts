import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What Python libraries say. */
export const pythonMessages: readonly KnownMessage[] = [
  {
    by: 'Python websockets',
    example: "https://login.example.com/ isn't a valid URI: scheme isn't ws or wss",
    pattern: /scheme isn't ws or wss/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'The library followed a redirect to an https address, which is the login page. picows says the same.',
  },
  {
    by: 'Python websockets',
    example: 'server rejected WebSocket connection: HTTP 302',
    pattern: new RegExp(`server rejected websocket connection: HTTP ${status}`, 'i'),
    followsRedirects: true,
    note: 'InvalidStatus, or InvalidStatusCode before version 14. "HTTP 200" may be a login page on the same host, to which the library followed a redirect.',
  },
  {
    by: 'Python websockets',
    example: 'did not receive a valid HTTP response',
    pattern: /did not receive a valid HTTP response/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Python websockets',
    example: 'timed out during opening handshake',
    pattern: /timed out during (?:opening )?handshake/i,
    code: 'no-answer',
  },
  {
    by: 'Python websockets',
    example: 'no close frame received or sent',
    pattern: /no close frame received or sent|ConnectionClosedError/,
    code: 'socket-closed',
    note: 'The socket was open, and the connection ended without a close frame.',
  },
  {
    by: 'Python websocket-client',
    example: "Handshake status 302 Found -+-+- {'server': 'nginx'}",
    pattern: new RegExp(`handshake status ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Python websocket-client',
    example: "Invalid redirect target 'https://login.example.com/login': scheme https is invalid",
    pattern: /invalid redirect target|scheme https? is invalid/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'The library followed a redirect to an address that is no socket, which is the login page.',
  },
  {
    by: 'Python websocket-client',
    example: 'Redirect limit exhausted',
    pattern: /redirect limit exhausted|too ?many ?redirects/i,
    code: 'upgrade-redirected',
  },
  {
    by: 'Python websocket-client',
    example: 'Connection to remote host was lost.',
    pattern: /connection to remote host was lost/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Python simple-websocket',
    example: 'simple_websocket.errors.ConnectionError: Connection error: 302',
    pattern: new RegExp(`connection error: ${status}`, 'i'),
  },
  {
    by: 'Python wsproto',
    example: 'wsproto.utilities.RemoteProtocolError: Bad HTTP message',
    pattern: /RemoteProtocolError: '?bad HTTP message/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Python aiohttp',
    example: "302, message='Invalid response status', url='wss://host/path'",
    pattern: new RegExp(
      `${status}, message='?Invalid response status(?![^\\n]*url=(?:URL\\()?'?https?:)`,
      'i',
    ),
    followsRedirects: true,
  },
  {
    by: 'Python aiohttp',
    example: "200, message='Invalid response status', url='https://login.example.com/login'",
    pattern: /message='?Invalid response status'?,? .*url=(?:URL\()?'?https?:/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    ignoresStatus: true,
    note: 'The library followed a redirect: the address is one of https, and the status is that of the page there.',
  },
  {
    by: 'Python aiohttp',
    example: "message='Invalid upgrade header'",
    pattern: /message='?invalid (?:upgrade|connection) header/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Python aiohttp',
    example: 'Cannot connect to host app.example.com:443 ssl:default [Name or service not known]',
    pattern:
      /cannot connect to host \S+ ssl:\S+ \[.*(?:name or service not known|nodename nor servname|no address associated)/i,
    code: 'dns-failed',
    followsRedirects: true,
  },
  {
    by: 'Python aiohttp',
    example: 'Cannot connect to host app.example.com:443 ssl:default [Connect call failed]',
    pattern:
      /cannot connect to host \S+ ssl:\S+ \[.*(?:connect call failed|connection refused|timed out|unreachable)/i,
    code: 'connection-failed',
    followsRedirects: true,
  },
  {
    by: 'Python httpx-ws',
    example: 'httpx_ws._exceptions.WebSocketUpgradeError: <Response [302 Found]>',
    pattern: new RegExp(`<Response \\[${status}`, 'i'),
  },
  {
    by: 'Python Tornado',
    example: 'tornado.httpclient.HTTPClientError: HTTP 302: Moved Temporarily',
    pattern: new RegExp(`HTTP(?:Client)?Error: '?HTTP ${status}`, 'i'),
  },
  {
    by: 'Python Tornado',
    example: 'tornado.websocket.WebSocketError: Non-websocket response',
    pattern: /WebSocketError: '?non-websocket response/i,
    code: 'upgrade-ignored',
  },
  {
    by: 'Python Tornado',
    example: 'tornado.simple_httpclient.HTTPStreamClosedError: Stream closed',
    pattern: /HTTPStreamClosedError|\bStreamClosedError\b/,
    code: 'closed-without-answer',
  },
  {
    by: 'autobahn',
    example: 'WebSocket connection upgrade failed (302 - Found)',
    pattern: new RegExp(`websocket connection upgrade failed [\\[(]${status}`, 'i'),
  },
  {
    by: 'autobahn',
    example: 'peer did not finish (in time) the opening handshake',
    pattern: /peer did not finish \(in time\) the opening handshake/i,
    code: 'no-answer',
  },
  {
    by: 'autobahn',
    example:
      'connection was closed uncleanly (peer dropped the TCP connection without previous WebSocket closing handshake)',
    pattern: /peer dropped the TCP connection without previous websocket closing handshake/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Python ws4py',
    example: "Invalid response status: b'302' b'Found'",
    pattern: new RegExp(`invalid response status: b?'${status}`, 'i'),
  },
  {
    by: 'Python picows',
    example: 'expected upgrade response with status 101 Switching Protocols, but received 302',
    pattern: new RegExp(`expected upgrade response with status 101.*but received ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Python urllib',
    example: 'urllib.error.HTTPError: HTTP Error 302: Found',
    pattern: new RegExp(`\\bHTTP Error ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Python requests',
    example:
      "HTTPSConnectionPool(host='login.example.com', port=443): Max retries exceeded with url: /login",
    pattern: /HTTPS?ConnectionPool\(host='[^']*', port=\d+\)/,
    followsRedirects: true,
    code: 'connection-failed',
    note: `The host in the text is the one that it could not reach; where you did not name it, a redirect led there. ${askProbe}`,
  },
];
