import { randomUUID } from 'node:crypto';
import type { Handshake } from '../core/gate/handshake.ts';
import type { Assertion } from '../core/model/assertion.ts';
import { denialStatus } from '../core/model/denial-response.ts';
import type { Events } from '../core/model/events.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, isDenial, withoutCookies } from '../core/model/verdict.ts';
import { maskText } from '../lib/mask.ts';
import { type MaybePromise, mapMaybePromise, tryMaybePromise } from '../lib/maybe-promise.ts';
import type { TraceHeaders } from '../telemetry/tracing/tracing.ts';
import { renderAllowHeaders, renderDenyHeaders } from './answer-headers.ts';
import { type DecideHandshake, type Decision, failed } from './decide-handshake.ts';

/** A parsed subrequest: the handshake it describes, or the denial of one that cannot be parsed. */
export interface Subrequest {
  readonly handshake: Handshake | Deny;
  /** Whether the client asked to upgrade. Known even when the rest is malformed. */
  readonly upgrading: boolean;
  /** Client address for the log. */
  readonly clientAddress: string | undefined;
  /** Trace context that nginx passed on. */
  readonly trace?: TraceHeaders | undefined;
}

/** The response to nginx. Its body is always empty, so that nginx can keep the connection. */
export interface Answer {
  readonly status: 200 | 401 | 403 | 503;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A decision with what its answer needs in addition. */
interface Completed extends Decision {
  /** Undefined where the backend gets none. */
  readonly assertion: Assertion | undefined;
}

/** Answers one subrequest. Never throws or rejects: a decision that fails is a denial. */
export type AnswerSubrequest = (subrequest: Subrequest) => MaybePromise<Answer>;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createAnswer(dependencies: {
  readonly decideHandshake: DecideHandshake;
  /** Extends a sliding session. Never rejects. */
  readonly renew: (identity: Identity) => MaybePromise<void>;
  /** Records the last use of a token. Never throws. */
  readonly touch: (tokenId: string, now: number) => void;
  /** Signs an assertion (JWT) for the backend. May reject. */
  readonly assert: (identity: Identity, gateName: string) => Promise<Assertion>;
  readonly events: Events;
  readonly clock: () => number;
}): AnswerSubrequest {
  const { decideHandshake, renew, touch, assert, events, clock } = dependencies;

  /** Does what an answer needs in addition. Where that fails, the request is denied. */
  function complete(decision: Decision): MaybePromise<Completed> {
    const { at, verdict } = decision;
    if (at === undefined || verdict.verdict === 'deny') {
      return { ...decision, assertion: undefined };
    }
    const { assertion: isWanted, name } = at.gate;
    const { identity } = verdict;
    return tryMaybePromise<Completed>(
      () =>
        mapMaybePromise(renew(identity), () => {
          // The redemption records a counted use; an identity without an id has no token.
          const { tokenId, maxUses } = identity;
          if (tokenId !== '' && maxUses === undefined) touch(tokenId, clock());
          // A backend would take any valid assertion for a signed-in user.
          const isSomebody = identity.kind !== 'public';
          return mapMaybePromise(
            isWanted && isSomebody ? assert(identity, name) : undefined,
            (assertion) => ({
              at,
              verdict,
              assertion,
            }),
          );
        }),
      (error) => ({ at, verdict: failed(error, events), assertion: undefined }),
    );
  }

  function conclude(
    { handshake, upgrading, clientAddress }: Subrequest,
    { at, verdict, assertion }: Completed,
    { start, requestId }: { start: number; requestId: string },
  ): Answer {
    const facts = isDenial(handshake) ? undefined : handshake;
    const now = clock();
    events.decided({
      requestId,
      at: now,
      milliseconds: performance.now() - start,
      gate: at?.gate.name,
      matchedBy: at?.matchedBy,
      verdict: withoutCookies(verdict),
      method: facts?.method,
      host: facts?.host,
      path: facts?.path === undefined ? undefined : maskText(facts.path),
      origin: facts?.origin === undefined ? undefined : maskText(facts.origin),
      upgrade: upgrading,
      clientAddress,
    });
    if (verdict.verdict === 'allow' && at !== undefined && facts !== undefined) {
      return {
        status: 200,
        headers: renderAllowHeaders({
          gate: at.gate,
          handshake: facts,
          verdict,
          assertion,
          now,
        }),
      };
    }
    const denial = verdict as Deny;
    return {
      status: denialStatus(denial.reason, upgrading),
      headers: renderDenyHeaders({ gate: at?.gate, handshake: facts, denial, requestId }),
    };
  }

  return (subrequest) => {
    const request = { start: performance.now(), requestId: randomUUID() };
    const { handshake } = subrequest;
    const completed = isDenial(handshake)
      ? unreadable(handshake)
      : mapMaybePromise(decideHandshake(handshake, { requestId: request.requestId }), complete);
    return mapMaybePromise(completed, (known) => conclude(subrequest, known, request));
  };
}

function unreadable(denial: Deny): Completed {
  return { at: undefined, verdict: denial, assertion: undefined };
}
