import type { ShownIssuedToken, ShownToken } from '../../tokens/schemas.ts';
import type { AdminOptions } from '../toolkit/options.ts';
import { print, printJson, printStderr, renderTable } from '../toolkit/output.ts';

/** Prints a token that was just issued. */
export function printIssued(issued: ShownIssuedToken, { json }: AdminOptions): void {
  if (json) {
    printJson(issued);
    return;
  }
  // Only the secret goes to standard output, for $(…).
  printStderr(describeToken(issued));
  printStderr(`\nThis is the only time the ${issued.kind} is shown:`);
  print(issued.token);
}

/** Renders all fields of a token, one per line. */
export function describeToken(token: ShownToken): string {
  const facts: [string, string][] = [
    ['id', token.id],
    ['kind', token.kind],
    ['subject', token.subject],
    ['label', token.label ?? '-'],
    ['gates', token.gates.join(', ') || 'all'],
    ...(['paths', 'origins', 'networks'] as const)
      .filter((name) => token[name].length > 0)
      .map((name): [string, string] => [name, token[name].join(', ')]),
    ['state', token.state],
    ['created', token.created_at],
    ...(token.not_before === null ? [] : [['not before', token.not_before] as [string, string]]),
    ['expires', token.expires_at ?? 'never'],
    ['revoked', token.revoked_at ?? '-'],
    ['uses', renderUses(token)],
    ['last used', token.last_used_at ?? 'never'],
    ['claims', JSON.stringify(token.claims)],
  ];
  return renderTable(['', ''], facts).trimStart();
}

/** Renders the uses of a token, and their limit. */
export function renderUses({ uses, max_uses }: ShownToken): string {
  return max_uses === null ? 'not counted' : `${uses} of ${max_uses}`;
}
