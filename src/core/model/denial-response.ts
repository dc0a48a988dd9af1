import type { DenialRule } from './denial-rule.ts';
import { type DenialCode, denials } from './denials.ts';

/**
 * The HTTP status of a denial. WebSocket clients cannot act on a 403, so an upgrade gets 401 instead. A 503
 * (cannot decide) stays.
 */
export function denialStatus(reason: DenialCode, upgrading: boolean): 401 | 403 | 503 {
  const { status } = denials[reason];
  return upgrading && status === 403 ? 401 : status;
}

/** The schemes that a gate may name in a challenge. */
export const challengeSchemes = ['bearer', 'basic'] as const;

/** A scheme of a challenge. */
export type ChallengeScheme = (typeof challengeSchemes)[number];

/**
 * The value of `WWW-Authenticate` for a denial at this gate (RFC 6750, section 3, and RFC 7617, section 2).
 * One line, since nginx before 1.23 passes on one; Basic first, since Chromium reads one scheme of each
 * line. Basic is left out where other credentials would not help, so that no browser asks for them.
 */
export function renderChallenge(
  gateName: string,
  reason: DenialCode,
  schemes: readonly ChallengeScheme[],
): string {
  const rule: DenialRule = denials[reason];
  const error = rule.bearerError === undefined ? '' : `, error="${rule.bearerError}"`;
  const bearer = `Bearer realm="${gateName}"${error}`;
  if (!schemes.includes('basic') || rule.status !== 401) return bearer;
  const basic = `Basic realm="${gateName}", charset="UTF-8"`;
  return schemes.includes('bearer') ? `${basic}, ${bearer}` : basic;
}
