import type { AdminKey } from './admin-key.ts';
import type { Actor, AuditEntry, AuditEvent } from './audit.ts';
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

/** Formats Unix milliseconds as the API does (ISO 8601). */
export function formatTimestamp(moment: number): string;
export function formatTimestamp(moment: number | undefined): string | undefined;
export function formatTimestamp(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
