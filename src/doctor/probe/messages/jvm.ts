import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What clients in Java, Kotlin and Scala say. */
export const jvmMessages: readonly KnownMessage[] = [
  {
    by: 'Java, java.net.http',
    example: 'java.net.http.WebSocketHandshakeException: Unexpected HTTP response status code 302',
    pattern: new RegExp(`unexpected HTTP response status code ${status}`, 'i'),
    note: 'WebSocketHandshakeException has the answer in getResponse().',
  },
  {
    by: 'Java, Jetty',
    example: 'Failed to upgrade to websocket: Unexpected HTTP Response Status Code: 302 Found',
    pattern: new RegExp(`unexpected HTTP response status code: ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Java, java.net.http',
    example: 'java.util.concurrent.CompletionException: java.net.http.WebSocketHandshakeException',
    pattern: /java\.net\.http\.WebSocketHandshakeException/,
    note: `The answer is in its getResponse(), the status in the cause. ${askProbe}`,
  },
  {
    by: 'Java, Java-WebSocket',
    example: 'Invalid status code received: 302 Status line: HTTP/1.1 302 Found',
    pattern: new RegExp(`invalid status code received: ${status}`, 'i'),
  },
  {
    by: 'Java, Java-WebSocket',
    example: 'draft org.java_websocket.drafts.Draft_6455 refuses handshake',
    pattern: /draft \S+ refuses handshake/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Java, Tyrus',
    example: 'Response code was not 101: 302',
    pattern: new RegExp(`response code was not 101: ${status}`, 'i'),
  },
  {
    by: 'Java, Tyrus',
    example: 'Received HTTP response status code: 302 and redirect processing is not enabled.',
    pattern: new RegExp(`received HTTP response status code: ${status}`, 'i'),
    code: 'upgrade-redirected',
  },
  {
    by: 'Java, Tyrus',
    example: 'org.glassfish.tyrus.client.auth.AuthenticationException: Authentication failed.',
    pattern: /tyrus\.client\.auth\.AuthenticationException/,
    code: 'upgrade-denied',
  },
  {
    by: 'Java, Tyrus',
    example: 'jakarta.websocket.DeploymentException: Handshake response not received.',
    pattern: /handshake response not received/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Java, Tomcat',
    example: 'The HTTP response from the server [302] did not permit the HTTP upgrade to WebSocket',
    pattern: new RegExp(`HTTP response from the server \\[${status}\\] did not permit`, 'i'),
  },
  {
    by: 'Java, Netty',
    example: 'Invalid handshake response getStatus: 302 Moved Temporarily',
    pattern: new RegExp(`invalid handshake response (?:get)?status: ${status}`, 'i'),
  },
  {
    by: 'Java, Netty',
    example: 'Connection prematurely closed BEFORE opening handshake is complete.',
    pattern: /connection (?:prematurely )?closed (?:before opening|while) handshake/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Java, Vert.x',
    example: 'io.vertx.core.http.UpgradeRejectedException: WebSocket upgrade failure: 302',
    pattern: new RegExp(
      `websocket (?:upgrade|connection) (?:attempt returned HTTP status code|failure:) ${status}`,
      'i',
    ),
  },
  {
    by: 'Java, nv-websocket-client',
    example:
      "The status code of the opening handshake response is not '101 Switching Protocols'. The status line is: HTTP/1.1 302 Found",
    pattern: new RegExp(`opening handshake response is not '101 .*HTTP/1\\.[01] ${status}`, 'i'),
  },
  {
    by: 'Java, nv-websocket-client',
    example: 'The status line of the opening handshake response is empty.',
    pattern: /status line of the opening handshake response is empty/i,
    code: 'closed-without-answer',
  },
  {
    by: 'Android, OkHttp',
    example: "Expected HTTP 101 response but was '302 Found'",
    pattern: new RegExp(`expected HTTP 101 response but was '${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Android, OkHttp',
    example: "Expected 'Connection' header value 'Upgrade' but was 'keep-alive'",
    pattern: /expected '(?:connection|upgrade|sec-websocket-accept)' header value/i,
    code: 'upgrade-bad-accept',
  },
  {
    by: 'Android, OkHttp',
    example: 'java.io.IOException: unexpected end of stream on https://app.example.com/...',
    pattern: /unexpected end of stream on/i,
    code: 'closed-without-answer',
    followsRedirects: true,
  },
  {
    by: 'Android, OkHttp',
    example: 'java.net.ConnectException: Failed to connect to app.example.com/192.0.2.7:443',
    pattern: /failed to connect to \S+\/\S+:\d+|java\.net\.ConnectException/i,
    code: 'connection-failed',
    followsRedirects: true,
  },
  {
    by: 'Android and Java',
    example: 'java.net.UnknownHostException: Unable to resolve host "app.example.com"',
    pattern: /UnknownHostException|unable to resolve host/i,
    code: 'dns-failed',
    followsRedirects: true,
  },
  {
    by: 'Kotlin, Ktor',
    example: 'WebSocketException: Handshake exception, expected status code 101 but was 302',
    pattern: new RegExp(`expected status code 101 but was ${status}`, 'i'),
  },
];
