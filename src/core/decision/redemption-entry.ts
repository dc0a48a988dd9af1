import { type AuditEntry, holderOf } from '../model/audit.ts';
import type { Identity } from '../model/identity.ts';
import type { DecisionRequest } from './context.ts';

/** The audit entry of a redemption: one use of a ticket, a counted token, or a single-use JWT. */
export function redemptionEntry(identity: Identity, request: DecisionRequest): AuditEntry {
  const { handshake, gate, now, purpose, requestId, actor } = request;
  const client = handshake.clientAddress;
  return {
    at: now,
    event: 'redemption',
    actor: actor ?? holderOf(identity.tokenId, { client, requestId }),
    tokenId: identity.tokenId,
    kind: identity.kind,
    subject: identity.subject,
    gate: purpose === 'sign_in' ? undefined : gate.name,
    details: { issuer: identity.jwt?.issuer },
  };
}
