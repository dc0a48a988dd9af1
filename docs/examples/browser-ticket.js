/** Asks the application for a ticket and opens a socket with it. Once more for each reconnect. */
export async function connect() {
  const answer = await fetch('/ticket', { method: 'POST' });
  const ticket = await answer.text();
  return new WebSocket(`wss://${location.host}/ws?token=${ticket}`);
}
