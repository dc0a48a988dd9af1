/** The browser sends the cookie with the handshake. Every script of the page can read it. */
export function connect(token) {
  document.cookie = `postern_token=${token}; Path=/ws; Secure; SameSite=Strict`;
  return new WebSocket(`wss://${location.host}/ws`);
}
