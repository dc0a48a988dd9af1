/** What the audit log tells of. The names are API, as those of the log's events are. */
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
  'retention',
] as const;

/** What the audit log tells of. */
export type AuditEvent = (typeof auditEvents)[number];

/** Facts that only some events have: small, and nothing secret among them. */
export type AuditDetails = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

/** Who did something, and from where. */
export interface Actor {
  /**
   * Name of an admin key; `store` for whoever opened the store's file; `token:<id>` for what a holder
   * does with a token; `postern` for what nobody asked for.
   */
  readonly name: string;
  readonly client?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Names of actors that no admin key may have. */
export const actorNames = { store: 'store', postern: 'postern' } as const;

/** Postern itself, for what nobody asked for. */
export const postern: Actor = { name: actorNames.postern };

/** Whoever holds a token. */
export function holderOf(tokenId: string, from: Omit<Actor, 'name'> = {}): Actor {
  return { ...from, name: `token:${tokenId}` };
}

/** An entry about to be written. Times are Unix milliseconds. */
export interface AuditEntry {
  readonly at: number;
  readonly event: AuditEvent;
  readonly actor: Actor;
  readonly tokenId?: string | undefined;
  /** Kind of the token, or of whoever has none. */
  readonly kind?: string | undefined;
  readonly subject?: string | undefined;
  readonly gate?: string | undefined;
  /** A code: why something was denied or refused. */
  readonly reason?: string | undefined;
  /** How many it was, where that can be more than one. */
  readonly count?: number | undefined;
  readonly details?: AuditDetails | undefined;
}

/** An entry as it stands in the store: one link of a chain. Hashes are lower-case hexadecimal. */
export interface AuditRecord {
  /** Numbers begin at 1 and have no gap. */
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
  /** JSON, its keys in order; null where there are none. */
  readonly details: string | null;
  /** The hash of the entry before. */
  readonly previous: string;
  readonly hash: string;
}

/** An entry of which number and hash are known: what lies before it cannot be changed any more. */
export type AuditAnchor = Pick<AuditRecord, 'seq' | 'hash'>;

/** What stands for the hash of the entry before the first. */
export const noPrevious = '0'.repeat(64);

/** Longest text of a field, in characters: what is longer is cut, so that an entry stays small. */
const longest = 512;

/** An entry as it will be stored, but for its place in the chain. */
export function toFields(entry: AuditEntry): Omit<AuditRecord, 'seq' | 'previous' | 'hash'> {
  const { at, event, actor, count } = entry;
  return {
    at,
    event,
    actor: fit(actor.name) ?? '',
    tokenId: fit(entry.tokenId),
    kind: fit(entry.kind),
    subject: fit(entry.subject),
    gate: fit(entry.gate),
    reason: fit(entry.reason),
    client: fit(actor.client),
    requestId: fit(actor.requestId),
    count: count ?? null,
    details: renderDetails(entry.details),
  };
}

/**
 * What the hash of an entry is made of: a JSON list of all fields in a fixed order and the hash of the
 * entry before. JSON keeps texts, numbers and null apart, so no two entries have one encoding.
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

/** The same details are the same text, whatever order they were put together in. */
function renderDetails(details: AuditDetails | undefined): string | null {
  if (details === undefined) return null;
  const known = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? fit(value) : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return known.length === 0 ? null : JSON.stringify(Object.fromEntries(known)).toWellFormed();
}

/** Halves of characters cannot be stored as they are, and the hash is about what is stored. */
function fit(text: string | undefined): string | null {
  if (text === undefined) return null;
  return (text.length > longest ? `${text.slice(0, longest - 1)}…` : text).toWellFormed();
}
