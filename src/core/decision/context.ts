import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Gate } from '../gate/gate.ts';
import type { Handshake } from '../gate/handshake.ts';
import type { Actor } from '../model/audit.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import type { SourceName } from '../model/source-name.ts';
import type { Throttle } from '../model/throttle.ts';
import type { AccessBasis, Deny } from '../model/verdict.ts';
import type { CredentialSource } from './credential-source.ts';
import type { Bridge, BridgeRequest } from './sign-on.ts';

/** The ports of a decision: everything with I/O or state. */
export interface DecisionPorts {
  /** All credential sources, by name. */
  readonly sources: ReadonlyMap<SourceName, CredentialSource>;
  /**
   * Verifies a credential. Throws, or rejects, only when it cannot decide. Asks `mayDoExpensiveWork` (see
   * Throttle) right before expensive work, and only then; on false, it denies as `throttled`.
   */
  verify(
    credential: Credential,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): MaybePromise<Identity | Deny>;
  /** The sign-on service of a gate that has one. */
  bridgeOf(gate: Gate): Bridge | undefined;
  /** Redeems one use of a token: one conditional update, or a denial. */
  redeem(identity: Identity, request: DecisionRequest): Promise<Deny | undefined>;
  /** Counts failed attempts. */
  readonly throttle: Throttle;
}

/** The input of a decision. */
export interface DecisionRequest {
  readonly handshake: Handshake;
  readonly gate: Gate;
  /** Unix time in milliseconds. */
  readonly now: number;
  /**
   * `sign_in` only authenticates: it has no path, so the gate's rules on admission apply to the handshakes
   * of the session. Default `admission`.
   */
  readonly purpose?: 'admission' | 'sign_in' | undefined;
  /** Id of this request in the log. */
  readonly requestId?: string | undefined;
  /** Who asks on behalf of the token's holder; undefined for the holder. */
  readonly actor?: Actor | undefined;
  /** Receives every step, for explanations. */
  readonly trace?: ((entry: TraceEntry) => void) | undefined;
}

/** The outcome of one step. */
export interface TraceEntry {
  readonly step: string;
  readonly outcome: 'passed' | 'denied' | 'skipped';
  /** Observations in words without secrets. */
  readonly notes: readonly string[];
}

/** The state of a decision: its request, and what the steps have found so far. */
export interface DecisionContext extends DecisionRequest {
  readonly ports: DecisionPorts;
  /** The basis of access, once it is known. */
  basis: AccessBasis | undefined;
  /** Set for a basis that is a credential source. */
  credential: Credential | undefined;
  /** Set for the basis `bridge`. */
  bridgeRequest: BridgeRequest | undefined;
  identity: Identity | undefined;
  /** `Set-Cookie` lines of the sign-on service. */
  setCookies: readonly string[] | undefined;
  /** Notes of the current step; undefined without a trace. */
  notes: string[] | undefined;
}

/** Adds a note to the trace, if there is one. */
export function addTraceNote(context: DecisionContext, text: string): void {
  context.notes?.push(text);
}
