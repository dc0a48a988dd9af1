import type { AdminKey } from './admin-key.ts';
import { type Actor, type AuditEntry, type AuditEvent, systemActor } from './audit.ts';
import type { ThrottledNetwork, ThrottleFilter } from './throttle.ts';
import type { Token } from './token.ts';

/** The audit entry of an action on a token. */
export function tokenEntry(event: AuditEvent, actor: Actor, at: number, token: Token): AuditEntry {
  const { gates } = token.restrictions;
  return {
    at,
    event,
    actor,
    tokenId: token.id,
    kind: token.kind,
    subject: token.subject,
    gate: gates.length === 1 ? gates[0] : undefined,
    details: { gates: gates.length > 1 ? gates : undefined },
  };
}

/** The audit entry of a token that is issued or imported. */
export function newTokenEntry(event: 'issue' | 'import', actor: Actor, token: Token): AuditEntry {
  const entry = tokenEntry(event, actor, token.createdAt, token);
  return {
    ...entry,
    details: {
      ...entry.details,
      label: token.label,
      not_before: formatTimestamp(token.notBefore),
      expires_at: formatTimestamp(token.expiresAt),
      max_uses: token.maxUses,
      weak: token.weak || undefined,
    },
  };
}

/** The audit entry of an admin key that is created. */
export function keyCreatedEntry(actor: Actor, key: Omit<AdminKey, 'lastUsedAt'>): AuditEntry {
  return {
    at: key.createdAt,
    event: 'key',
    actor,
    details: {
      action: 'made',
      key: key.name,
      role: key.role,
      gates: key.gates.length > 0 ? key.gates : undefined,
      expires_at: formatTimestamp(key.expiresAt),
    },
  };
}

/** The audit entry of an admin key that is revoked. */
export function keyRevokedEntry(actor: Actor, at: number, name: string): AuditEntry {
  return { at, event: 'key', actor, details: { action: 'revoked', key: name } };
}

/** The audit entry of a signing key that is created, as the first one or by a rotation. */
export function signingKeyEntry(
  action: 'made' | 'rotated',
  actor: Actor,
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
): AuditEntry {
  return { at: createdAt, event: 'signing_key', actor, details: { action, key: id } };
}

/** The audit entry of the revocation of all tokens of a subject, of a gate, or of both. The store adds their count. */
export function revokeAllEntry(
  actor: Actor,
  at: number,
  filter: { readonly subject?: string; readonly gate?: string },
): AuditEntry {
  return { at, event: 'revocation', actor, ...filter };
}

/** The audit entry of the revocation of a JWT, or of all JWTs that a subject was issued up to a moment. */
export function jwtRevocationEntry(
  actor: Actor,
  revocation: {
    /** Its name in the configuration. */
    readonly issuer: string;
    readonly jti: string | undefined;
    readonly subject: string | undefined;
    readonly issuedBefore: number | undefined;
    readonly revokedAt: number;
    readonly expiresAt: number | undefined;
  },
): AuditEntry {
  const { issuer, jti, subject, issuedBefore, revokedAt, expiresAt } = revocation;
  return {
    at: revokedAt,
    event: 'revocation',
    actor,
    tokenId: jti,
    kind: 'jwt',
    subject,
    details: {
      issuer,
      issued_before: formatTimestamp(issuedBefore),
      expires_at: formatTimestamp(expiresAt),
    },
  };
}

/** The audit entry of a reload that took effect. */
export function reloadEntry(actor: Actor, at: number, needRestart: readonly string[]): AuditEntry {
  const details = { need_restart: needRestart.length > 0 ? needRestart : undefined };
  return { at, event: 'reload', actor, details };
}

/** The audit entry of a reload that was refused. The log has the faults of the configuration. */
export function reloadRefusedEntry(actor: Actor, at: number): AuditEntry {
  return { at, event: 'reload', actor, reason: 'config_invalid' };
}

/** The audit entry that marks old entries for deletion. The store adds their count and the last of them. */
export function retentionEntry(at: number): AuditEntry {
  return { at, event: 'retention', actor: systemActor };
}

/** The audit entry of a network that is throttled from now on. */
export function throttledEntry(
  at: number,
  { gate, network, until, failures }: ThrottledNetwork,
): AuditEntry {
  const details = { action: 'began', failures, until: formatTimestamp(until) };
  return { at, event: 'throttle', actor: { ...systemActor, client: network }, gate, details };
}

/** The audit entry of throttled networks that are cleared, with their count. */
export function throttleClearedEntry(
  actor: Actor,
  at: number,
  { gate, network }: ThrottleFilter,
  count: number,
): AuditEntry {
  return { at, event: 'throttle', actor, gate, count, details: { action: 'cleared', network } };
}

/** The audit entry of cached answers of a sign-on service that are dropped, with their count. */
export function recheckEntry(
  actor: Actor,
  at: number,
  { gate, service }: { readonly gate: string; readonly service: string },
  count: number,
): AuditEntry {
  return { at, event: 'recheck', actor, gate, count, details: { service } };
}

/** Formats Unix milliseconds as the API does (ISO 8601). */
export function formatTimestamp(moment: number): string;
export function formatTimestamp(moment: number | undefined): string | undefined;
export function formatTimestamp(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
