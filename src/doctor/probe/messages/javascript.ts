import { type KnownMessage, status } from '../known-message.ts';

/** What Node.js programs say. */
export const javascriptMessages: readonly KnownMessage[] = [
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
    by: 'Node.js and Deno, built-in WebSocket',
    example: 'Received network error or non-101 status code.',
    pattern: /non-101 status code/i,
    note: 'It hides the status; newer versions say nothing at all. "postern doctor probe wss://…" shows it.',
  },
];
