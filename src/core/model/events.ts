import type { AdminKey } from './admin-key.ts';
import type { AuditAnchor } from './audit.ts';
import type { TokenKind } from './identity.ts';
import type { ThrottledNetwork, ThrottleFilter } from './throttle.ts';
import type { Token } from './token.ts';
import type { Deny, Verdict } from './verdict.ts';

/** One decision, without secrets. */
export interface DecisionRecord {
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Duration. */
  readonly milliseconds: number;
  /** Undefined when no gate matched. */
  readonly gate: string | undefined;
  /** Why this gate was chosen (see GateMatch). */
  readonly matchedBy: string | undefined;
  readonly verdict: Verdict;
  readonly method: string | undefined;
  readonly host: string | undefined;
  /** Truncated, secrets masked (see maskText); so is the origin. */
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly upgrade: boolean;
  readonly clientAddress: string | undefined;
}

/** A failed sign-in, or a failed attempt to verify a token, under `/.postern/`. */
export interface SignInDenial {
  /** Unix milliseconds. */
  readonly at: number;
  /** Name of the gate whose throttle counts it. */
  readonly gate: string;
  readonly denial: Deny;
  readonly host: string;
  readonly origin: string | undefined;
  readonly client: string | undefined;
}

/** A request that the admin API refused for lack of authorization. */
export interface AdminRefusal {
  readonly reason: 'unauthorized' | 'too_many_attempts' | 'forbidden';
  /** Name of the key, where it had one. */
  readonly key: string | undefined;
  readonly client: string | undefined;
}

/** One request of Postern to a sign-on service. */
export interface BridgeCall {
  readonly service: string;
  /** Index of the bridge in the configuration. */
  readonly bridge: number;
  readonly milliseconds: number;
  /** Whether there was a valid answer. */
  readonly isAnswered: boolean;
}

/**
 * The events of Postern, one function each. They feed the log, metrics and audit. No event carries a
 * secret. Listeners must not throw.
 */
export interface Events {
  decided(record: DecisionRecord): void;
  issued(token: Token): void;
  sessionOpened(session: { id: string; subject: string; parent: string }): void;
  /** A sign-in failed. */
  signInDenied(denied: SignInDenial): void;
  changed(tokenId: string): void;
  rotated(tokenId: string): void;
  revoked(tokenId: string): void;
  revokedAll(filter: { subject?: string; gate?: string }, count: number): void;
  jwtRevoked(revocation: { issuer: string; jti?: string; subject?: string }): void;
  /** A request to a sign-on service is finished. */
  bridgeAsked(question: BridgeCall): void;
  /** A sign-on service became unavailable (`why` is set) or available again. */
  bridgeChanged(service: string, why: string | undefined): void;
  /** An operator had the cached answers of a gate's sign-on service dropped; `count` in all processes. */
  bridgeRechecked(bridge: { gate: string; service: string }, count: number): void;
  /** A new configuration is in force. */
  reloaded(needRestart: readonly string[]): void;
  /** The new configuration has faults; the old one stays in force. */
  notReloaded(error: Error): void;
  /** The keys of an issuer were loaded or refreshed. */
  issuerLoaded(issuer: string): void;
  /** The keys of an issuer could not be loaded. */
  issuerFailed(issuer: string, why: string): void;
  /** A round of pruning is finished; the counts may be zero. */
  pruned(counts: Readonly<Record<TokenKind | 'jwt' | 'audit', number>>): void;
  keyCreated(key: AdminKey): void;
  keyRevoked(name: string): void;
  /** A request to the admin API was refused: no valid key, or one whose role does not suffice. */
  adminDenied(refusal: AdminRefusal): void;
  /** The current end of the audit log. */
  auditHead(head: AuditAnchor): void;
  /** A network is throttled from now on; once, not for each attempt. */
  throttled(network: ThrottledNetwork): void;
  /** An operator cleared the counters of these networks; `count` of them were throttled. */
  throttleCleared(filter: ThrottleFilter, count: number): void;
  /** Something failed that is not the client's fault. */
  failed(what: string, error: unknown): void;
}

/**
 * Whether sampling leaves this decision out of the log and the audit log, so that a flood of attempts is
 * no flood of lines. Metrics count it all the same.
 */
export function isSampledOut({ verdict }: Pick<DecisionRecord, 'verdict'>): boolean {
  return verdict.verdict === 'deny' && verdict.throttle?.record === 'skip';
}

/** Combines listeners, called in this order. Only the first has to implement every event. */
export function createEvents(first: Events, ...others: readonly Partial<Events>[]): Events {
  const names = Object.keys(first) as (keyof Events)[];
  return Object.fromEntries(
    names.map((name) => [name, notifyAll([first, ...others].flatMap((one) => one[name] ?? []))]),
  ) as unknown as Events;
}

type Listener = (...event: never[]) => void;

function notifyAll(listeners: readonly Listener[]): Listener {
  const [only, ...rest] = listeners;
  if (only !== undefined && rest.length === 0) return only;
  return (...event) => {
    for (const listener of listeners) listener(...event);
  };
}
