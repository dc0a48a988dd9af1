import type { AdminKey } from './admin-key.ts';
import type { AuditAnchor } from './audit.ts';
import type { TokenKind } from './identity.ts';
import type { ThrottledNetwork, ThrottleFilter } from './throttle.ts';
import type { Token } from './token.ts';
import type { Deny, Verdict } from './verdict.ts';

/** One decision, with nothing secret in it. */
export interface DecisionRecord {
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** How long it took. */
  readonly milliseconds: number;
  /** Undefined when there was none to be at. */
  readonly gate: string | undefined;
  /** What made it this gate. */
  readonly because: string | undefined;
  readonly verdict: Verdict;
  readonly method: string | undefined;
  readonly host: string | undefined;
  /** This and the origin are cut, and without what looks like a secret (see maskText). */
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly upgrade: boolean;
  readonly clientAddress: string | undefined;
}

/** A token that did not sign anybody in, or a guess at one under `/.postern/`. */
export interface SignInDenial {
  /** Unix milliseconds. */
  readonly at: number;
  /** Name of the gate that it counts at. */
  readonly gate: string;
  readonly denial: Deny;
  readonly host: string;
  readonly origin: string | undefined;
  readonly client: string | undefined;
}

/** A request that the admin API refused before looking at what it asks for. */
export interface AdminRefusal {
  readonly reason: 'unauthorized' | 'too_many_attempts' | 'forbidden';
  /** Name of the key, where it had one. */
  readonly key: string | undefined;
  readonly client: string | undefined;
}

/** One question to a sign-on service. */
export interface BridgeQuestion {
  readonly service: string;
  /** Tells the bridges of a configuration apart. */
  readonly bridge: number;
  readonly milliseconds: number;
  /** Whether there was an answer that means something. */
  readonly isAnswered: boolean;
}

/**
 * What happens in Postern, each a function of its own. No event carries a secret. Who listens must
 * not throw.
 */
export interface Events {
  decided(record: DecisionRecord): void;
  issued(token: Token): void;
  sessionOpened(session: { id: string; subject: string; parent: string }): void;
  /** Nobody was signed in. */
  signInDenied(denied: SignInDenial): void;
  changed(tokenId: string): void;
  rotated(tokenId: string): void;
  revoked(tokenId: string): void;
  revokedAll(filter: { subject?: string; gate?: string }, count: number): void;
  jwtRevoked(revocation: { issuer: string; jti?: string; subject?: string }): void;
  /** A sign-on service was asked. */
  bridgeAsked(question: BridgeQuestion): void;
  /** A sign-on service cannot be asked, or can again. */
  bridgeChanged(service: string, why: string | undefined): void;
  /** Other rules are in force. */
  reloaded(needRestart: readonly string[]): void;
  /** The configuration has faults, and the old rules stay in force. */
  notReloaded(error: Error): void;
  /** The keys of an issuer were got, or looked at anew. */
  issuerLoaded(issuer: string): void;
  /** The keys of an issuer cannot be had. */
  issuerFailed(issuer: string, why: string): void;
  /** A round of pruning is over; it may have found nothing. */
  pruned(counts: Readonly<Record<TokenKind | 'jwt' | 'audit', number>>): void;
  keyCreated(key: AdminKey): void;
  keyRevoked(name: string): void;
  /** A request to the admin API was refused: without a good key, or with one that may not do it. */
  adminDenied(refusal: AdminRefusal): void;
  /** Where the audit log ends right now. */
  auditHead(head: AuditAnchor): void;
  /** A network made too many failed attempts; once when it begins, not for each attempt. */
  throttled(network: ThrottledNetwork): void;
  /** Somebody had the attempts of these forgotten, so many of which were throttled. */
  throttleCleared(filter: ThrottleFilter, count: number): void;
  /** Something failed that is not the client's fault. */
  failed(what: string, error: unknown): void;
}

/**
 * Whether a decision is one of many alike that are not written down: so that a flood of attempts is
 * no flood of lines. Whoever counts decisions counts these as well.
 */
export function isOmitted({ verdict }: Pick<DecisionRecord, 'verdict'>): boolean {
  return verdict.verdict === 'deny' && verdict.throttle?.record === 'skip';
}

/** Tells all listeners of everything, in this order; only the first has to listen to all of it. */
export function createEvents(first: Events, ...others: readonly Partial<Events>[]): Events {
  const names = Object.keys(first) as (keyof Events)[];
  return Object.fromEntries(
    names.map((name) => [name, tellAll([first, ...others].flatMap((one) => one[name] ?? []))]),
  ) as unknown as Events;
}

type Listener = (...event: never[]) => void;

function tellAll(listeners: readonly Listener[]): Listener {
  const [only, ...rest] = listeners;
  if (only !== undefined && rest.length === 0) return only;
  return (...event) => {
    for (const listener of listeners) listener(...event);
  };
}
