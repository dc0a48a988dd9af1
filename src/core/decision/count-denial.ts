import { type AttemptRule, denials } from '../model/denials.ts';
import type { Attempt } from '../model/throttle.ts';
import type { Deny } from '../model/verdict.ts';
import { type DecisionContext, note } from './context.ts';

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
  { bridged }: Partial<Pick<DecisionContext, 'bridged'>>,
): number | undefined {
  // `Authorization` holds a password, which can be guessed; a cookie is random.
  const signOn = bridged?.authorization === undefined ? endedSession : 1;
  const rule: AttemptRule = denials[reason].attempt;
  switch (rule) {
    case 'none':
      return undefined;
    case 'guess':
      return 1;
    case 'throttled':
      return 0;
    case 'sign_on':
      return bridged?.authorization === undefined && bridged?.cookies === undefined
        ? undefined
        : signOn;
    case 'sign_on_timeout':
      // Requests that make the service slow are throttled; a session may only be the one that waited.
      return late ? signOn : undefined;
  }
}

/** The denial, or in its place the one that stands for too many of them. */
export function countDenial(denial: Deny, context: DecisionContext): Deny {
  const weight = weighDenial(denial, context);
  if (weight === undefined) return denial;
  const tooMany = context.ports.throttle.failed(attemptOf(context), weight);
  if (tooMany === undefined) return denial;
  note(context, 'too many failed attempts from this network');
  const detail = denial.reason === 'throttled' ? denial.detail : denial.reason;
  return {
    ...denial,
    reason: 'throttled',
    ...(detail !== undefined && { detail }),
    throttle: tooMany,
  };
}

/** The attempt that an context is. */
export function attemptOf({ gate, handshake, now }: DecisionContext): Attempt {
  return { gate: gate.countedAt, clientAddress: handshake.clientAddress, now };
}
