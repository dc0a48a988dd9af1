import type { DecisionPorts } from '../core/decision/context.ts';
import { decide } from '../core/decision/decide.ts';
import type { Gate } from '../core/gate/gate.ts';
import { emptyHandshake, type Handshake } from '../core/gate/handshake.ts';
import type { Actor } from '../core/model/audit.ts';
import { deny, type Verdict } from '../core/model/verdict.ts';

/** A token that an application received in the socket, and the handshake as far as it is known. */
export interface IntrospectionRequest {
  readonly token: string;
  readonly gateName: string;
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly clientAddress: string | undefined;
  /** Whether to use up one admission of a ticket or a counted token. */
  readonly redeem: boolean;
  /** The caller. */
  readonly actor: Actor;
}

/** Token introspection (RFC 7662): the verdict of a gate on a token. Rejects with StoreUnavailable. */
export type Introspect = (request: IntrospectionRequest) => Promise<Verdict>;

/** Builds introspection on the same decision as the auth answer, with the token as a Bearer credential. */
export function createIntrospection(dependencies: {
  /** The gate of this name, where there is one. */
  readonly findGate: (name: string) => Gate | undefined;
  readonly ports: DecisionPorts;
  readonly clock: () => number;
}): Introspect {
  const { findGate, ports, clock } = dependencies;
  return async ({ token, gateName, path, origin, clientAddress, redeem, actor }) => {
    const found = findGate(gateName);
    if (found === undefined) return deny('no_gate', 'unknown name');
    // Public routes admit anybody, which says nothing about the token.
    const gate: Gate = { ...found, sources: ['bearer'], publicRoutes: [] };
    const handshake: Handshake = {
      ...emptyHandshake,
      gateName,
      path: path ?? '/',
      upgrade: 'websocket',
      origin,
      authorization: `Bearer ${token}`,
      clientAddress,
    };
    const dryRunPorts: DecisionPorts = { ...ports, redeem: async () => undefined };
    return decide({ handshake, gate, now: clock(), actor }, redeem ? ports : dryRunPorts);
  };
}
