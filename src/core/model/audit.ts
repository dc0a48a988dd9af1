/** The events of the audit log. Their names are API. */
export const auditEvents = [
  'issue',
  'import',
  'change',
  'rotation',
  'revocation',
  'redemption',
  'sign_in',
  'sign_out',
  'denial',
  'key',
  'signing_key',
  'reload',
  'admin_denial',
  'throttle',
  'recheck',
  'retention',
] as const;

/** An event of the audit log. */
export type AuditEvent = (typeof auditEvents)[number];

/** Fields that only some events have. Small, and never secret. */
export type AuditDetails = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

/** Who did something, and from where. */
export interface Actor {
  /**
   * Name of an admin key; `store` for a command that opened the store's file; `token:<id>` for the holder
   * of a token; `postern` for what Postern does by itself.
   */
  readonly name: string;
  readonly client?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Reserved names: no admin key may have them. */
export const actorNames = { store: 'store', postern: 'postern' } as const;

/** The actor of what Postern does by itself. */
export const systemActor: Actor = { name: actorNames.postern };

/** The holder of a token as an actor. */
export function holderOf(tokenId: string, from: Omit<Actor, 'name'> = {}): Actor {
  return { ...from, name: `token:${tokenId}` };
}

/** An audit entry before it is stored. Times are Unix milliseconds. */
export interface AuditEntry {
  readonly at: number;
  readonly event: AuditEvent;
  readonly actor: Actor;
  readonly tokenId?: string | undefined;
  /** Kind of the token, or of an identity without one. */
  readonly kind?: string | undefined;
  readonly subject?: string | undefined;
  readonly gate?: string | undefined;
  /** Denial code, or the code of a refusal. */
  readonly reason?: string | undefined;
  /** Number of occurrences, where one entry stands for several. */
  readonly count?: number | undefined;
  readonly details?: AuditDetails | undefined;
}

/** A stored audit entry: one link of a hash chain. Hashes are lower-case hexadecimal. */
export interface AuditRecord {
  /** Starts at 1, without gaps. */
  readonly seq: number;
  readonly at: number;
  readonly event: string;
  readonly actor: string;
  readonly tokenId: string | null;
  readonly kind: string | null;
  readonly subject: string | null;
  readonly gate: string | null;
  readonly reason: string | null;
  readonly client: string | null;
  readonly requestId: string | null;
  readonly count: number | null;
  /** JSON with sorted keys; null where there are none. */
  readonly details: string | null;
  /** Hash of the previous entry. */
  readonly previous: string;
  readonly hash: string;
}

/**
 * An anchor of the hash chain: number and hash of an entry, noted outside the store. Changes to earlier
 * entries are then detected.
 */
export type AuditAnchor = Pick<AuditRecord, 'seq' | 'hash'>;

/** The `previous` hash of the first entry. */
export const genesisHash = '0'.repeat(64);

/** Fields are truncated to this length, in characters. */
const maxFieldLength = 512;

/** The stored form of an entry, without its place in the chain. */
export function toStoredFields(entry: AuditEntry): Omit<AuditRecord, 'seq' | 'previous' | 'hash'> {
  const { at, event, actor, count } = entry;
  return {
    at,
    event,
    actor: truncate(actor.name) ?? '',
    tokenId: truncate(entry.tokenId),
    kind: truncate(entry.kind),
    subject: truncate(entry.subject),
    gate: truncate(entry.gate),
    reason: truncate(entry.reason),
    client: truncate(actor.client),
    requestId: truncate(actor.requestId),
    count: count ?? null,
    details: serializeDetails(entry.details),
  };
}

/**
 * The canonical encoding that is hashed: a JSON list of all fields in a fixed order, the previous hash
 * included. JSON tells texts, numbers and null apart, so different entries have different encodings.
 */
export function encodeRecord(record: Omit<AuditRecord, 'hash'>): string {
  return JSON.stringify([
    'postern-audit-1',
    record.previous,
    record.seq,
    record.at,
    record.event,
    record.actor,
    record.tokenId,
    record.kind,
    record.subject,
    record.gate,
    record.reason,
    record.client,
    record.requestId,
    record.count,
    record.details,
  ]);
}

/** Canonical: keys are sorted, so equal details give equal text. */
function serializeDetails(details: AuditDetails | undefined): string | null {
  if (details === undefined) return null;
  const known = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? truncate(value) : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return known.length === 0 ? null : JSON.stringify(Object.fromEntries(known)).toWellFormed();
}

/** Replaces lone surrogates: they cannot be stored, and the hash has to match what is stored. */
function truncate(text: string | undefined): string | null {
  if (text === undefined) return null;
  return (
    text.length > maxFieldLength ? `${text.slice(0, maxFieldLength - 1)}…` : text
  ).toWellFormed();
}
