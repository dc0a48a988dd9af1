import type { DecisionPorts } from '../core/decision/context.ts';
import { decide } from '../core/decision/decide.ts';
import type { Gate } from '../core/gate/gate.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import type { Actor } from '../core/model/audit.ts';
import { deny, type Verdict } from '../core/model/verdict.ts';

/** A token that reached an application inside the socket, and what the application knows about it. */
export interface IntrospectionRequest {
  readonly token: string;
  readonly gateName: string;
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly clientAddress: string | undefined;
  /** Whether to use up one admission of a ticket or a counted token. */
  readonly redeem: boolean;
  /** Who asks. */
  readonly actor: Actor;
}

/** Answers as the gate would for a handshake with this token. Rejects with StoreUnavailable. */
export type Introspect = (request: IntrospectionRequest) => Promise<Verdict>;

/** Builds the service: the very decision that serves nginx, with the token as a Bearer credential. */
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
    // What anybody may do without a token says nothing about this one.
    const gate: Gate = { ...found, sources: ['bearer'], publicPlaces: [] };
    const handshake: Handshake = {
      gateName,
      method: 'GET',
      scheme: undefined,
      host: '',
      port: '',
      path: path ?? '/',
      locationPath: undefined,
      isNameSet: false,
      keepsToken: false,
      isEarly: false,
      query: undefined,
      upgrade: 'websocket',
      origin,
      cookie: undefined,
      authorization: `Bearer ${token}`,
      subprotocols: undefined,
      clientAddress,
    };
    const dry: DecisionPorts = { ...ports, redeem: async () => undefined };
    return decide({ handshake, gate, now: clock(), actor }, redeem ? ports : dry);
  };
}
