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

/** The value of `WWW-Authenticate` for a denial at this gate (RFC 6750, section 3). */
export function renderChallenge(gateName: string, reason: DenialCode): string {
  const rule: DenialRule = denials[reason];
  const error = rule.bearerError === undefined ? '' : `, error="${rule.bearerError}"`;
  return `Bearer realm="${gateName}"${error}`;
}
