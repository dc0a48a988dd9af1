import type { Gate } from '../../../core/gate/gate.ts';
import { createGateRouter, type GateRouter } from '../../../core/gate/gate-router.ts';
import {
  anyHost,
  compareHosts,
  type HostPattern,
  matchesHost,
} from '../../../core/gate/host-pattern.ts';
import {
  comparePaths,
  matchesPath,
  type PathPattern,
  parsePathPattern,
} from '../../../core/gate/path-pattern.ts';
import { matchPublicRoute } from '../../../core/gate/public-route.ts';

/** One place of a gate. */
export interface GatePlace {
  readonly host: HostPattern;
  readonly path: PathPattern;
}

/** A gate, and the place by which a request is at it. */
export interface GateAt {
  readonly gate: Gate;
  readonly place: GatePlace;
}

const everyPath = parsePathPattern('/') as PathPattern;

/** The gates of a configuration, asked as Postern asks them. */
export class GateTable {
  readonly gates: readonly Gate[];
  readonly #choice: GateRouter;

  constructor(gates: readonly Gate[]) {
    this.gates = gates;
    this.#choice = createGateRouter(gates);
  }

  named(name: string): Gate | undefined {
    return this.#choice.byName(name);
  }

  /**
   * The gate that Postern finds by host and path, and by the path after rewrites where it is told that;
   * undefined where it denies (`no_gate`, `ambiguous_path`).
   */
  at(host: string, path: string, locationPath?: string): GateAt | undefined {
    const bytes = locationPath && toBytes(locationPath);
    const chosen = this.#choice.match({
      ...{ gateName: undefined, host, path: encodeURI(path), locationPath: bytes },
    });
    if (!('gate' in chosen)) return undefined;
    const place = placeAt(chosen.gate, host, path);
    return place === undefined ? undefined : { gate: chosen.gate, place };
  }

  /** True where anybody may load this page. */
  isPublic(gate: Gate, path: string): boolean {
    const request = { method: 'GET', path: encodeURI(path), locationPath: undefined };
    return matchPublicRoute(gate.publicRoutes, request) === true;
  }
}

/** The most specific place of a gate that a request is in. */
export function placeAt(gate: Gate, host: string, path: string): GatePlace | undefined {
  const bytes = toBytes(path);
  return placesOf(gate).find(
    (place) => matchesHost(place.host, host) && matchesPath(place.path, bytes),
  );
}

/** The places of a gate, the most specific first. One without hosts and paths has none. */
export function placesOf({ hosts, paths }: Gate): readonly GatePlace[] {
  if (hosts.length === 0 && paths.length === 0) return [];
  return (hosts.length === 0 ? [anyHost] : hosts)
    .flatMap((host) => (paths.length === 0 ? [everyPath] : paths).map((path) => ({ host, path })))
    .sort(compareGatePlaces);
}

/** Orders places so that a more specific one comes first. */
export function compareGatePlaces(a: GatePlace, b: GatePlace): number {
  return compareHosts(a.host, b.host) || comparePaths(a.path, b.path);
}

/** A place as a configuration says it: `app.example.com /ws`. */
export function renderGatePlace({ host, path }: GatePlace): string {
  const shown = 'exact' in host ? host.exact : host.suffix === '' ? 'any host' : `*${host.suffix}`;
  return `${shown} ${path.text}`;
}

/** A text as nginx and gates compare it: a character for each byte. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The path of a pattern with something in the place of each `*`. */
export function examplePath({ segments }: PathPattern): string {
  const texts = segments.map((one) =>
    typeof one === 'string' ? one : `${one.before}x${one.after}`,
  );
  return Buffer.from(`/${texts.join('/')}`, 'latin1').toString('utf8');
}
