import { sourceNames } from '../model/source-name.ts';
import { type Gate, noRequirements } from './gate.ts';
import type { OriginRules } from './origin.ts';

/**
 * The merged policy for signing in at a host with these gates. A session cookie belongs to the whole host,
 * so the policy is the union: origins that one gate allows, sources that one gate searches. Whether a gate
 * admits the identity is decided at the handshakes that follow. Undefined for no gates.
 */
export function mergedHostPolicy(gates: readonly Gate[]): Gate | undefined {
  const [first, second] = gates;
  if (first === undefined || second === undefined) return first;
  const union = <T>(list: (gate: Gate) => readonly T[]) => [...new Set(gates.flatMap(list))];
  const searched = union(({ sources }) => sources);
  return {
    ...first,
    sources: sourceNames.filter((name) => searched.includes(name)),
    cookieNames: union(({ cookieNames }) => cookieNames),
    cookiesWithoutOrigin: [],
    queryNames: union(({ queryNames }) => queryNames),
    subprotocolForms: union(({ subprotocolForms }) => subprotocolForms),
    origins: gates.map(({ origins }) => origins).reduce(mergeOrigins),
    networks: { ...first.networks, trust: undefined, allow: undefined, deny: undefined },
    publicRoutes: [],
    requirements: noRequirements,
    maxUses: undefined,
    jwtSingleUse: gates.some(({ jwtSingleUse }) => jwtSingleUse),
    bridge: undefined,
  };
}

/**
 * The policy for signing in at one gate of a host. The session is valid at the host's other gates too, so a
 * JWT is used up if any of them has `jwt_single_use`.
 */
export function signInPolicy(gate: Gate, hostGates: readonly Gate[]): Gate {
  return {
    ...gate,
    cookiesWithoutOrigin: [],
    jwtSingleUse: [gate, ...hostGates].some(({ jwtSingleUse }) => jwtSingleUse),
  };
}

function mergeOrigins(a: OriginRules, b: OriginRules): OriginRules {
  return {
    same: a.same || b.same,
    opaque: a.opaque || b.opaque,
    exact: [...a.exact, ...b.exact],
    wildcards: [...a.wildcards, ...b.wildcards],
  };
}
