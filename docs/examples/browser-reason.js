/**
 * Calls `onDenied` when the handshake fails, with what the browser does not tell: `reason`, a code of
 * docs/denials.md, and `meaning`, a sentence.
 */
export function connect(host, ticket, onDenied) {
  const socket = new WebSocket(`wss://${host}/ws?token=${ticket}`);
  let opened = false;
  socket.addEventListener('open', () => {
    opened = true;
  });
  socket.addEventListener('close', async () => {
    if (!opened) onDenied(await whyDenied(host, ticket));
  });
  return socket;
}

/** Who Postern takes the caller for, or why for nobody. Uses no ticket up. */
export async function whyDenied(host, ticket) {
  const answer = await fetch(`https://${host}/.postern/session`, {
    credentials: 'include',
    headers: ticket ? { Authorization: `Bearer ${ticket}` } : {},
  });
  return answer.json();
}
