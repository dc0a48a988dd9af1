import type { DecisionPorts, DecisionRequest } from '../core/decision/context.ts';
import { decide } from '../core/decision/decide.ts';
import type { GateMatch, GateRouter } from '../core/gate/gate-router.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { StoreUnavailable } from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import type { Throttle } from '../core/model/throttle.ts';
import { deny, isDenial, type Verdict } from '../core/model/verdict.ts';
import { type MaybePromise, mapMaybePromise, tryMaybePromise } from '../lib/maybe-promise.ts';

/** A verdict and the gate it was made at. */
export interface Decision {
  /** Undefined when the request matches no gate. */
  readonly at: GateMatch | undefined;
  readonly verdict: Verdict;
}

/** Chooses the gate and decides there. Never throws or rejects: a decision that fails is a denial. */
export type DecideHandshake = (
  handshake: Handshake,
  options?: Pick<DecisionRequest, 'trace' | 'requestId'> & { readonly dry?: boolean },
) => MaybePromise<Decision>;

/** Builds the decision for nginx and for `explain`, which makes it `dry`: nothing is redeemed or counted. */
export function createDecideHandshake(dependencies: {
  readonly gates: GateRouter;
  readonly ports: DecisionPorts;
  /** Counts no attempts. */
  readonly dryThrottle: Throttle;
  readonly events: Events;
  readonly clock: () => number;
}): DecideHandshake {
  const { gates, ports, dryThrottle, events, clock } = dependencies;
  const dryPorts: DecisionPorts = {
    ...ports,
    redeem: async () => undefined,
    throttle: dryThrottle,
  };
  return (handshake, { dry = false, trace, requestId } = {}) => {
    const at = gates.match(handshake);
    if (isDenial(at)) return { at: undefined, verdict: at };
    const request = { handshake, gate: at.gate, now: clock(), trace, requestId };
    const verdict = tryMaybePromise<Verdict>(
      () => decide(request, dry ? dryPorts : ports),
      (error) => failed(error, events),
    );
    return mapMaybePromise(verdict, (known) => ({ at, verdict: known }));
  };
}

/** Logs why a decision failed and returns the denial for it. */
export function failed(error: unknown, events: Events) {
  events.failed('a decision failed', error);
  return deny(error instanceof StoreUnavailable ? 'store_unavailable' : 'internal_error');
}
