import type { Path } from './rewrite-path.ts';
import type { Scope } from './scope.ts';

/** A path on its way through the directives. `isMoved`: another location will be looked for. */
export interface Step {
  readonly path: Path;
  readonly view: Scope;
  readonly isMoved: boolean;
}

/** Merges steps that nothing further on can tell apart. They decided differently on the way, so that is forgotten. */
export function mergeSame(steps: readonly Step[]): readonly Step[] {
  const merged = new Map<string, Step>();
  const numbers = new Map<Scope, number>();
  for (const step of steps) {
    const { path, view, isMoved } = step;
    if (!numbers.has(view)) numbers.set(view, numbers.size);
    const key = JSON.stringify([
      ...[numbers.get(view), isMoved, path.uri, path.uriStart, path.args, path.captures],
      [path.certain, path.hasClientQuery],
      [...path.variables].map(([name, { symbol }]) => `${name}=${symbol}`).sort(),
    ]);
    const twin = merged.get(key);
    merged.set(key, twin === undefined ? step : { ...twin, path: withCommon(twin.path, path) });
  }
  return [...merged.values()];
}

function withCommon(path: Path, { decisions }: Path): Path {
  const common = [...path.decisions].filter(([key, holds]) => decisions.get(key) === holds);
  return { ...path, decisions: new Map(common) };
}
