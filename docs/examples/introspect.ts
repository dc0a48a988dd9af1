/** Where Postern's admin API is, and a key of the role `introspector`. */
export interface Introspector {
  readonly url: string;
  readonly key: string;
}

/** Whose token it is, or why it is not valid: a code of docs/denials.md. */
export type Introspection =
  | { readonly user: string; readonly reason?: undefined }
  | { readonly user?: undefined; readonly reason: string };

/**
 * Validates a token for the gate `chat`. `origin` is the `Origin` header of the handshake: a gate that lists
 * origins denies without it.
 */
export async function introspect(
  { url, key }: Introspector,
  token: unknown,
  origin: string | undefined,
): Promise<Introspection> {
  if (typeof token !== 'string') return { reason: 'no_credential' };
  const answer = await fetch(`${url}/v1/introspect`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, gate: 'chat', origin, redeem: true }),
  });
  // No answer is no permission.
  if (!answer.ok) throw new Error(`Postern cannot tell: ${answer.status}`);
  const { active, sub, reason } = (await answer.json()) as {
    active: boolean;
    sub?: string;
    reason?: string;
  };
  return active && sub !== undefined ? { user: sub } : { reason: reason ?? 'unknown_token' };
}
