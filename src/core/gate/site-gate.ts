import { sourceNames } from '../model/source-name.ts';
import { type Gate, noRequirements } from './gate.ts';
import type { OriginRules } from './origin.ts';

/**
 * The rules for signing in at a host with these gates. A session is a cookie of the whole host, so
 * a page that one of the gates lets in may sign in, and a credential is looked for wherever one of
 * them looks; whom each admits is for the handshakes that follow. Undefined for no gates.
 */
export function mergedHostPolicy(gates: readonly Gate[]): Gate | undefined {
  const [first, second] = gates;
  if (first === undefined || second === undefined) return first;
  const union = <T>(list: (gate: Gate) => readonly T[]) => [...new Set(gates.flatMap(list))];
  const looked = union(({ sources }) => sources);
  return {
    ...first,
    sources: sourceNames.filter((name) => looked.includes(name)),
    cookieNames: union(({ cookieNames }) => cookieNames),
    queryNames: union(({ queryNames }) => queryNames),
    origins: gates.map(({ origins }) => origins).reduce(joinOrigins),
    networks: { ...first.networks, trust: undefined, allow: undefined, deny: undefined },
    publicPlaces: [],
    requirements: noRequirements,
    maxUses: undefined,
    jwtSingleUse: gates.some(({ jwtSingleUse }) => jwtSingleUse),
    bridge: undefined,
  };
}

/**
 * The rules for signing in at one gate of a host. The session opens the others too, so that a JWT which one
 * of them takes once is used up by it.
 */
export function signInPolicy(gate: Gate, here: readonly Gate[]): Gate {
  return { ...gate, jwtSingleUse: [gate, ...here].some(({ jwtSingleUse }) => jwtSingleUse) };
}

function joinOrigins(a: OriginRules, b: OriginRules): OriginRules {
  return {
    same: a.same || b.same,
    opaque: a.opaque || b.opaque,
    exact: [...a.exact, ...b.exact],
    below: [...a.below, ...b.below],
  };
}
