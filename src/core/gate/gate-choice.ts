import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { defaultGateName, type Gate } from './gate.ts';
import { type Handshake, isGateName } from './handshake.ts';
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
import { type PathReadings, readDecodedPath, readPath } from './path-readings.ts';

/** A gate, and what made it the one. */
export interface ChosenGate {
  readonly gate: Gate;
  /** For people: `nginx named it`, `app.example.com /ws`. */
  readonly because: string;
}

/** What of a handshake says at which gate it is. */
export type PlaceFacts = Pick<Handshake, 'gateName' | 'host' | 'path' | 'locationPath'> &
  Partial<Pick<Handshake, 'isNameSet'>>;

/** Finds the gate that a handshake is at. */
export interface GateChoice {
  /** A denial when there is none, or when nobody can say which. */
  choose(handshake: PlaceFacts): ChosenGate | Deny;
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
  /** The pattern for paths without capitals. */
  readonly folded: PathPattern;
}

const everyPath = parsePathPattern('/') as PathPattern;

/** Gates by their configuration. The most specific place wins: first by its host, then by its path. */
export function chooseAmong(gates: readonly Gate[]): GateChoice {
  const byName = new Map(gates.map((gate) => [gate.name, gate]));
  const places = gates
    .flatMap(placesOf)
    .sort((a, b) => compareHosts(a.host, b.host) || comparePaths(a.path, b.path));

  const placesAt = (host: string) => places.filter((place) => matchesHost(place.host, host));

  /**
   * The gate of a path, if backends find it there as well to which capitals are nothing, or a slash at the
   * end is.
   */
  function gateAt(here: readonly Place[], path: string): Gate | undefined | Doubt {
    const place = here.find((one) => matchesPath(one.path, path));
    const folded = foldCase(path);
    const other = here.find((one) => matchesPath(one.folded, folded));
    if (place?.gate !== other?.gate) return 'capitals';
    if (place === undefined || !place.path.open) return place?.gate;
    const twin = folded.endsWith('/') ? folded.slice(0, -1) : `${folded}/`;
    const exact = here.find((one) => matchesPath(one.folded, twin));
    const isOther = exact !== undefined && !exact.path.open && exact.gate !== place.gate;
    return isOther ? 'slash' : place.gate;
  }

  /** The one gate that all readings are at. */
  function agree(here: readonly Place[], read: PathReadings): Gate | Deny {
    const whole = wholeHost(here);
    if (whole !== undefined) return whole;
    const agreed = requireAgreement(read, (path) => gateAt(here, path), showGate);
    if ('differ' in agreed) return deny('ambiguous_path', agreed.differ);
    if (agreed.value === undefined) return deny('no_gate', 'host and path');
    return typeof agreed.value === 'string'
      ? deny('ambiguous_path', doubts[agreed.value])
      : agreed.value;
  }

  /**
   * A denial where a backend may take the path for one of another location than nginx did, which named
   * the gate: where its readings are at different places, or it can lead anywhere.
   */
  function checkNamed(host: string, path: string | undefined): Deny | undefined {
    const read = gates.length < 2 || path === undefined ? undefined : readPath(path);
    if (read === undefined) return undefined;
    if (read.hasDots) return deny('ambiguous_path', 'dot segments, and a gate by name');
    const found = agree(placesAt(host), read);
    return isDenial(found) && found.reason === 'ambiguous_path' ? found : undefined;
  }

  /**
   * A denial where nginx moved the request, by a rewrite or an internal redirect, to the place of another
   * gate than the one of the path as sent, or than the one that a variable of nginx still names. A name
   * may be for what is at no gate's place.
   */
  function checkMoved(
    gate: Gate,
    { host, locationPath }: Pick<Handshake, 'host' | 'locationPath'>,
    { sent, isNamed }: { readonly sent: string | undefined; readonly isNamed: boolean },
  ): Deny | undefined {
    if (locationPath === undefined || locationPath === sent) return undefined;
    const there = readDecodedPath(locationPath);
    const other = there && agree(placesAt(host), there);
    const isNowhere = other !== undefined && isDenial(other) && other.reason === 'no_gate';
    const mayBe = other === gate || (isNamed && isNowhere);
    return mayBe ? undefined : deny('ambiguous_path', showRewritten(gate, other));
  }

  return {
    choose({ gateName, host, path, locationPath, isNameSet }) {
      if (gateName !== undefined) {
        const gate = byName.get(gateName);
        if (gate === undefined) return deny('no_gate', 'unknown name');
        const sent = isNameSet && path !== undefined ? readPath(path)?.resolved : undefined;
        const moved = isNameSet
          ? checkMoved(gate, { host, locationPath }, { sent, isNamed: true })
          : undefined;
        return moved ?? checkNamed(host, path) ?? { gate, because: 'nginx named it' };
      }
      const read = path === undefined ? undefined : readPath(path);
      if (read === undefined) return deny('malformed_request', 'path');
      const here = placesAt(host);
      const gate = agree(here, read);
      if (isDenial(gate)) return gate;
      const sent = read.resolved;
      const moved = checkMoved(gate, { host, locationPath }, { sent, isNamed: false });
      if (moved !== undefined) return moved;
      const place = here.find((one) => matchesPath(one.path, sent)) as Place;
      return { gate, because: `${renderHost(place.host)} ${place.path.text}` };
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
    choose({ gateName, path }) {
      // Other names may stand in other locations, and a path with dots may lead to any of them.
      const read = gateName === undefined || path === undefined ? undefined : readPath(path);
      if (read?.hasDots) return deny('ambiguous_path', 'dot segments, and a gate by name');
      return {
        gate: named(gateName ?? defaultGateName),
        because: gateName === undefined ? 'there is only one' : 'nginx named it',
      };
    },
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

/** The gate of all places, where one of them is every path: no path has any bearing then. */
function wholeHost(here: readonly Place[]): Gate | undefined {
  const [first] = here;
  const isOne = here.every(({ gate }) => gate === first?.gate);
  const isWhole = here.some(({ path }) => path.open && path.segments.length === 0);
  return isOne && isWhole ? first?.gate : undefined;
}

/** Why a backend may find another gate at a path that can be read in one way only. */
const doubts = {
  capitals: 'in lower case: another gate',
  slash: 'without the slash at the end: another gate',
} as const;
type Doubt = keyof typeof doubts;

function showGate(gate: Gate | undefined | Doubt): string {
  if (gate === undefined) return 'no gate';
  return typeof gate === 'string' ? doubts[gate] : gate.name;
}

function showRewritten(gate: Gate, other: Gate | Deny | undefined): string {
  const found = other === undefined || isDenial(other) ? (other?.detail ?? 'no path') : other.name;
  return `as sent: ${gate.name}; as nginx rewrote it: ${found}`;
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
