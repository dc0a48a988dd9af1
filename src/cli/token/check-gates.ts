import type { AdminClient } from '../toolkit/admin-client.ts';
import { CommandFailed } from '../toolkit/command-failed.ts';
import { printStderr } from '../toolkit/output.ts';

/** The option of commands that check the gates of new tokens. */
export const strictOption = ['--strict', 'refuse gates that the service does not have'] as const;

/**
 * Warns about gates that the service does not have: a token for them is valid nowhere, most often because of
 * a typing error. With `strict`, throws CommandFailed instead. Without `gates` in its configuration, any name
 * that nginx uses is a gate, so there is nothing to check.
 */
export async function checkGates(
  admin: Pick<AdminClient, 'send'>,
  names: readonly string[],
  { strict = false }: { readonly strict?: boolean },
): Promise<void> {
  if (names.length === 0) return;
  const { status, body } = await admin.send('GET', '/v1/gates');
  if (status !== 200) {
    // A key of the role issuer may not list gates.
    if (!strict) return;
    throw new CommandFailed('--strict needs a key that may list the gates (role auditor or admin)');
  }
  const known = (body as { gates: { name: string }[] }).gates.map(({ name }) => name);
  const unknown = [...new Set(names)].filter((name) => !known.includes(name));
  if (known.length === 0 || unknown.length === 0) return;
  const message = `the service has no gate ${unknown.join(', ')}, only ${known.join(', ')}`;
  if (strict) throw new CommandFailed(message);
  printStderr(`warning: ${message}`);
}
