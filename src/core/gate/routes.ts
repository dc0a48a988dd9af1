import { type Deny, deny } from '../model/verdict.ts';
import type { Gate } from './gate.ts';
import {
  anyHost,
  compareHosts,
  type HostPattern,
  matchesHost,
  relateHosts,
} from './host-pattern.ts';
import { foldCase } from './path.ts';
import { requireAgreement } from './path-agreement.ts';
import {
  comparePaths,
  foldPathPattern,
  matchesPath,
  type PathPattern,
  parsePathPattern,
  relatePaths,
} from './path-pattern.ts';
import type { PathReadings } from './path-readings.ts';

/** One route of a gate: a pair of host and path pattern. */
export interface Route {
  readonly gate: Gate;
  readonly host: HostPattern;
  readonly path: PathPattern;
  /** The pattern for case-folded paths. */
  readonly folded: PathPattern;
}

/** Two gates that match the same requests, with the patterns that overlap. */
export interface Ambiguity {
  readonly gates: readonly [string, string];
  readonly patterns: readonly [string, string];
}

/** Why backends may find another gate at a path that has one reading only. */
const nearMisses = {
  capitals: 'in lower case: another gate',
  slash: 'without the slash at the end: another gate',
} as const;
type NearMiss = keyof typeof nearMisses;

const allPaths = parsePathPattern('/') as PathPattern;

/** The routes of all gates, the most specific first: by host, then by path. */
export function listRoutes(gates: readonly Gate[]): readonly Route[] {
  return gates
    .flatMap(routesOf)
    .sort((a, b) => compareHosts(a.host, b.host) || comparePaths(a.path, b.path));
}

/** A gate without hosts and paths has no route: only nginx can name it. */
function routesOf(gate: Gate): Route[] {
  if (gate.hosts.length === 0 && gate.paths.length === 0) return [];
  const hosts = gate.hosts.length === 0 ? [anyHost] : gate.hosts;
  const paths = gate.paths.length === 0 ? [allPaths] : gate.paths;
  return hosts.flatMap((host) =>
    paths.map((path) => ({ gate, host, path, folded: foldPathPattern(path) })),
  );
}

/** The route of a normalized path; the first match is the most specific. */
export function findRoute(routes: readonly Route[], path: string): Route | undefined {
  return routes.find((route) => matchesPath(route.path, path));
}

/** The one gate at which all readings of a path are. Denies where readings are at different gates. */
export function findGate(routes: readonly Route[], readings: PathReadings): Gate | Deny {
  const only = gateOfWholeHost(routes);
  if (only !== undefined) return only;
  const agreed = requireAgreement(readings, (path) => gateAt(routes, path), describeGate);
  if ('conflict' in agreed) return deny('ambiguous_path', agreed.conflict);
  if (agreed.value === undefined) return deny('no_gate', 'host and path');
  return typeof agreed.value === 'string'
    ? deny('ambiguous_path', nearMisses[agreed.value])
    : agreed.value;
}

/**
 * The gate of one reading, if backends that ignore case, or a trailing slash, find the same gate there.
 */
function gateAt(routes: readonly Route[], path: string): Gate | undefined | NearMiss {
  const route = findRoute(routes, path);
  const foldedPath = foldCase(path);
  const foldedRoute = routes.find(({ folded }) => matchesPath(folded, foldedPath));
  if (route?.gate !== foldedRoute?.gate) return 'capitals';
  if (route === undefined || !route.path.includesSubpaths) return route?.gate;
  const twin = foldedPath.endsWith('/') ? foldedPath.slice(0, -1) : `${foldedPath}/`;
  const twinRoute = routes.find(({ folded }) => matchesPath(folded, twin));
  const isOther =
    twinRoute !== undefined && !twinRoute.path.includesSubpaths && twinRoute.gate !== route.gate;
  return isOther ? 'slash' : route.gate;
}

/** The gate of a host that has one gate for all paths: no reading of a path matters there. */
function gateOfWholeHost(routes: readonly Route[]): Gate | undefined {
  const [first] = routes;
  const isOnly = routes.every(({ gate }) => gate === first?.gate);
  const hasAllPaths = routes.some(
    ({ path }) => path.includesSubpaths && path.segments.length === 0,
  );
  return isOnly && hasAllPaths ? first?.gate : undefined;
}

/**
 * Routes of different gates that match the same requests, neither being more specific. Case is ignored,
 * since backends may read `/WS` as `/ws`.
 */
export function findAmbiguities(gates: readonly Gate[]): Ambiguity[] {
  const routes = gates.flatMap(routesOf);
  const found: Ambiguity[] = [];
  for (const [index, a] of routes.entries()) {
    for (const b of routes.slice(index + 1)) {
      if (a.gate === b.gate || relateHosts(a.host, b.host) !== 'equal') continue;
      const relation = relatePaths(a.folded, b.folded);
      if (relation !== 'equal' && relation !== 'overlapping') continue;
      found.push({
        gates: [a.gate.name, b.gate.name],
        patterns: [describeRoute(a), describeRoute(b)],
      });
    }
  }
  return found;
}

/** For people: `app.example.com /ws`. */
export function describeRoute({ host, path }: Route): string {
  return `${describeHost(host)} ${path.text}`;
}

function describeHost(host: HostPattern): string {
  if ('exact' in host) return host.exact;
  return host.suffix === '' ? 'any host' : `*${host.suffix}`;
}

function describeGate(gate: Gate | undefined | NearMiss): string {
  if (gate === undefined) return 'no gate';
  return typeof gate === 'string' ? nearMisses[gate] : gate.name;
}

/** True when requests to the host can be at the gate. */
export function isAtHost({ hosts }: Gate, host: string): boolean {
  return hosts.length === 0 || hosts.some((pattern) => matchesHost(pattern, host));
}
