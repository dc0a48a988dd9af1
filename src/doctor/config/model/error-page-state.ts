import type { ErrorPage } from './error-page.ts';
import type { State } from './simulation-state.ts';
import { known } from './term.ts';

/** The state of a request that an error page takes over. */
export function intoErrorPage(
  state: State,
  page: ErrorPage,
  { status, isRecursive }: { readonly status: number; readonly isRecursive: boolean },
): State {
  return {
    ...state,
    path: { ...state.path, trace: [...state.path.trace, page.directive] },
    inErrorPage: !isRecursive,
    fixed: fixedStatus(page, status, state.fixed),
    depth: state.depth + 1,
  };
}

/** nginx asks for an error page with GET. */
export function asGet(state: State): State {
  const variables = new Map(state.path.variables).set('request_method', known('GET'));
  return { ...state, path: { ...state.path, variables } };
}

/** The status that an error page fixes: the error's own, unless the line says otherwise. */
function fixedStatus(
  { status }: ErrorPage,
  error: number,
  before: number | undefined,
): number | undefined {
  if (status === 'target') return undefined;
  return status === 'kept' ? (before ?? error) : status;
}
