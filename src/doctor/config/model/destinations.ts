import { chooseLocation, isCompleted } from './match.ts';
import { relateToStart } from './pattern-start.ts';
import type { Path } from './rewrite-path.ts';
import type { Scope } from './scope.ts';

/** Locations side by side from which on nothing is said about a path. */
const maxCandidates = 20;

/** Where a request goes that looks for a location. */
export type Destinations =
  | { readonly kind: 'locations'; readonly locations: readonly Scope[] }
  /** nginx answers 301 with the slash that is missing. */
  | { readonly kind: 'completed' }
  | { readonly kind: 'unknown'; readonly why: string };

/** The location of a path, or all that it may be where its beginning alone is known. */
export function destinationsOf(
  server: Scope,
  { uri, uriStart }: Pick<Path, 'uri' | 'uriStart'>,
  isExact: boolean,
): Destinations {
  const variable = { kind: 'unknown', why: 'the new path is made of variables' } as const;
  if (uri === undefined) {
    const locations = uriStart.startsWith('/') ? candidatesFor(server, uriStart) : undefined;
    return locations === undefined ? variable : { kind: 'locations', locations };
  }
  if (!uri.startsWith('/')) return variable;
  if (isExact && isCompleted(server, uri)) return { kind: 'completed' };
  const chosen = chooseLocation(server, uri);
  return chosen.kind === 'scope'
    ? { kind: 'locations', locations: [chosen.scope] }
    : { kind: 'unknown', why: `no telling which location takes ${uri}` };
}

/**
 * The locations that nginx may take for a path of which only the beginning is known; undefined
 * where there are too many, or one that cannot be judged.
 */
function candidatesFor(server: Scope, start: string): readonly Scope[] | undefined {
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
