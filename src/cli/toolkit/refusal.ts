import { Refused } from '../../lib/refused.ts';
import type { AdminResponse } from './admin-client.ts';

/** The admin API refused a request. The message is for people. */
export class Refusal extends Refused {
  override readonly name = 'Refusal';
}

interface Problem {
  readonly title?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** The body of a successful answer. Throws Refusal with what the problem says otherwise. */
export function expectOk({ status, body }: AdminResponse, about?: string): unknown {
  if (status >= 200 && status < 300) return body;
  const problem: Problem = typeof body === 'object' && body !== null ? body : {};
  if (problem.code === undefined) {
    throw new Refusal(`the answer (status ${status}) does not come from Postern's admin API`);
  }
  const lines = [
    `${about === undefined ? '' : `${about}: `}${problem.title} (${problem.code})`,
    ...(problem.detail === undefined ? [] : [`  ${problem.detail}`]),
    ...(problem.errors ?? []).map(({ field, message }) => `  ${field}: ${message}`),
    ...(problem.code === 'unauthorized'
      ? ['  POSTERN_ADMIN_KEY or POSTERN_ADMIN_KEY_FILE does not hold the key of this service.']
      : []),
  ];
  throw new Refusal(lines.join('\n'));
}
