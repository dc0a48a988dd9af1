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

/** What a decision needs from outside: everything that looks something up or writes something down. */
export interface DecisionPorts {
  /** All credential sources, by name. */
  readonly sources: ReadonlyMap<SourceName, CredentialSource>;
  /**
   * Finds out whose credential it is. Throws, or rejects, only when it cannot tell. `mayWork` (see
   * Throttle) is asked first, and only, where it matters; no means a denial as `throttled`.
   */
  verify(
    credential: Credential,
    now: number,
    mayWork: () => boolean,
  ): MaybePromise<Identity | Deny>;
  /** The sign-on service of a gate that has one. */
  bridgeOf(gate: Gate): Bridge | undefined;
  /** Uses up one admission of a token that has to be redeemed: one conditional write, or a denial. */
  redeem(identity: Identity, use: DecisionRequest): Promise<Deny | undefined>;
  /** Counts attempts that fail. */
  readonly throttle: Throttle;
}

/** What is to be decided. */
export interface DecisionRequest {
  readonly handshake: Handshake;
  readonly gate: Gate;
  /** Unix time in milliseconds. */
  readonly now: number;
  /**
   * `sign_in` asks only who somebody is: it is about no place, so what the gate wants of those it
   * admits waits for the handshakes of the session. Default `admission`.
   */
  readonly purpose?: 'admission' | 'sign_in' | undefined;
  /** What the log calls this request. */
  readonly requestId?: string | undefined;
  /** Who asks on behalf of whoever holds the credential; undefined for the holder. */
  readonly actor?: Actor | undefined;
  /** Gets to hear of every step, for people who ask why. */
  readonly trace?: ((entry: TraceEntry) => void) | undefined;
}

/** What one step of a decision came to. */
export interface TraceEntry {
  readonly step: string;
  readonly outcome: 'passed' | 'denied' | 'skipped';
  /** What it saw, in words without secrets. */
  readonly notes: readonly string[];
}

/** A question, and what is known so far while it is decided. */
export interface DecisionContext extends DecisionRequest {
  readonly ports: DecisionPorts;
  /** What the decision rests on, once that is known. */
  basis: AccessBasis | undefined;
  /** Set for grounds that are a source of ours. */
  credential: Credential | undefined;
  /** Set for the source `bridge`. */
  bridged: BridgeRequest | undefined;
  identity: Identity | undefined;
  /** Notes of the present step; nobody reads them unless there is a trace. */
  notes: string[] | undefined;
}

/** Leaves a note for the trace. */
export function note(context: DecisionContext, text: string): void {
  context.notes?.push(text);
}
