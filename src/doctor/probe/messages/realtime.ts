import { askProbe, type KnownMessage, status } from '../known-message.ts';

const polling =
  'socket.io begins with ordinary requests (polling) and follows redirects; the status is in "error.description" or "error.context.status". "postern doctor probe wss://host/socket.io/?EIO=4&transport=websocket" shows what the socket gets. With a ticket polling fails at its second request: use a token or a session.';

/** What frameworks on top of WebSocket say: socket.io, SignalR, Phoenix, ActionCable, SockJS, STOMP. */
export const realtimeMessages: readonly KnownMessage[] = [
  {
    by: 'SignalR, negotiation',
    example:
      "Failed to complete negotiation with the server: Error: Unauthorized: Status code '302'",
    pattern: new RegExp(`(?:negotiat|signalr|hub)[\\s\\S]*status code '${status}'`, 'i'),
    followsRedirects: true,
    note: 'SignalR begins with a POST to …/negotiate. With a ticket it fails at the next request: use a token or a session.',
  },
  {
    by: 'SignalR, negotiation',
    example:
      'Failed to complete negotiation with the server: SyntaxError: Unexpected token \'<\', "<!doctype "... is not valid JSON',
    pattern:
      /failed to (?:complete negotiation|start the connection)[\s\S]*(?:unexpected token '?<|not valid JSON)/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'The POST to …/negotiate was redirected and followed, and a login page came back in the place of JSON.',
  },
  {
    by: 'SignalR, negotiation',
    example: 'Failed to complete negotiation with the server: Error: Unauthorized',
    pattern: /negotiat[\s\S]*\bunauthorized\b/i,
    code: 'upgrade-denied',
  },
  {
    by: 'SignalR, .NET',
    example: 'Response status code does not indicate success: 302 (Found).',
    pattern: new RegExp(`status code does not indicate success: ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'SignalR, Java',
    example: 'Unexpected status code returned from negotiate: 302 Found.',
    pattern: new RegExp(`status code returned from negotiate: ${status}`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'SignalR',
    example: 'WebSocket failed to connect. The connection could not be found on the server',
    pattern:
      /websocket failed to connect\b|unable to connect to the server with any of the available transports|failed to complete negotiation|failed to start the (?:connection|transport)|there was an error with the transport|error: connection disconnected with error/i,
    note: `SignalR says so for every status. ${askProbe} Ask for the hub’s own address, with ?id=x behind it.`,
  },
  {
    by: 'socket.io, polling',
    example: 'Error: xhr poll error',
    pattern: new RegExp(
      `(?:xhr (?:poll|post) error|\\bfetch (?:read|write) error|polling error)(?:[^\\n\\d]{1,60}${status})?`,
      'i',
    ),
    note: polling,
  },
  {
    by: 'socket.io',
    example: 'Error: server error',
    pattern: /^(?:.*(?:error|exception): )?server error\W*$/im,
    code: 'upgrade-ignored',
    note: 'socket.io got a page where its protocol should be: the wrong path, or a login page at the end of a redirect (upgrade-redirected).',
  },
  {
    by: 'socket.io',
    example: 'TransportError: websocket error',
    pattern: /transporterror|(?:error|exception): websocket error\b|^websocket error$/i,
    note: `The reason is in "error.description". ${askProbe}`,
  },
  {
    by: 'socket.io',
    example: 'connect_error: timeout',
    pattern: /^(?:connect_error[: ]*)?(?:error: )?timeout$/im,
    code: 'no-answer',
  },
  {
    by: 'socket.io',
    example: 'disconnect: ping timeout',
    pattern:
      /\b(?:disconnect\w*\b.*)(?:ping timeout|transport (?:close|error)|io server disconnect)/i,
    code: 'socket-closed',
    note: 'The socket was open. "ping timeout" and "transport close" after a minute of silence are a timeout on the way: see "idle-cut".',
  },
  {
    by: 'socket.io (server)',
    example: '{"code":1,"message":"Session ID unknown"}',
    pattern: /session id unknown|"transport unknown"|bad handshake method/i,
    note: 'The application speaks, so the gate has said yes. "Session ID unknown": the request came to another process than the one before (sticky sessions), or polling was cut.',
  },
  {
    by: 'Python socket.io, Engine.IO',
    example: 'Unexpected status code 302 in server response',
    pattern: new RegExp(`unexpected status code ${status} in server response`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'Python socket.io, Engine.IO',
    example: 'socketio.exceptions.ConnectionError: Connection error',
    pattern:
      /socketio\.exceptions\.ConnectionError: '?(?:connection error|unexpected response from server|one or more)/i,
    note: `It keeps the status to itself. ${askProbe}`,
  },
  {
    by: 'Phoenix',
    example: '[phoenix] transport: error',
    pattern: /\btransport: (?:error|close)\b/i,
    note: `Phoenix shows the browser’s own event, which holds no status. ${askProbe} Ask for …/socket/websocket?vsn=2.0.0.`,
  },
  {
    by: 'Rails ActionCable (server)',
    example: 'Request origin not allowed: https://app.example.com',
    pattern: /request origin not allowed/i,
    code: 'application-refused-origin',
  },
  {
    by: 'Rails ActionCable (server)',
    example:
      'Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: close, HTTP_UPGRADE: )',
    pattern: /failed to upgrade to websocket \(REQUEST_METHOD/i,
    code: 'upgrade-headers-missing',
  },
  {
    by: 'Rails ActionCable (server)',
    example: 'An unauthorized connection attempt was rejected',
    pattern: /an unauthorized connection attempt was rejected|"reason":"unauthorized"/i,
    code: 'application-refused',
  },
  {
    by: 'Rails ActionCable',
    example: 'ConnectionMonitor detected stale connection. Reconnecting',
    pattern: /connectionmonitor (?:detected stale|reopening)|\[ActionCable\]/i,
    note: `The socket never opened, or its pings stopped. ${askProbe} Ask for …/cable with --protocol actioncable-v1-json.`,
  },
  {
    by: 'autobahn (JavaScript)',
    example: 'connection closed unreachable {"reason":null,"retry_delay":null,"will_retry":false}',
    pattern: /\bunreachable\b[\s\S]*\bwill_retry\b/i,
    note: `autobahn shows no status. ${askProbe}`,
  },
  {
    by: 'Python pysignalr',
    example: 'pysignalr.exceptions.AuthorizationError',
    pattern: /pysignalr\.exceptions\.AuthorizationError/,
    code: 'upgrade-denied',
  },
  {
    by: 'programs that wanted JSON',
    example: 'JSONDecodeError: Expecting value: line 1 column 1 (char 0)',
    pattern:
      /expecting value: line 1 column 1|unexpected token '?<|is not valid JSON|invalid character '<' looking for|decode JSON with unexpected mimetype/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'The client wanted JSON and got a page: followed redirects end at a login.',
  },
  {
    by: 'SockJS',
    example: '1002 Cannot connect to server',
    pattern:
      /\b(?:1002:? cannot connect to server|2000:? all transports failed)|all transports failed/i,
    note: 'SockJS asks …/info first, and that request failed; "All transports failed" comes after a login page with status 200. "postern doctor probe wss://host/path/websocket" shows the answer.',
  },
  {
    by: 'EventSource',
    example: 'Non-200 status code (302)',
    pattern: new RegExp(`non-200 status code \\(${status}\\)`, 'i'),
    followsRedirects: true,
  },
  {
    by: 'EventSource',
    example:
      'EventSource\'s response has a MIME type ("text/html") that is not "text/event-stream". Aborting the connection.',
    pattern: /eventsource'?s response has a mime type|expected "text\/event-stream"/i,
    code: 'upgrade-redirected',
    followsRedirects: true,
    note: 'EventSource follows redirects, and a login page came back in the place of the stream.',
  },
];
