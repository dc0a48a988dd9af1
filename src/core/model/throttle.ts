import { type Inquiry, note } from '../decision/context.ts';
import type { Deny } from '../decision/verdict.ts';

/** Where a credential is presented, and from where. */
export interface Attempt {
  /** Name of the gate that it counts at. */
  readonly gate: string;
  /** Undefined where nobody knows. */
  readonly clientAddress: string | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** What a denial carries that stands for too many failed attempts. */
export interface TooMany {
  /** Milliseconds until attempts count again as before, if no other fails. */
  readonly retryAfter: number;
  /**
   * Of many denials that are alike one is written down now and then, with how many there were since
   * the last one; `skip` is for the others.
   */
  readonly record: { readonly omitted: number } | 'skip';
}

/**
 * Counts failed attempts, by gate and by the network of the client. It protects work, and those secrets
 * alone that could be guessed: who presents a token that nobody can guess passes whatever others did.
 */
export interface Throttle {
  /**
   * Whether what costs work may be done (checking a signature, asking a sign-on service), or a secret
   * may pass that could be guessed. To be asked right before that, and only then.
   */
  mayWork(attempt: Attempt): boolean;
  /**
   * Takes note of an attempt that failed; `weight` 0 for one that was not looked at. Undefined while
   * there were not too many.
   */
  failed(attempt: Attempt, weight: number): TooMany | undefined;
}

/**
 * What a session that ended weighs, by the word of a sign-on service: some services give everybody a
 * cookie, long before they sign in.
 */
const endedSession = 1 / 8;

/**
 * How much a denial weighs as a failed attempt; undefined where it is none. What was good once
 * (expired, revoked, used), what lacks a credential and what a rule forbids is none: honest clients
 * do all of that over and over.
 */
export function weighDenial(
  { reason, late }: Pick<Deny, 'reason' | 'late'>,
  { bridged }: Partial<Pick<Inquiry, 'bridged'>>,
): number | undefined {
  switch (reason) {
    case 'unknown_token':
    case 'malformed_credential':
    case 'invalid_signature':
    case 'wrong_audience':
      return 1;
    case 'throttled':
      return 0;
    case 'sign_on_denied':
      // `Authorization` holds a password, and those can be guessed.
      if (bridged?.authorization !== undefined) return 1;
      return bridged?.cookies === undefined ? undefined : endedSession;
    case 'sign_on_unavailable':
      // Whoever makes the service slow is to have less and less done for it; whoever has a session may
      // only be there when it is.
      if (!late) return undefined;
      return bridged?.authorization === undefined ? endedSession : 1;
    default:
      return undefined;
  }
}

/** The denial, or in its place the one that stands for too many of them. */
export function countDenial(denial: Deny, inquiry: Inquiry): Deny {
  const weight = weighDenial(denial, inquiry);
  if (weight === undefined) return denial;
  const tooMany = inquiry.ports.throttle.failed(attemptOf(inquiry), weight);
  if (tooMany === undefined) return denial;
  note(inquiry, 'too many attempts of this network failed');
  const detail = denial.reason === 'throttled' ? denial.detail : denial.reason;
  return { ...denial, reason: 'throttled', ...(detail !== undefined && { detail }), tooMany };
}

/** `Retry-After` of somebody who tried too often: whole seconds, and at least one. */
export function retrySeconds(tooMany: Pick<TooMany, 'retryAfter'> | undefined): number {
  return Math.max(1, Math.ceil((tooMany?.retryAfter ?? 0) / 1_000));
}

/** The attempt that an inquiry is. */
export function attemptOf({ gate, handshake, now }: Inquiry): Attempt {
  return { gate: gate.countedAt, clientAddress: handshake.clientAddress, now };
}
