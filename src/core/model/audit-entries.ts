import type { AdminKey } from './admin-key.ts';
import type { Actor, AuditEntry, AuditEvent } from './audit.ts';
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

/** A moment as the API writes it. */
export function showMoment(moment: number): string;
export function showMoment(moment: number | undefined): string | undefined;
export function showMoment(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
