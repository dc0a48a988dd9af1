import { randomUUID } from 'node:crypto';
import { type DecisionPorts, decide } from '../core/decide.ts';
import type { Gate } from '../core/gate.ts';
import type { Handshake } from '../core/handshake.ts';
import type { Identity } from '../core/identity.ts';
import { renderIdentityHeaders } from '../core/identity-headers.ts';
import { markerSubprotocol, parseOffer } from '../core/subprotocol.ts';
import {
  type Deny,
  denialStatus,
  deny,
  isDenial,
  renderChallenge,
  type Verdict,
} from '../core/verdict.ts';
import { StoreUnavailable } from '../stores/store.ts';
import type { Events } from './events.ts';

/** A subrequest as it was read: the handshake it is about, or why there is none. */
export interface Subrequest {
  readonly handshake: Handshake | Deny;
  /** Whether the client asked to upgrade: known even when the rest is malformed. */
  readonly upgrading: boolean;
  /** Who to name in the log. */
  readonly clientAddress: string | undefined;
}

/** What goes back to nginx. The body is always empty, so that nginx can keep its connection. */
export interface Answer {
  readonly status: 200 | 401 | 403 | 503;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

interface Judged {
  readonly verdict: Verdict;
  /** Empty where the backend gets none. */
  readonly assertion: string;
}

/** Answers one subrequest from start to finish. Never rejects: what cannot be decided is denied. */
export type AnswerSubrequest = (subrequest: Subrequest) => Promise<Answer>;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createAnswer(dependencies: {
  /** The gate that nginx named; for none, the default. */
  readonly findGate: (name: string | undefined) => Gate;
  readonly ports: DecisionPorts;
  /** Takes note that a session was used. Never rejects. */
  readonly renew: (identity: Identity) => Promise<void>;
  /** A signed statement for the backend. May reject. */
  readonly assert: (identity: Identity, gateName: string) => Promise<string>;
  readonly events: Events;
  readonly clock: () => number;
}): AnswerSubrequest {
  const { findGate, ports, renew, assert, events, clock } = dependencies;

  /** What a decision takes, and what its answer takes that may fail: neither ever lets through. */
  async function judge(handshake: Handshake, gate: Gate): Promise<Judged> {
    try {
      const verdict = await decide(handshake, gate, clock(), ports);
      if (verdict.verdict === 'deny') return { verdict, assertion: '' };
      await renew(verdict.identity);
      const assertion = gate.assertion ? await assert(verdict.identity, gate.name) : '';
      return { verdict, assertion };
    } catch (error) {
      events.failed('a decision failed', error);
      const reason = error instanceof StoreUnavailable ? 'store_unavailable' : 'internal_error';
      return { verdict: deny(reason), assertion: '' };
    }
  }

  return async ({ handshake, upgrading, clientAddress }) => {
    const requestId = randomUUID();
    const facts = isDenial(handshake) ? undefined : handshake;
    const gate = findGate(facts?.gateName);
    const { verdict, assertion } = isDenial(handshake)
      ? { verdict: handshake, assertion: '' }
      : await judge(handshake, gate);
    events.decided({
      requestId,
      gate: gate.name,
      verdict,
      method: facts?.method,
      host: facts?.host,
      path: facts?.path,
      upgrade: upgrading,
      clientAddress,
    });
    if (verdict.verdict === 'allow') {
      return {
        status: 200,
        headers: [
          ...renderIdentityHeaders(gate, verdict.identity),
          ...renderForwardedHeaders(gate, facts),
          ['X-Postern-Assertion', assertion],
        ],
      };
    }
    return {
      status: denialStatus(verdict.reason, upgrading),
      headers: [
        ['X-Postern-Reason', verdict.reason],
        ['X-Postern-Request-Id', requestId],
        ['WWW-Authenticate', renderChallenge(gate.name, verdict.reason)],
      ],
    };
  };
}

/**
 * What else the snippet passes on in the place of the client's own headers, which may hold a token.
 * `X-Postern-Subprotocols` goes to the backend as `Sec-WebSocket-Protocol`; where nothing is left
 * for it but the marker, `X-Postern-Subprotocol` goes to the client, as the one that was chosen.
 */
function renderForwardedHeaders(
  gate: Gate,
  handshake: Handshake | undefined,
): [name: string, value: string][] {
  const offer = parseOffer(handshake?.subprotocols ?? '');
  const isMarked = offer?.marker === true && offer.own.length === 0;
  const authorization = gate.forwardAuthorization ? handshake?.authorization : undefined;
  return [
    ['X-Postern-Subprotocols', offer?.own.join(', ') ?? ''],
    ['X-Postern-Subprotocol', isMarked ? markerSubprotocol : ''],
    ['X-Postern-Authorization', authorization ?? ''],
  ];
}
