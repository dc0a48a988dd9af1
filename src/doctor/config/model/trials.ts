import { matchesHost } from '../../../core/host-pattern.ts';
import { type Configuration, findAll } from './configuration.ts';
import { ownOrAround } from './content.ts';
import type { End } from './end.ts';
import { asksPostern, type Naming, readNaming } from './gate-name.ts';
import { type GateAt, type GatePlace, type GateTable, placesOf } from './gate-table.ts';
import { follow } from './journey.ts';
import { isErrorPage } from './protection.ts';
import { handshake, page, type Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { pathsToTry } from './trial-paths.ts';
import {
  chooseServer,
  defaultOf,
  findListeners,
  hostFor,
  isNamed,
  namesOf,
} from './virtual-host.ts';

/** An end at which a request reaches something that answers it. */
export type Arrived = Extract<End, { kind: 'proxied' | 'handled' }>;

/** A request that was tried, and one end that it may come to. */
export interface Trial {
  readonly server: Scope;
  readonly host: string;
  /** As the client sends it. */
  readonly path: string;
  readonly scenario: Scenario;
  readonly end: Arrived;
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
  return configuration.servers.flatMap((server) => {
    return [...hostsOf(configuration, server, places)].flatMap(([host, own]) => {
      const openPaths = (gates?.gates ?? []).flatMap(({ publicPlaces }) =>
        publicPlaces.map(({ path }) => path.text.replace(/^=/, '').replaceAll('*', 'x')),
      );
      return pathsToTry(server, own, openPaths).flatMap((path) =>
        [page, handshake].flatMap((scenario) =>
          tryOne({ configuration, gates, server, host, path, scenario }),
        ),
      );
    });
  });
}

interface Attempt extends Pick<Trial, 'server' | 'host' | 'path' | 'scenario'> {
  readonly configuration: Configuration;
  readonly gates: GateTable | undefined;
}

function tryOne(attempt: Attempt): Trial[] {
  const { configuration, gates, server, host, path, scenario } = attempt;
  const ends = follow(configuration, server, { host, path }, { scenario, answer: 'allow' });
  return ends.flatMap((end) => {
    if (end.kind !== 'proxied' && end.kind !== 'handled') return [];
    if (isErrorPage(end)) return [];
    const { question } = end;
    const naming = question && readNaming(configuration, server, scenario, question);
    const location = end.view.nearest('location');
    const served = servedPath(end);
    return [
      { served, server, host, path, scenario, end, location, naming, at: gates?.at(host, path) },
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

/** Hosts that come to a server: one for each set of places they can be at, with these places. */
function hostsOf(
  configuration: Configuration,
  server: Scope,
  places: readonly GatePlace[],
): ReadonlyMap<string, readonly GatePlace[]> {
  const listeners = findListeners(configuration.servers).filter((one) => one.includes(server));
  const named = namesOf(server).flatMap((name) => hostFor(name) ?? []);
  const ofGates = places.map(({ host }) => ('exact' in host ? host.exact : `x${host.suffix}`));
  const isDefault = listeners.some((listener) => defaultOf(listener) === server);
  const isUnnamed = namesOf(server).every((name) => name === '' || name === '_');
  const strange = isDefault && isUnnamed ? [strangeHost] : [];
  const found = new Map<string, readonly GatePlace[]>();
  const seen = new Set<string>();
  for (const host of new Set([...named, ...ofGates.filter((one) => one !== 'x'), ...strange])) {
    if (!isUnnamed && !isNamed(server, host)) continue;
    if (!listeners.some((listener) => chooseServer(listener, host) === server)) continue;
    const own = places.filter((place) => matchesHost(place.host, host));
    const key = own.map((place) => places.indexOf(place)).join();
    if (seen.has(key)) continue;
    seen.add(key);
    found.set(host, own);
  }
  return found;
}
