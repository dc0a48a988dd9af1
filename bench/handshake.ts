/**
 * The handshake that all parts send, with a browser's headers. The backend answers 200 instead of
 * 101, so that the connection can be reused.
 */
export const handshake: Readonly<Record<string, string>> = {
  Host: 'app.example.com',
  Origin: 'http://app.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};

/** The session of the file-test recipe: the name of a file. */
export const session = 'c2Vzc2lvbg';

/** All credentials of all parts, so that all parts parse the same request. */
export function renderCookie(token: string): string {
  return `AUTH=${session}; postern_token=${token}`;
}
