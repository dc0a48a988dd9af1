import { type AuditEntry, holderOf } from '../model/audit.ts';
import type { Identity } from '../model/identity.ts';
import type { DecisionRequest } from './context.ts';

/** One admission of a ticket, a counted token, or a JWT that counts once. */
export function redemptionEntry(identity: Identity, use: DecisionRequest): AuditEntry {
  const { handshake, gate, requestId, actor } = use;
  const client = handshake.clientAddress;
  return {
    at: use.now,
    event: 'redemption',
    actor: actor ?? holderOf(identity.tokenId, { client, requestId }),
    tokenId: identity.tokenId,
    kind: identity.kind,
    subject: identity.subject,
    // Signing in is about no place.
    gate: use.purpose === 'sign_in' ? undefined : gate.name,
    details: { issuer: identity.jwt?.issuer },
  };
}
