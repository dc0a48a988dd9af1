import { matches } from './pattern.ts';
import type { Scope } from './scope.ts';

/** What nginx chooses for a path: a location, the server itself, or "a regex cannot be judged". */
export type Chosen =
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'unsure' };

/**
 * Finds the location that nginx takes for a path: an exact one, else the longest prefix; regular
 * expressions in their order go before it unless it has `^~`. Nested locations are searched in the
 * one that contains them.
 */
export function chooseLocation(server: Scope, path: string): Chosen {
  return choose(server, path) ?? { kind: 'scope', scope: server };
}

/** The named location `@name` of a server. */
export function findNamed(server: Scope, name: string): Scope | undefined {
  return server.locations().find(({ match }) => match?.kind === 'named' && match.name === name);
}

/**
 * True where nginx answers 301 by itself, with the slash that is missing: a path that is a proxied
 * location but for its last slash, and no location of its own.
 */
export function isCompleted(parent: Scope, path: string): boolean {
  const own = (scope: Scope, name: string) => scope.match !== undefined && pathOf(scope) === name;
  const locations = parent.locations();
  if (locations.some((scope) => own(scope, path))) return false;
  const isProxied = (scope: Scope) => scope.directives.some(({ name }) => /_pass$/.test(name));
  const completed = locations.some(
    (scope) => own(scope, `${path}/`) && scope.match?.kind !== 'exact' && isProxied(scope),
  );
  if (completed) return true;
  const around = locations
    .filter((scope) => scope.match?.kind !== 'exact' && path.startsWith(pathOf(scope) ?? '\0'))
    .toSorted((a, b) => (pathOf(b) ?? '').length - (pathOf(a) ?? '').length)[0];
  return around !== undefined && isCompleted(around, path);
}

function pathOf({ match }: Scope): string | undefined {
  return match !== undefined && 'path' in match ? match.path : undefined;
}

function choose(parent: Scope, path: string): Chosen | undefined {
  let longest: { scope: Scope; length: number; final: boolean } | undefined;
  for (const scope of parent.locations()) {
    const { match } = scope;
    if (match === undefined) continue;
    if (match.kind === 'exact' && match.path === path) return { kind: 'scope', scope };
    const isPrefix = match.kind === 'prefix' || match.kind === 'prefix-final';
    if (!isPrefix || !path.startsWith(match.path)) continue;
    if (longest !== undefined && longest.length >= match.path.length) continue;
    longest = { scope, length: match.path.length, final: match.kind === 'prefix-final' };
  }
  const nested = longest === undefined ? undefined : choose(longest.scope, path);
  if (nested !== undefined) return nested;
  if (longest?.final !== true) {
    const regex = chooseRegex(parent, path);
    if (regex !== undefined) return regex;
  }
  return longest === undefined ? undefined : { kind: 'scope', scope: longest.scope };
}

function chooseRegex(parent: Scope, path: string): Chosen | undefined {
  for (const scope of parent.locations()) {
    const { match } = scope;
    if (match?.kind !== 'regex') continue;
    const fits = matches(match.pattern, match.ignoreCase, path);
    if (fits === undefined) return { kind: 'unsure' };
    if (fits) return choose(scope, path) ?? { kind: 'scope', scope };
  }
  return undefined;
}
