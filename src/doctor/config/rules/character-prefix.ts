import { compareHosts } from '../../../core/gate/host-pattern.ts';
import { relatePaths } from '../../../core/gate/path-pattern.ts';
import { describe, headOf } from '../analysis.ts';
import { type GateAt, renderGatePlace } from '../model/gate-table.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** nginx compares characters, gates compare segments. */
export const characterPrefix: Rule = {
  code: 'PD033',
  title: 'A location takes paths that are not at its gate',
  severities: ['warning'],
  needsGates: true,
  *find({ trials }) {
    const unnamed = trials.filter(
      ({ naming, location, outcome }) =>
        naming?.by === 'place' && location !== undefined && outcome.moves.length === 0,
    );
    for (const [location, own] of Map.groupBy(unnamed, (one) => one.location)) {
      if (location === undefined) continue;
      const found = findStray(location, own);
      if (found === undefined) continue;
      const [home, stray] = found;
      const prefix = location.match?.kind === 'regex' ? undefined : home.path;
      yield {
        severity: 'warning',
        at: headOf(location),
        about: describe(location),
        meaning: `nginx compares characters and gates compare segments: ${renderRequest(home)} is at gate ${home.at.gate.name}, but ${renderRequest(stray)} comes to this location too and is at gate ${stray.at.gate.name} (${renderGatePlace(stray.at.place)}). A backend that takes such a path for one of ${home.at.gate.name} is then asked for by the rules of ${stray.at.gate.name}.`,
        change: `Name the gate: include gates/${home.at.gate.name}.conf in the place of postern-location.conf. Or let the location end with its segment: ${prefix === undefined ? '(/|$) at the end of the expression' : `location = ${prefix} and location ${prefix}/`}.`,
      };
    }
  },
};

type Placed = Trial & { readonly at: GateAt };

/** A path at the location's gate, and one beside it that is at a wider gate. */
function findStray(location: Scope, trials: readonly Trial[]): [Placed, Placed] | undefined {
  const { match } = location;
  if (match === undefined || match.kind === 'named' || match.kind === 'exact') return undefined;
  const placed = trials.filter((one): one is Placed => one.at !== undefined);
  // An expression that takes every path is about no gate in particular.
  if (match.kind === 'regex' && placed.some(({ path }) => path === '/x' || path === '/')) {
    return undefined;
  }
  for (const home of placed) {
    if (match.kind !== 'regex' && home.path !== match.path) continue;
    if (home.path.endsWith('/') || home.at.place.path.segments.length === 0) continue;
    const stray = placed.find(
      ({ host, path, at }) =>
        host === home.host &&
        path.startsWith(home.path) &&
        !['', '/'].includes(path.slice(home.path.length, home.path.length + 1)) &&
        at.gate !== home.at.gate &&
        isWider(at, home.at),
    );
    if (stray !== undefined) return [home, stray];
  }
  return undefined;
}

function isWider(one: GateAt, other: GateAt): boolean {
  return (
    compareHosts(other.place.host, one.place.host) < 0 ||
    relatePaths(one.place.path, other.place.path) === 'wider'
  );
}
