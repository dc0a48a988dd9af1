import type { AttemptRule } from '../model/denial-rule.ts';
import { denials } from '../model/denials.ts';
import type { Attempt } from '../model/throttle.ts';
import type { Deny } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';

/**
 * Weight of a cookie that a sign-on service denied: some services give every visitor a cookie, long before
 * they sign in.
 */
const endedSessionWeight = 1 / 8;

/**
 * The weight of a denial as a failed attempt; undefined where it is none. A former token (expired,
 * revoked, used), a missing credential and a denial by a rule are none: honest clients repeat them.
 */
export function failedAttemptWeight(
  { reason, timedOut, isGuess }: Pick<Deny, 'reason' | 'timedOut' | 'isGuess'>,
  { bridgeRequest }: Partial<Pick<DecisionContext, 'bridgeRequest'>>,
): number | undefined {
  if (isGuess && reason !== 'throttled') return 1;
  // A password in `Authorization` can be guessed; a cookie is random.
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
      // Requests that slow the service down are throttled. A session may just have waited behind them.
      return timedOut ? signOn : undefined;
  }
}

/** Counts a denial that is a failed attempt. Returns it, or a denial as `throttled` above the limit. */
export function countFailedAttempt(denial: Deny, context: DecisionContext): Deny {
  const weight = failedAttemptWeight(denial, context);
  if (weight === undefined) return denial;
  const throttle = context.ports.throttle.failed(throttleAttempt(context), weight);
  if (throttle === undefined) return denial;
  addTraceNote(context, 'too many failed attempts from this network');
  const detail = denial.reason === 'throttled' ? denial.detail : denial.reason;
  return {
    ...denial,
    reason: 'throttled',
    ...(detail !== undefined && { detail }),
    throttle,
  };
}

/** The request as an attempt for the throttle. */
export function throttleAttempt({ gate, handshake, now }: DecisionContext): Attempt {
  return { gate: gate.throttleGateName, clientAddress: handshake.clientAddress, now };
}
