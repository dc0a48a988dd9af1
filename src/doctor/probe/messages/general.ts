import { type KnownMessage, status } from '../known-message.ts';

/** Words that many have in common; these come last. */
export const generalMessages: readonly KnownMessage[] = [
  {
    by: 'programs with OpenSSL',
    example: 'unable to verify the first certificate',
    pattern:
      /unable to verify the first certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to get local issuer certificate/i,
    code: 'tls-incomplete-chain',
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
