import { askProbe, type KnownMessage, status } from '../known-message.ts';

/** What the WebSocket libraries of Node.js, Deno and Bun say. */
export const javascriptMessages: readonly KnownMessage[] = [
  {
    by: 'Node.js, ws',
    example: 'Unexpected server response: 302',
    pattern: new RegExp(`unexpected server response:? \\(?${status}`, 'i'),
    note: 'Grist’s self-check, wscat, socket.io and most programs on Node.js say it this way.',
  },
  {
    by: 'Node.js, websocket (WebSocket-Node)',
    example: 'Server responded with a non-101 status: 302 Moved Temporarily',
    pattern: new RegExp(`server responded with a non-101 status: ${status}`, 'i'),
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
    by: 'Node.js, ws',
    example: 'Opening handshake has timed out',
    pattern: /opening handshake has timed out/i,
    code: 'no-answer',
  },
  {
    by: 'Node.js, ws',
    example: 'Maximum redirects exceeded',
    pattern: /maximum redirects exceeded|redirected (?:too many times|more than)/i,
    code: 'upgrade-redirected',
  },
  {
    by: 'Node.js and Deno, built-in WebSocket',
    example: 'Received network error or non-101 status code.',
    pattern: /non-101 status code/i,
    note: `It hides the status; newer versions say nothing at all. ${askProbe}`,
  },
  {
    by: 'Bun, built-in WebSocket',
    example: 'WebSocket connection to ws://host/ failed: Expected 101 status code',
    pattern: /expected 101 status code/i,
    note: `It hides the status. ${askProbe}`,
  },
  {
    by: 'Node.js, MQTT.js and others',
    example: 'Error: connack timeout',
    pattern: /\bconnack timeout\b/i,
    note: `The broker was never reached. ${askProbe}`,
  },
];
