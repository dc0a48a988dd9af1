/** Node's own WebSocket, and the one of the package `ws`, take headers as a second argument. */
export function connect(url: string, token: string): WebSocket {
  return new WebSocket(url, { headers: { Authorization: `Bearer ${token}` } });
}
