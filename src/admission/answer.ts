import { randomUUID } from 'node:crypto';
import type { Handshake } from '../core/gate/handshake.ts';
import type { Assertion } from '../core/model/assertion.ts';
import { denialStatus } from '../core/model/denials.ts';
import type { Events } from '../core/model/events.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, isDenial } from '../core/model/verdict.ts';
import { maskText } from '../lib/mask.ts';
import { type MaybePromise, mapMaybePromise, tryMaybePromise } from '../lib/maybe-promise.ts';
import type { TraceHeaders } from '../telemetry/tracing/tracing.ts';
import { renderAllowHeaders, renderDenyHeaders } from './answer-headers.ts';
import { type DecideHandshake, type Decision, failed } from './decide-handshake.ts';

/** A subrequest as it was read: the handshake it is about, or why there is none. */
export interface Subrequest {
  readonly handshake: Handshake | Deny;
  /** Whether the client asked to upgrade: known even when the rest is malformed. */
  readonly upgrading: boolean;
  /** Who to name in the log. */
  readonly clientAddress: string | undefined;
  /** What nginx says it is part of. */
  readonly trace?: TraceHeaders | undefined;
}

/** What goes back to nginx. The body is always empty, so that nginx can keep its connection. */
export interface Answer {
  readonly status: 200 | 401 | 403 | 503;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A judgement with what its answer needs beside it. */
interface Completed extends Decision {
  /** Undefined where the backend gets none. */
  readonly assertion: Assertion | undefined;
}

/** Answers one subrequest from start to finish. Never throws or rejects: what cannot be decided is denied. */
export type AnswerSubrequest = (subrequest: Subrequest) => MaybePromise<Answer>;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createAnswer(dependencies: {
  readonly decideHandshake: DecideHandshake;
  /** Takes note that a session was used. Never rejects. */
  readonly renew: (identity: Identity) => MaybePromise<void>;
  /** Takes note that a token was used. Never throws. */
  readonly touch: (tokenId: string, now: number) => void;
  /** A signed statement for the backend. May reject. */
  readonly assert: (identity: Identity, gateName: string) => Promise<Assertion>;
  readonly events: Events;
  readonly clock: () => number;
}): AnswerSubrequest {
  const { decideHandshake, renew, touch, assert, events, clock } = dependencies;

  /** What an answer takes beside the decision and may fail: that never lets through either. */
  function complete(judgement: Decision): MaybePromise<Completed> {
    const { at, verdict } = judgement;
    if (at === undefined || verdict.verdict === 'deny') {
      return { ...judgement, assertion: undefined };
    }
    const { assertion: isWanted, name } = at.gate;
    const { identity } = verdict;
    return tryMaybePromise<Completed>(
      () =>
        mapMaybePromise(renew(identity), () => {
          // A counted use is noted by the redemption; who has no id has no token.
          const { tokenId, maxUses } = identity;
          if (tokenId !== '' && maxUses === undefined) touch(tokenId, clock());
          // A backend takes any valid assertion for a word about somebody.
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
      because: at?.because,
      verdict,
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
    const asked = { start: performance.now(), requestId: randomUUID() };
    const { handshake } = subrequest;
    const completed = isDenial(handshake)
      ? refused(handshake)
      : mapMaybePromise(decideHandshake(handshake, { requestId: asked.requestId }), complete);
    return mapMaybePromise(completed, (known) => conclude(subrequest, known, asked));
  };
}

function refused(denial: Deny): Completed {
  return { at: undefined, verdict: denial, assertion: undefined };
}
