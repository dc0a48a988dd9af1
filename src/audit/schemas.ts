import { type Static, Type } from 'typebox';
import { type AuditRecord, auditEvents } from '../core/model/audit.ts';
import { ProblemError } from '../http/problem.ts';
import type { AuditFilter } from '../store/port/audit.ts';

const text = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }));
const moment = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description }));
const place = Type.String({ pattern: '^[0-9]{1,15}$' });

const filterFields = {
  event: Type.Optional(Type.Enum([...auditEvents])),
  actor: text('Actor: the name of an admin key, `store`, `token:<id>` or `postern`.'),
  token_id: text('About this token.'),
  subject: text('About this subject.'),
  gate: text('About this gate, alone or among others.'),
  since: moment('Entries from this time on.'),
  until: moment('Entries before this time.'),
};

/** Query of `GET /v1/audit`. */
export const listAuditSchema = Type.Object(
  {
    ...filterFields,
    order: Type.Optional(
      Type.Enum(['desc', 'asc'], { default: 'desc', description: 'Newest first, or oldest.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    cursor: Type.Optional(
      Type.Unsafe<string>({ ...place, description: '`next_cursor` of the previous page.' }),
    ),
  },
  { additionalProperties: false },
);

/** Query of `GET /v1/events`. */
export const followAuditSchema = Type.Object(
  {
    ...filterFields,
    after: Type.Optional(
      Type.Unsafe<string>({
        ...place,
        description: 'Begin after the entry with this number; `Last-Event-ID` takes precedence.',
      }),
    ),
  },
  { additionalProperties: false },
);

const maybeText = Type.Union([Type.String(), Type.Null()]);

/** An entry of the audit log as the API shows it. */
export const auditEntrySchema = Type.Object(
  {
    seq: Type.Integer({ description: 'Starts at 1, without gaps.' }),
    at: Type.String({ format: 'date-time' }),
    event: Type.String({ description: 'One of the events in docs/audit.md.' }),
    actor: Type.String({ description: 'Actor.' }),
    token_id: maybeText,
    kind: maybeText,
    subject: maybeText,
    gate: maybeText,
    reason: maybeText,
    client: Type.Union([Type.String(), Type.Null()], {
      description: 'Client address, or the network if several are counted.',
    }),
    request_id: Type.Union([Type.String(), Type.Null()], {
      description: '`request_id` of the log.',
    }),
    count: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Number of occurrences, if it can be more than one.',
    }),
    details: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    previous: Type.String({ description: 'Hash of the previous entry, in hexadecimal.' }),
    hash: Type.String(),
  },
  { $id: 'AuditEntry' },
);

/** An entry of the audit log as the API shows it. */
export type ShownAuditEntry = Static<typeof auditEntrySchema>;

/** A page of the audit log. */
export interface ShownAuditPage {
  readonly entries: ShownAuditEntry[];
  readonly next_cursor: string | null;
}

/** Converts an entry to its form in the API. */
export function showEntry(record: AuditRecord): ShownAuditEntry {
  const { seq, event, actor, kind, subject, gate, reason, client, count, previous, hash } = record;
  return {
    seq,
    at: showTime(record.at),
    event,
    actor,
    token_id: record.tokenId,
    kind,
    subject,
    gate,
    reason,
    client,
    request_id: record.requestId,
    count,
    details: readDetails(record.details),
    previous,
    hash,
  };
}

/** Converts a query to a filter. Throws ProblemError. */
export function toFilter(query: Omit<Static<typeof followAuditSchema>, 'after'>): AuditFilter {
  const { event, actor, token_id: tokenId, subject, gate } = query;
  const [since, until] = [readMoment('since', query.since), readMoment('until', query.until)];
  return {
    ...(event !== undefined && { event }),
    ...(actor !== undefined && { actor }),
    ...(tokenId !== undefined && { tokenId }),
    ...(subject !== undefined && { subject }),
    ...(gate !== undefined && { gate }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

function readMoment(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) {
    throw new ProblemError('validation_failed', `${field} is not a valid date.`);
  }
  return at;
}

/** Tolerates any content: the file may have been changed by other means than Postern, which verification finds. */
function readDetails(details: string | null): Record<string, unknown> | null {
  try {
    return details === null ? null : (JSON.parse(details) as Record<string, unknown>);
  } catch {
    return { unreadable: details };
  }
}

function showTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
