import { type Actor, type AuditDetails, type AuditEntry, systemActor } from './audit.ts';
import type { AdminRefusal, DecisionRecord, SignInDenial } from './events.ts';
import type { Verdict } from './verdict.ts';

/** A denied handshake or request: no more than the log says of it, and nothing of the path. */
export function denialEntry(record: DecisionRecord): AuditEntry {
  const { at, requestId, gate, verdict, upgrade, clientAddress } = record;
  const actor = { ...systemActor, client: clientAddress, requestId };
  return { ...commonFields(verdict), at, actor, gate, details: { ...detailsOf(verdict), upgrade } };
}

/** A sign-in that was denied. */
export function signInDenialEntry({ at, gate, denial, client }: SignInDenial): AuditEntry {
  const actor = { ...systemActor, client };
  const details = { ...detailsOf(denial), sign_in: true };
  return { ...commonFields(denial), at, actor, gate, details };
}

/** A request that the admin API refused. */
export function adminDenialEntry(at: number, { reason, key, client }: AdminRefusal): AuditEntry {
  const actor: Actor = key === undefined ? { ...systemActor, client } : { name: key, client };
  return { at, event: 'admin_denial', actor, reason };
}

function commonFields(verdict: Verdict) {
  const { identity } = verdict;
  return {
    event: 'denial',
    tokenId: identity?.tokenId || undefined,
    kind: identity?.kind,
    subject: identity?.subject || undefined,
    reason: verdict.verdict === 'deny' ? verdict.reason : undefined,
  } as const;
}

function detailsOf(verdict: Verdict): AuditDetails {
  const detail = verdict.verdict === 'deny' ? verdict.detail : undefined;
  return { detail, issuer: verdict.identity?.jwt?.issuer, source: verdict.source };
}
