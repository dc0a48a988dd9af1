/** Turns a token into a session cookie of `host`, from a page of any origin that the gate allows. */
export async function signIn(host, token) {
  const answer = await fetch(`https://${host}/.postern/session`, {
    method: 'POST',
    credentials: 'include',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) return;
  const { meaning, title } = await answer.json();
  throw new Error(meaning ?? title);
}

/** The cookie goes along by itself. */
export function connect(host) {
  return new WebSocket(`wss://${host}/ws`);
}

/** Ends the session; sockets do not open with it any more. */
export async function signOut(host) {
  await fetch(`https://${host}/.postern/session`, { method: 'DELETE', credentials: 'include' });
}
