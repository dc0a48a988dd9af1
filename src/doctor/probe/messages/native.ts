import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What clients in Dart, Swift, Objective-C, C#, C and C++ say. */
export const nativeMessages: readonly KnownMessage[] = [
  {
    by: 'Dart, Flutter',
    example:
      "Connection to 'https://host:0/path#' was not upgraded to websocket, HTTP status code: 302",
    pattern: new RegExp(`was not upgraded to websocket, HTTP status code: ${status}`, 'i'),
    followsRedirects: true,
    note: 'The odd ":0" and "#" are how Dart prints the address; they are no fault.',
  },
  {
    by: 'Dart, Flutter',
    example:
      "WebSocketException: Connection to 'https://host:0/path#' was not upgraded to websocket",
    pattern: /was not upgraded to web ?socket/i,
    note: `Dart follows redirects and says so for every status but 101 (upgrade-redirected, upgrade-denied, upgrade-ignored, …). The odd ":0" and "#" are how it prints the address; they are no fault. ${askProbe}`,
  },
  {
    by: 'Dart, Flutter',
    example: 'RedirectException: Redirect limit exceeded',
    pattern: /RedirectException|redirect (?:limit exceeded|loop detected)/i,
    code: 'upgrade-redirected',
  },
  {
    by: 'Dart, Flutter',
    example: 'HttpException: Connection closed before full header was received',
    pattern: /closed before full header was received/i,
    code: 'closed-without-answer',
    followsRedirects: true,
  },
  {
    by: 'Swift, Starscream',
    example: 'Starscream.HTTPUpgradeError.notAnUpgrade(302)',
    pattern: new RegExp(`notAnUpgrade\\s*[:(]\\s*${status}`, 'i'),
  },
  {
    by: 'Swift, Starscream',
    example: 'Starscream.WSError(type: upgradeError, message: "Invalid HTTP upgrade", code: 302)',
    pattern: new RegExp(`invalid HTTP upgrade\\W{1,4}code: ${status}`, 'i'),
  },
  {
    by: 'Swift, Starscream',
    example: 'websocket is disconnected: Invalid HTTP upgrade',
    pattern: /invalid HTTP upgrade|Starscream\.HTTPUpgradeError/i,
    note: `The status is in the code of the error, where it is one. ${askProbe}`,
  },
  {
    by: 'Objective-C, SocketRocket',
    example: 'SRWebSocketErrorDomain Code=2132 "received bad response code from server 302"',
    pattern: new RegExp(`received bad response code from server:? ${status}`, 'i'),
  },
  {
    by: '.NET',
    example: "The server returned status code '302' when status code '101' was expected.",
    pattern: new RegExp(`server returned status code '${status}' when`, 'i'),
  },
  {
    by: '.NET',
    example: 'Unable to connect to the remote server',
    pattern: /unable to connect to the remote server/i,
    note: `The status, or the fault of the connection, is in the inner exception. ${askProbe}`,
  },
  {
    by: '.NET',
    example: 'The SSL connection could not be established, see inner exception.',
    pattern: /the SSL connection could not be established/i,
    code: 'tls-failed',
    note: 'The inner exception says whether it is the certificate ("RemoteCertificateNameMismatch", "UntrustedRoot") or the protocol.',
  },
  {
    by: '.NET',
    example: "The 'Connection' header value 'keep-alive' is invalid.",
    pattern: /the '(?:connection|upgrade|sec-websocket-accept)' header value '[^']*' is invalid/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'C#, websocket-sharp',
    example: 'WebSocketSharp.WebSocketException: Not a WebSocket handshake response.',
    pattern: /not a websocket (?:handshake|connection) response/i,
    note: `websocket-sharp, the client, says so for every status but 101, 401 and redirects (200, 400, 403, 404, 5xx); it says nothing about the headers of the request. ${askProbe}`,
  },
  {
    by: 'C#, websocket-sharp',
    example: 'WebSocket.doHandshake|Indicates the redirection',
    pattern: /indicates the redirection|the redirection is indicated|url to redirect (?:is|was)/i,
    code: 'upgrade-redirected',
  },
  {
    by: 'C#, websocket-sharp',
    example: 'Requires the authentication.',
    pattern:
      /requires the authentication|the authentication is required|HTTP authentication is required|requires an authentication/i,
    code: 'upgrade-denied',
  },
  {
    by: 'C++, Boost.Beast',
    example: 'The WebSocket handshake was declined by the remote peer',
    pattern: /websocket handshake was declined by the remote peer|upgrade_declined/i,
    note: `Beast says so for every status but 101; the answer is in the response_type argument. ${askProbe}`,
  },
  {
    by: 'C++, WebSocket++',
    example: 'Server handshake response error: websocketpp.processor:20 (Invalid HTTP status.)',
    pattern: /invalid HTTP status\.|websocketpp\.processor:20/i,
    note: `The status is in get_response_code(). ${askProbe}`,
  },
  {
    by: 'C, libwebsockets',
    example: 'HS: ws upgrade response not 101',
    pattern: /HS: (?:ws upgrade response not 101|server (?:unrecognized|did not return|returned))/i,
    followsRedirects: true,
    note: `libwebsockets follows redirects. ${askProbe}`,
  },
  {
    by: 'C++, Qt WebSockets',
    example: 'QWebSocketPrivate::processHandshake: Unhandled http status code: 302 (Found).',
    pattern: new RegExp(`unhandled http status code: ${status}`, 'i'),
  },
  {
    by: 'C++, IXWebSocket',
    example:
      'Expecting status 101 (Switching Protocol), got 302 status connecting to wss://host/path',
    pattern: new RegExp(`expecting status 101 .*got ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Perl, Mojolicious',
    example: 'WebSocket handshake failed!',
    pattern: /websocket handshake failed!/i,
    note: `The status is in $tx->res->code. ${askProbe}`,
  },
];
