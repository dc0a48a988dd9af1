import { InvalidArgumentError } from 'commander';
import type { ShownIssuedToken, ShownToken } from '../../tokens/schemas.ts';
import type { AdminOptions } from '../toolkit/options.ts';
import { note, print, printJson, renderTable } from '../toolkit/output.ts';

/** Shows a token that was issued just now. */
export function printIssued(issued: ShownIssuedToken, { json }: AdminOptions): void {
  if (json) {
    printJson(issued);
    return;
  }
  // The secret alone goes to standard output, so that $(…) catches it and nothing else.
  note(describeToken(issued));
  note(`\nThis is the only time the ${issued.kind} is shown:`);
  print(issued.token);
}

/** All there is to know about a token, a line each. */
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

/** How often it was used, of how often it may be. */
export function renderUses({ uses, max_uses }: ShownToken): string {
  return max_uses === null ? 'not counted' : `${uses} of ${max_uses}`;
}

/** Reads a positive number on the command line. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Must be a positive number.');
  return Number(text);
}
