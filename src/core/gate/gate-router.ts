import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { defaultGateName, type Gate } from './gate.ts';
import { type Handshake, isGateName } from './handshake.ts';
import { matchesHost } from './host-pattern.ts';
import { readDecodedPath, readPath } from './path-readings.ts';
import { describeRoute, findGate, findRoute, isAtHost, listRoutes, type Route } from './routes.ts';

/** A gate, and why it was chosen. */
export interface GateMatch {
  readonly gate: Gate;
  /** For people: `nginx named it`, `app.example.com /ws`. */
  readonly matchedBy: string;
}

/** The parts of a handshake that decide about its gate. */
export type RoutingFacts = Pick<Handshake, 'gateName' | 'host' | 'path' | 'locationPath'> &
  Partial<Pick<Handshake, 'isGateNameVariable'>>;

/** Router from handshakes to gates: by name, or by host and path. */
export interface GateRouter {
  /** The gate of a handshake. Denies when there is none, or when several are possible. */
  match(handshake: RoutingFacts): GateMatch | Deny;
  /** The gate of this name; with a host, only if requests to that host can be at it. */
  byName(name: string, host?: string): Gate | undefined;
  /** The gates that requests to this host can be at. */
  forHost(host: string): readonly Gate[];
}

const dotsDetail = 'dot segments, and a gate by name';

/** Router for the configured gates. The most specific route wins: first by host, then by path. */
export function createGateRouter(gates: readonly Gate[]): GateRouter {
  const byName = new Map(gates.map((gate) => [gate.name, gate]));
  const routes = listRoutes(gates);
  const routesAt = (host: string) => routes.filter((route) => matchesHost(route.host, host));
  return {
    match(facts) {
      const { gateName, host } = facts;
      if (gateName === undefined) return matchPath(routesAt(host), facts);
      const gate = byName.get(gateName);
      if (gate === undefined) return deny('no_gate', 'unknown name');
      const isPathRelevant = gates.length > 1;
      const denial = checkNamedGate(gate, routesAt(host), facts, isPathRelevant);
      return denial ?? { gate, matchedBy: 'nginx named it' };
    },
    byName(name, host) {
      const gate = byName.get(name);
      return gate && (host === undefined || isAtHost(gate, host)) ? gate : undefined;
    },
    forHost: (host) => gates.filter((gate) => isAtHost(gate, host)),
  };
}

/**
 * Router where no gates are configured: every name that nginx gives is a gate with the default rules.
 */
export function createCatchAllRouter(build: (name: string) => Gate): GateRouter {
  const gates = new Map<string, Gate>();
  const gateNamed = (name: string): Gate => {
    const gate = gates.get(name) ?? build(name);
    // Pages may ask about a gate of any name: the cache is bounded.
    if (gates.size < 1_000) gates.set(name, gate);
    return gate;
  };
  return {
    match({ gateName, path }) {
      // Other locations may have other names, and a path with dot segments may be in any of them.
      const isChecked = gateName !== undefined && path !== undefined;
      if (isChecked && readPath(path)?.hasDots) return deny('ambiguous_path', dotsDetail);
      return {
        gate: gateNamed(gateName ?? defaultGateName),
        matchedBy: gateName === undefined ? 'there is only one' : 'nginx named it',
      };
    },
    byName: (name) => (isGateName(name) ? gateNamed(name) : undefined),
    forHost: () => [gateNamed(defaultGateName)],
  };
}

/** The gate of a handshake for which nginx named none. */
function matchPath(routes: readonly Route[], facts: RoutingFacts): GateMatch | Deny {
  const { path, locationPath } = facts;
  const readings = path === undefined ? undefined : readPath(path);
  if (readings === undefined) return deny('malformed_request', 'path');
  const gate = findGate(routes, readings);
  if (isDenial(gate)) return gate;
  const sent = readings.resolved;
  const denial = checkRewrite(gate, routes, { sent, locationPath, isNamed: false });
  if (denial !== undefined) return denial;
  return { gate, matchedBy: describeRoute(findRoute(routes, sent) as Route) };
}

function checkNamedGate(
  gate: Gate,
  routes: readonly Route[],
  { path, locationPath, isGateNameVariable }: RoutingFacts,
  isPathRelevant: boolean,
): Deny | undefined {
  if (isGateNameVariable) {
    const sent = path === undefined ? undefined : readPath(path)?.resolved;
    const denial = checkRewrite(gate, routes, { sent, locationPath, isNamed: true });
    if (denial !== undefined) return denial;
  }
  return isPathRelevant ? checkNamedPath(routes, path) : undefined;
}

/**
 * Denies a path whose readings are at different gates, or that can resolve to any path: nginx named the
 * gate by the location, and the backend may find the path in another one.
 */
function checkNamedPath(routes: readonly Route[], path: string | undefined): Deny | undefined {
  const readings = path === undefined ? undefined : readPath(path);
  if (readings === undefined) return undefined;
  if (readings.hasDots) return deny('ambiguous_path', dotsDetail);
  const found = findGate(routes, readings);
  return isDenial(found) && found.reason === 'ambiguous_path' ? found : undefined;
}

/**
 * Denies a request that nginx moved to the route of another gate, by a rewrite or an internal redirect.
 * The gate is that of the path as sent, or the one that an nginx variable still names. A named gate may
 * also cover paths that are on no route.
 */
function checkRewrite(
  gate: Gate,
  routes: readonly Route[],
  {
    sent,
    locationPath,
    isNamed,
  }: {
    readonly sent: string | undefined;
    readonly locationPath: string | undefined;
    readonly isNamed: boolean;
  },
): Deny | undefined {
  if (locationPath === undefined || locationPath === sent) return undefined;
  const readings = readDecodedPath(locationPath);
  const rewritten = readings && findGate(routes, readings);
  if (rewritten === gate) return undefined;
  const isOffRoutes =
    rewritten !== undefined && isDenial(rewritten) && rewritten.reason === 'no_gate';
  if (isNamed && isOffRoutes) return undefined;
  return deny('ambiguous_path', describeRewrite(gate, rewritten));
}

function describeRewrite(gate: Gate, rewritten: Gate | Deny | undefined): string {
  const found =
    rewritten === undefined || isDenial(rewritten)
      ? (rewritten?.detail ?? 'no path')
      : rewritten.name;
  return `as sent: ${gate.name}; as nginx rewrote it: ${found}`;
}
