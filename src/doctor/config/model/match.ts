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
