import { matchesHost } from '../../../core/gate/host-pattern.ts';
import { type Configuration, findAll } from './configuration.ts';
import { ownOrAround } from './content.ts';
import { asksPostern, type Naming, readNaming } from './gate-name.ts';
import {
  examplePath,
  type GateAt,
  type GatePlace,
  type GateTable,
  placesOf,
} from './gate-table.ts';
import type { Outcome } from './outcome.ts';
import { isErrorPage } from './protection.ts';
import { simulateRequest } from './request-simulation.ts';
import { handshake, page, type Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { pathsToTry } from './trial-paths.ts';
import {
  chooseServer,
  defaultOf,
  findListeners,
  hostFor,
  isNamed,
  type Listener,
  namesOf,
} from './virtual-host.ts';

/** An outcome at which a request reaches something that answers it. */
export type Arrived = Extract<Outcome, { kind: 'proxied' | 'handled' }>;

/** A request that was tried, and one outcome that it may come to. */
export interface Trial {
  readonly server: Scope;
  readonly host: string;
  /** As the client sends it. */
  readonly path: string;
  readonly scenario: Scenario;
  readonly outcome: Arrived;
  /** The path that the backend gets; undefined where that cannot be known. */
  readonly served: string | undefined;
  /** The location in which it ends; undefined for the server itself. */
  readonly location: Scope | undefined;
  /** How the question to Postern named the gate; undefined where Postern was not asked. */
  readonly naming: Naming | undefined;
  /** The gate that Postern finds by host and path, where gates are known. */
  readonly at: GateAt | undefined;
}

/** Host that no configuration names. */
const strangeHost = 'unnamed.invalid';

/** A request in a message: `app.example.com/admin/x`. */
export function renderRequest({ host, path }: Trial): string {
  return host === strangeHost ? path : `${host}${path}`;
}

/** Tries requests on every server: all that tell its locations and the gates apart. */
export function tryRequests(
  configuration: Configuration,
  gates: GateTable | undefined,
): readonly Trial[] {
  const asked = findAll(configuration.http.directives, 'auth_request');
  if (gates === undefined && !asked.some(asksPostern)) return [];
  const places = gates?.gates.flatMap(placesOf) ?? [];
  const listeners = findListeners(configuration.servers);
  return configuration.servers.flatMap((server) => {
    const own = listeners.filter((listener) => listener.includes(server));
    return tryHosts(configuration, gates, server, hostsOf(server, own, places));
  });
}

/**
 * Tries hosts that come to a server because no other names them: the default server of an address, which has
 * other names. Hosts that some gate is at are meant, since nobody else asks for others.
 */
export function tryStrayHosts(configuration: Configuration, gates: GateTable): readonly Trial[] {
  const places = gates.gates.flatMap(placesOf);
  return findListeners(configuration.servers).flatMap((listener) => {
    const server = defaultOf(listener);
    if (isUnnamed(server)) return [];
    const hosts = hostsOfGates(places).filter(
      (host) => !isNamed(server, host) && chooseServer(listener, host) === server,
    );
    return tryHosts(configuration, gates, server, byPlaces(hosts, places));
  });
}

type Hosts = ReadonlyMap<string, readonly GatePlace[]>;

function tryHosts(
  configuration: Configuration,
  gates: GateTable | undefined,
  server: Scope,
  hosts: Hosts,
): readonly Trial[] {
  const openPaths = (gates?.gates ?? []).flatMap(({ publicRoutes }) =>
    publicRoutes.map(({ path }) => examplePath(path)),
  );
  return [...hosts].flatMap(([host, places]) =>
    pathsToTry(server, places, openPaths).flatMap((path) =>
      [page, handshake].flatMap((scenario) =>
        tryOne({ configuration, gates, server, host, path, scenario }),
      ),
    ),
  );
}

interface Attempt extends Pick<Trial, 'server' | 'host' | 'path' | 'scenario'> {
  readonly configuration: Configuration;
  readonly gates: GateTable | undefined;
}

function tryOne(attempt: Attempt): Trial[] {
  const { configuration, gates, server, host, path, scenario } = attempt;
  const outcomes = simulateRequest(
    configuration,
    server,
    { host, path },
    { scenario, answer: 'allow' },
  );
  return outcomes.flatMap((outcome) => {
    if (outcome.kind !== 'proxied' && outcome.kind !== 'handled') return [];
    if (isErrorPage(outcome)) return [];
    const { question } = outcome;
    const naming = question && readNaming(configuration, server, scenario, question);
    const location = outcome.view.nearest('location');
    const served = servedPath(outcome);
    return [
      {
        served,
        server,
        host,
        path,
        scenario,
        outcome,
        location,
        naming,
        at: gates?.at(host, path),
      },
    ];
  });
}

/** The path after `rewrite`, and with the one in `proxy_pass` in the place of the location's. */
function servedPath({ kind, view, environment, moves }: Arrived): string | undefined {
  const uri = environment.get('uri');
  const proxy = kind === 'proxied' ? ownOrAround(view, 'proxy_pass') : undefined;
  const [, path] = /^\w+:\/\/[^/]+(\/.*)$/.exec(proxy?.args[0] ?? '') ?? [];
  // A path that `rewrite … break` changed is passed as it is.
  if (path === undefined || moves.some(({ args }) => args[2] === 'break')) return uri;
  const match = view.nearest('location')?.match;
  if (path.includes('$') || match === undefined || !('path' in match)) return undefined;
  return uri === undefined ? undefined : path + uri.slice(match.path.length);
}

/** Hosts that are meant for a server. */
function hostsOf(
  server: Scope,
  listeners: readonly Listener[],
  places: readonly GatePlace[],
): Hosts {
  const named = namesOf(server).flatMap((name) => hostFor(name) ?? []);
  const isOpen = isUnnamed(server);
  const isDefault = listeners.some((listener) => defaultOf(listener) === server);
  const all = new Set([
    ...named,
    ...hostsOfGates(places),
    ...(isOpen && isDefault ? [strangeHost] : []),
  ]);
  const hosts = [...all].filter(
    (host) =>
      (isOpen || isNamed(server, host)) &&
      listeners.some((listener) => chooseServer(listener, host) === server),
  );
  return byPlaces(hosts, places);
}

/** One host for each set of places that hosts can be at, with these places. */
function byPlaces(hosts: readonly string[], places: readonly GatePlace[]): Hosts {
  const found = new Map<string, [host: string, own: readonly GatePlace[]]>();
  for (const host of hosts) {
    const own = places.filter((place) => matchesHost(place.host, host));
    const key = own.map((place) => places.indexOf(place)).join();
    if (!found.has(key)) found.set(key, [host, own]);
  }
  return new Map(found.values());
}

function hostsOfGates(places: readonly GatePlace[]): string[] {
  return places.flatMap(({ host }) => {
    if ('exact' in host) return [host.exact];
    return host.suffix === '' ? [] : [`x${host.suffix}`];
  });
}

function isUnnamed(server: Scope): boolean {
  return namesOf(server).every((name) => name === '' || name === '_');
}
