/** Where Postern's admin API is, and a key of the role `introspector`. */
export interface Introspector {
  readonly url: string;
  readonly key: string;
}

/** Whose token it is; undefined when it is not good, whatever the reason. */
export async function introspect(
  { url, key }: Introspector,
  token: unknown,
): Promise<string | undefined> {
  if (typeof token !== 'string') return undefined;
  const answer = await fetch(`${url}/v1/introspect`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, gate: 'chat', redeem: true }),
  });
  // Whoever cannot be asked has not said yes.
  if (!answer.ok) throw new Error(`Postern cannot tell: ${answer.status}`);
  const { active, sub } = (await answer.json()) as { active: boolean; sub?: string };
  return active ? sub : undefined;
}
