/**
 * The handshake that every part sends, whole as a page's browser sends it. The backend answers 200
 * and not 101, so that the connection is free for the next one.
 */
export const handshake: Readonly<Record<string, string>> = {
  Host: 'app.example.com',
  Origin: 'http://app.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};

/** The session that the older recipe's file test looks for: the name of a file. */
export const session = 'c2Vzc2lvbg';

/** All credentials that any part wants, so that all parts read the same request. */
export function renderCookie(token: string): string {
  return `AUTH=${session}; postern_token=${token}`;
}
