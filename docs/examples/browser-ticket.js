/** Asks the application for a ticket and opens a socket with it. A ticket is for one request: call it for each reconnect. */
export async function connect() {
  const answer = await fetch('/ticket', { method: 'POST' });
  // Otherwise the text of an error page would be the ticket, and the socket only close with 1006.
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  const ticket = await answer.text();
  return new WebSocket(`wss://${location.host}/ws?token=${ticket}`);
}
