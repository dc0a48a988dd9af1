import type { FastifyReply, FastifyRequest } from 'fastify';
import { readSubrequest } from '../admission/read-subrequest.ts';
import type { Gate } from '../core/gate/gate.ts';
import type { GateRouter } from '../core/gate/gate-router.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { isOriginAllowed } from '../core/gate/origin.ts';
import { mergedHostPolicy } from '../core/gate/sign-in-policy.ts';
import { isDenial } from '../core/model/verdict.ts';
import type { NetworkSet } from '../lib/network.ts';
import { refuse } from './replies.ts';

/** A request of a page to `/.postern/`: the handshake that it stands for, and its gate. */
export interface SignInRequest {
  readonly handshake: Handshake;
  readonly gate: Gate;
}

/** Finds the gate of each request. */
export interface SignInRequests {
  /**
   * Hook that finds the gate of a request, or refuses the request. It runs before validation and sets the
   * CORS headers, so that a page of another origin can read validation errors too.
   */
  onRequest(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined>;
  /** What the hook found. */
  of(request: FastifyRequest): SignInRequest;
}

/** Builds the hook and keeps its results by request. */
export function createSignInRequests(
  current: () => {
    readonly config: { readonly gate: { readonly trustedProxies: NetworkSet } };
    readonly gates: GateRouter;
  },
): SignInRequests {
  const found = new WeakMap<FastifyRequest, SignInRequest>();
  return {
    async onRequest(request, reply) {
      reply.header('Cache-Control', 'no-store').header('Vary', 'Origin');
      const { config, gates } = current();
      const { handshake } = readSubrequest(request.raw, config.gate.trustedProxies);
      if (isDenial(handshake)) return refuse(reply, handshake.reason);
      // A replay must neither sign in or out nor learn who is signed in.
      if (handshake.isEarlyData) return refuse(reply, 'too_early');
      const gatesHere = gates.forHost(handshake.host);
      const chosen = findSignInGate(gates, handshake, gatesHere);
      if (chosen === undefined) return refuse(reply, 'no_gate');
      // All gates of a host share one throttle budget, since a client may name any of them.
      const throttleGateName = gatesHere[0]?.throttleGateName ?? chosen.throttleGateName;
      const gate: Gate = { ...chosen, throttleGateName };
      if (handshake.origin !== undefined) {
        // Login CSRF: a page of another origin must neither sign a visitor in nor ask who they are.
        if (!isOriginAllowed(handshake, gate.origins)) return refuse(reply, 'origin_not_allowed');
        reply.header('Access-Control-Allow-Origin', handshake.origin);
        reply.header('Access-Control-Allow-Credentials', 'true');
      }
      found.set(request, { handshake, gate });
      return undefined;
    },

    of(request) {
      const result = found.get(request);
      if (result === undefined) throw new Error('the request was not located');
      return result;
    },
  };
}

/**
 * The gate whose rules apply to signing in. A page may name one with the query parameter `gate`, or by
 * the `path` it is going to open, if that gate is at this host. Otherwise it is the merged policy of
 * all gates at this host.
 */
function findSignInGate(
  gates: GateRouter,
  handshake: Handshake,
  gatesHere: readonly Gate[],
): Gate | undefined {
  const name = queryParameter(handshake, 'gate') ?? handshake.gateName;
  if (name !== undefined) return gates.byName(name, handshake.host);
  const path = queryParameter(handshake, 'path');
  if (path === undefined) return mergedHostPolicy(gatesHere);
  const { host } = handshake;
  const match = gates.match({ gateName: undefined, host, path, locationPath: undefined });
  return isDenial(match) ? undefined : match.gate;
}

/**
 * A query parameter of the request, if it occurs once. Everything behind `rd=` belongs to the return address:
 * nginx has no function that encodes it, so a hand-written login address has the page's own `?path=…&gate=…`
 * there.
 */
export function queryParameter({ query }: Handshake, name: string): string | undefined {
  const ownQuery = (query ?? '').replace(/(?:^|&)rd=.*$/s, '');
  const values = new URLSearchParams(ownQuery).getAll(name);
  return values.length === 1 ? values[0] : undefined;
}
