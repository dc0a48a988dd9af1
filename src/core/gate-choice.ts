import { defaultGateName, type Gate } from './gate.ts';
import { type Handshake, isGateName } from './handshake.ts';
import {
  anyHost,
  compareHosts,
  type HostPattern,
  matchesHost,
  relateHosts,
} from './host-pattern.ts';
import { readPath } from './path.ts';
import {
  comparePaths,
  foldPathPattern,
  matchesPath,
  type PathPattern,
  parsePathPattern,
  relatePaths,
} from './path-pattern.ts';
import { type Deny, deny } from './verdict.ts';

/** A gate, and what made it the one. */
export interface ChosenGate {
  readonly gate: Gate;
  /** For people: `nginx named it`, `app.example.com /ws`. */
  readonly because: string;
}

/** Finds the gate that a handshake is at. */
export interface GateChoice {
  /** A denial when there is none, or when nobody can say which. */
  choose(handshake: Pick<Handshake, 'gateName' | 'host' | 'path'>): ChosenGate | Deny;
  /** The gate of this name, if requests to the host can be at it; of any host, where none is given. */
  named(name: string, host?: string): Gate | undefined;
  /** The gates that requests to this host can be at. */
  atHost(host: string): readonly Gate[];
}

/** One place of a gate. */
interface Place {
  readonly gate: Gate;
  readonly host: HostPattern;
  readonly path: PathPattern;
  /** The pattern for the loosest reading of a path. */
  readonly folded: PathPattern;
}

const everyPath = parsePathPattern('/') as PathPattern;

/** Gates by their configuration. The most specific place wins: first by its host, then by its path. */
export function chooseAmong(gates: readonly Gate[]): GateChoice {
  const byName = new Map(gates.map((gate) => [gate.name, gate]));
  const places = gates
    .flatMap(placesOf)
    .sort((a, b) => compareHosts(a.host, b.host) || comparePaths(a.path, b.path));

  const find = (host: string, isAt: (place: Place) => boolean): Place | undefined =>
    places.find((place) => matchesHost(place.host, host) && isAt(place));

  return {
    choose({ gateName, host, path }) {
      if (gateName !== undefined) {
        const gate = byName.get(gateName);
        return gate ? { gate, because: 'nginx named it' } : deny('no_gate', 'unknown name');
      }
      const read = path === undefined ? undefined : readPath(path);
      if (read === undefined) return deny('malformed_request', 'path');
      const place = find(host, (one) => matchesPath(one.path, read.resolved));
      if (place === undefined) return deny('no_gate', 'host and path');
      const other = find(host, (one) => matchesPath(one.folded, read.loose));
      if (other?.gate !== place.gate) return deny('no_gate', 'ambiguous path');
      return { gate: place.gate, because: `${renderHost(place.host)} ${place.path.text}` };
    },
    named(name, host) {
      const gate = byName.get(name);
      return gate && (host === undefined || isAtHost(gate, host)) ? gate : undefined;
    },
    atHost: (host) => gates.filter((gate) => isAtHost(gate, host)),
  };
}

/** Without gates of their own rules, every name that nginx gives is a gate with these. */
export function chooseAny(build: (name: string) => Gate): GateChoice {
  const gates = new Map<string, Gate>();
  const named = (name: string): Gate => {
    // A page may ask about a gate by any name: that is not to cost memory without bound.
    const gate = gates.get(name) ?? build(name);
    if (gates.size < 1_000) gates.set(name, gate);
    return gate;
  };
  return {
    choose: ({ gateName }) => ({
      gate: named(gateName ?? defaultGateName),
      because: gateName === undefined ? 'there is only one' : 'nginx named it',
    }),
    named: (name) => (isGateName(name) ? named(name) : undefined),
    atHost: () => [named(defaultGateName)],
  };
}

/** Two gates that both could be meant, with the places where they meet. */
export interface Ambiguity {
  readonly gates: readonly [string, string];
  readonly places: readonly [string, string];
}

/**
 * Places of different gates of which neither is more specific than the other. Capitals do not tell
 * them apart: a backend may read `/WS` as `/ws`.
 */
export function findAmbiguities(gates: readonly Gate[]): Ambiguity[] {
  const places = gates.flatMap(placesOf);
  const found: Ambiguity[] = [];
  for (const [index, a] of places.entries()) {
    for (const b of places.slice(index + 1)) {
      if (a.gate === b.gate || relateHosts(a.host, b.host) !== 'equal') continue;
      const relation = relatePaths(a.folded, b.folded);
      if (relation !== 'equal' && relation !== 'crossing') continue;
      const show = ({ host, path }: Place) => `${renderHost(host)} ${path.text}`;
      found.push({ gates: [a.gate.name, b.gate.name], places: [show(a), show(b)] });
    }
  }
  return found;
}

function isAtHost({ hosts }: Gate, host: string): boolean {
  return hosts.length === 0 || hosts.some((one) => matchesHost(one, host));
}

/** A gate without hosts and without paths has no place: only nginx can name it. */
function placesOf(gate: Gate): Place[] {
  if (gate.hosts.length === 0 && gate.paths.length === 0) return [];
  const hosts = gate.hosts.length === 0 ? [anyHost] : gate.hosts;
  const paths = gate.paths.length === 0 ? [everyPath] : gate.paths;
  return hosts.flatMap((host) =>
    paths.map((path) => ({ gate, host, path, folded: foldPathPattern(path) })),
  );
}

function renderHost(host: HostPattern): string {
  if ('exact' in host) return host.exact;
  return host.suffix === '' ? 'any host' : `*${host.suffix}`;
}
