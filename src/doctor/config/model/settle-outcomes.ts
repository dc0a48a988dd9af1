import type { Configuration } from './configuration.ts';
import { headerDirectives, ownOrAround } from './content.ts';
import type { Outcome } from './outcome.ts';
import { isRewriting } from './rewrite-script.ts';
import type { Scope } from './scope.ts';
import type { OpenOutcome } from './simulation-state.ts';
import { variablesIn } from './value.ts';

/**
 * Says which outcomes are sure: those that every request comes to, whichever way open conditions
 * decide. Two ways that end alike are one outcome, and leave nothing unsure.
 */
export function settleOutcomes(
  configuration: Configuration,
  open: readonly OpenOutcome[],
): readonly Outcome[] {
  const [first, ...others] = open.filter(({ certain }) => certain);
  const isOne = first !== undefined && others.every((one) => isAlike(configuration, first, one));
  return open.map(({ isForked, ...outcome }) => ({
    ...(outcome as Outcome),
    certain: outcome.certain && (!isForked || isOne),
  }));
}

function isAlike(configuration: Configuration, a: Outcome, b: Outcome): boolean {
  if (a.kind === 'answered') {
    return b.kind === 'answered' && a.status === b.status && a.guarded === b.guarded;
  }
  if (a.kind === 'unknown') return b.kind === 'unknown';
  if (b.kind !== a.kind || a.authenticated !== b.authenticated || a.status !== b.status) {
    return false;
  }
  if (a.kind === 'handled' && b.kind === 'handled' && a.by !== b.by) return false;
  if (plainView(a.view) !== plainView(b.view)) return false;
  if (a.environment.get('uri') !== b.environment.get('uri')) return false;
  return [...usedIn(configuration, a.view)].every(
    (name) => a.environment.get(name) === b.environment.get(name),
  );
}

/** The location in the place of an `if` that changes nothing but variables and the way. */
function plainView(view: Scope): Scope {
  const isPlain = view.kind === 'if' && view.directives.every(({ name }) => isRewriting(name));
  const around = view.parent;
  if (!isPlain || around === undefined || around.own('try_files').length > 0) return view;
  return plainView(around);
}

/** Variables that the backend, or what it gets, depends on. */
function usedIn({ maps }: Configuration, view: Scope): ReadonlySet<string> {
  const proxy = ownOrAround(view, 'proxy_pass');
  const lines = headerDirectives.flatMap((name) => view.effective(name));
  const found = new Set<string>();
  const add = (text: string): void => {
    for (const name of variablesIn(text)) {
      if (found.has(name)) continue;
      found.add(name);
      add(maps.get(name)?.source ?? '');
    }
  };
  for (const { args } of [...lines, ...(proxy === undefined ? [] : [proxy])]) args.forEach(add);
  return found;
}
