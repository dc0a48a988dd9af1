import type { AdminResponse } from './admin-client.ts';
import { CommandFailed } from './command-failed.ts';

interface Problem {
  readonly title?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Returns the body of a successful response. Otherwise throws CommandFailed with the problem. */
export function expectSuccess({ status, body }: AdminResponse, about?: string): unknown {
  if (status >= 200 && status < 300) return body;
  const problem: Problem = typeof body === 'object' && body !== null ? body : {};
  if (problem.code === undefined) {
    throw new CommandFailed(`the answer (status ${status}) does not come from Postern's admin API`);
  }
  const lines = [
    `${about === undefined ? '' : `${about}: `}${problem.title} (${problem.code})`,
    ...(problem.detail === undefined ? [] : [`  ${problem.detail}`]),
    ...(problem.errors ?? []).map(({ field, message }) => `  ${field}: ${message}`),
    ...(problem.code === 'unauthorized'
      ? ['  POSTERN_ADMIN_KEY or POSTERN_ADMIN_KEY_FILE does not hold the key of this service.']
      : []),
  ];
  throw new CommandFailed(lines.join('\n'));
}
