import { chooseLocation } from './match.ts';
import { relateToStart } from './pattern-start.ts';
import type { Scope } from './scope.ts';

/** Locations side by side from which on nothing is said about a path. */
const maxCandidates = 20;

/**
 * The locations that nginx may take for a path of which only the beginning is known; undefined
 * where there are too many, or one that cannot be judged.
 */
export function candidatesFor(server: Scope, start: string): readonly Scope[] | undefined {
  const found = new Set<Scope>();
  const add = (path: string): boolean => {
    const chosen = chooseLocation(server, path);
    if (chosen.kind === 'scope') found.add(chosen.scope);
    return chosen.kind === 'scope';
  };
  const visit = (parent: Scope): boolean =>
    parent.locations().every((scope) => {
      const { match } = scope;
      if (match === undefined || match.kind === 'named') return true;
      if (match.kind === 'regex') {
        if (relateToStart(match.pattern, match.ignoreCase, start) !== 'never') found.add(scope);
        return visit(scope);
      }
      return (!match.path.startsWith(start) || add(match.path)) && visit(scope);
    });
  const isJudged = add(start) && visit(server);
  return isJudged && found.size <= maxCandidates ? [...found] : undefined;
}
