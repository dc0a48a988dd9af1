/** React Native takes headers as a third argument. */
export function connect(url, token) {
  return new WebSocket(url, [], { headers: { Authorization: `Bearer ${token}` } });
}
