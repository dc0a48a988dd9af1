import { type AttemptRule, denials } from '../model/denials.ts';
import type { Attempt } from '../model/throttle.ts';
import type { Deny } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';

/**
 * What a session that ended weighs, by the word of a sign-on service: some services give everybody a
 * cookie, long before they sign in.
 */
const endedSessionWeight = 1 / 8;

/**
 * How much a denial weighs as a failed attempt; undefined where it is none. What was good once
 * (expired, revoked, used), what lacks a credential and what a rule forbids is none: honest clients
 * do all of that over and over.
 */
export function failedAttemptWeight(
  { reason, timedOut }: Pick<Deny, 'reason' | 'timedOut'>,
  { bridgeRequest }: Partial<Pick<DecisionContext, 'bridgeRequest'>>,
): number | undefined {
  // `Authorization` holds a password, which can be guessed; a cookie is random.
  const signOn = bridgeRequest?.authorization === undefined ? endedSessionWeight : 1;
  const rule: AttemptRule = denials[reason].attempt;
  switch (rule) {
    case 'none':
      return undefined;
    case 'guess':
      return 1;
    case 'throttled':
      return 0;
    case 'sign_on':
      return bridgeRequest?.authorization === undefined && bridgeRequest?.cookies === undefined
        ? undefined
        : signOn;
    case 'sign_on_timeout':
      // Requests that make the service slow are throttled; a session may only be the one that waited.
      return timedOut ? signOn : undefined;
  }
}

/** The denial, or in its place the one that stands for too many of them. */
export function countFailedAttempt(denial: Deny, context: DecisionContext): Deny {
  const weight = failedAttemptWeight(denial, context);
  if (weight === undefined) return denial;
  const tooMany = context.ports.throttle.failed(throttleAttempt(context), weight);
  if (tooMany === undefined) return denial;
  addTraceNote(context, 'too many attempts of this network failed');
  const detail = denial.reason === 'throttled' ? denial.detail : denial.reason;
  return {
    ...denial,
    reason: 'throttled',
    ...(detail !== undefined && { detail }),
    throttle: tooMany,
  };
}

/** The attempt that an context is. */
export function throttleAttempt({ gate, handshake, now }: DecisionContext): Attempt {
  return { gate: gate.throttleGateName, clientAddress: handshake.clientAddress, now };
}
