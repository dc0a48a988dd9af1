import type { AdminKey } from './admin-key.ts';
import { type Actor, type AuditEntry, type AuditEvent, postern } from './audit.ts';
import type { ThrottledNetwork, ThrottleFilter } from './throttle.ts';
import type { Token } from './token.ts';

/** Something that is done with a token. */
export function tokenEntry(event: AuditEvent, actor: Actor, at: number, token: Token): AuditEntry {
  const { gates } = token.bounds;
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

/** A token that begins, by being issued or imported. */
export function newTokenEntry(event: 'issue' | 'import', actor: Actor, token: Token): AuditEntry {
  const entry = tokenEntry(event, actor, token.createdAt, token);
  return {
    ...entry,
    details: {
      ...entry.details,
      label: token.label,
      not_before: showMoment(token.notBefore),
      expires_at: showMoment(token.expiresAt),
      max_uses: token.maxUses,
      weak: token.weak || undefined,
    },
  };
}

/** An admin key that is made. */
export function keyMadeEntry(actor: Actor, key: Omit<AdminKey, 'lastUsedAt'>): AuditEntry {
  return {
    at: key.createdAt,
    event: 'key',
    actor,
    details: {
      action: 'made',
      key: key.name,
      role: key.role,
      gates: key.gates.length > 0 ? key.gates : undefined,
      expires_at: showMoment(key.expiresAt),
    },
  };
}

/** An admin key that is revoked. */
export function keyRevokedEntry(actor: Actor, at: number, name: string): AuditEntry {
  return { at, event: 'key', actor, details: { action: 'revoked', key: name } };
}

/** A signing key that is made, the first one or at a rotation. */
export function signingKeyEntry(
  action: 'made' | 'rotated',
  actor: Actor,
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
): AuditEntry {
  return { at: createdAt, event: 'signing_key', actor, details: { action, key: id } };
}

/** The revocation of all tokens of a subject, of a gate, or of both. The store adds their count. */
export function revokeAllEntry(
  actor: Actor,
  at: number,
  filter: { readonly subject?: string; readonly gate?: string },
): AuditEntry {
  return { at, event: 'revocation', actor, ...filter };
}

/** The revocation of a JWT, or of all JWTs that a subject was issued up to a moment. */
export function jwtRevocationEntry(
  actor: Actor,
  revocation: {
    /** What the configuration calls it. */
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
      issued_before: showMoment(issuedBefore),
      expires_at: showMoment(expiresAt),
    },
  };
}

/** A reload that took effect. */
export function reloadEntry(actor: Actor, at: number, needRestart: readonly string[]): AuditEntry {
  const details = { need_restart: needRestart.length > 0 ? needRestart : undefined };
  return { at, event: 'reload', actor, details };
}

/** A reload that was refused. What is wrong with the configuration is in the log. */
export function reloadRefusedEntry(actor: Actor, at: number): AuditEntry {
  return { at, event: 'reload', actor, reason: 'config_invalid' };
}

/** Old entries of the audit log that are deleted. The store adds their count and the last of them. */
export function retentionEntry(at: number): AuditEntry {
  return { at, event: 'retention', actor: postern };
}

/** A network that is throttled from now on. */
export function throttledEntry(
  at: number,
  { gate, network, until, failures }: ThrottledNetwork,
): AuditEntry {
  const details = { action: 'began', failures, until: showMoment(until) };
  return { at, event: 'throttle', actor: { ...postern, client: network }, gate, details };
}

/** Throttled networks that are cleared, and how many there were. */
export function throttleClearedEntry(
  actor: Actor,
  at: number,
  { gate, network }: ThrottleFilter,
  count: number,
): AuditEntry {
  return { at, event: 'throttle', actor, gate, count, details: { action: 'cleared', network } };
}

/** A moment as the API writes it. */
export function showMoment(moment: number): string;
export function showMoment(moment: number | undefined): string | undefined;
export function showMoment(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
