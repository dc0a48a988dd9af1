import { type Static, Type } from 'typebox';
import { parseDuration } from '../core/duration.ts';
import { gateNamePattern } from '../core/handshake.ts';
import { type Token, tokenState, tokenStates } from '../core/token.ts';
import { IssueRefused, type IssueRequest } from '../services/tokens.ts';

const strict = { additionalProperties: false } as const;
const line = '^[^\\u0000-\\u001f\\u007f-\\u009f]+$';
/** Bytes of JSON that claims may take: what fits into the headers of an answer. */
const claimsLimit = 4_096;

const subject = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: line,
  description: 'Who the token stands for. Backends see it as `Remote-User`.',
});
const gate = Type.String({ pattern: gateNamePattern });

const issueFields = {
  subject,
  gates: Type.Optional(
    Type.Array(gate, { maxItems: 32, description: 'Gates it is good at; all, when left out.' }),
  ),
  expires_in: Type.Optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 1,
      maximum: 3_153_600_000,
      pattern: '^([0-9]{1,9}[smhd]|never)$',
      description: 'Life in seconds or as a duration (`30s`, `15m`, `12h`, `30d`), or `never`.',
    }),
  ),
  expires_at: Type.Optional(
    Type.String({ format: 'date-time', description: 'Moment of expiry, instead of `expires_in`.' }),
  ),
  label: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, pattern: line, description: 'A note for people.' }),
  ),
  claims: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown(), {
      description:
        'What backends may learn: `email`, `name` and `groups` travel as `Remote-Email`, `Remote-Name` and `Remote-Groups`.',
    }),
  ),
};

/** Body of `POST /v1/tickets`. */
export const issueTicketSchema = Type.Object(issueFields, strict);

/** Body of `POST /v1/tokens`. */
export const issueTokenSchema = Type.Object(
  {
    ...issueFields,
    max_uses: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'How many requests it lets through; not counted, when left out.',
      }),
    ),
  },
  strict,
);

/** Query of `GET /v1/tokens`. */
export const listTokensSchema = Type.Object(
  {
    subject: Type.Optional(subject),
    gate: Type.Optional(gate),
    state: Type.Optional(Type.Enum([...tokenStates])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,16}$', description: '`next_cursor` of the page before.' }),
    ),
  },
  strict,
);

/** Body of `POST /v1/tokens/revoke`. */
export const revokeTokensSchema = Type.Object(
  { subject: Type.Optional(subject), gate: Type.Optional(gate) },
  strict,
);

const timestamp = Type.String({ format: 'date-time' });

/** A token as the API shows it. */
export const tokenSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(['token', 'ticket']),
    subject: Type.String(),
    label: Type.Union([Type.String(), Type.Null()]),
    gates: Type.Array(Type.String()),
    claims: Type.Record(Type.String(), Type.Unknown()),
    state: Type.Enum([...tokenStates]),
    created_at: timestamp,
    expires_at: Type.Union([timestamp, Type.Null()]),
    revoked_at: Type.Union([timestamp, Type.Null()]),
    max_uses: Type.Union([Type.Integer(), Type.Null()]),
    uses: Type.Integer(),
  },
  { $id: 'Token' },
);

/** A token as the API shows it. */
export type ShownToken = Static<typeof tokenSchema>;

/** A token that was issued just now, the only time its secret is shown. */
export const issuedTokenSchema = Type.Object(
  {
    ...tokenSchema.properties,
    token: Type.String({ description: 'The secret. It is shown this once and stored nowhere.' }),
  },
  { $id: 'IssuedToken' },
);

/** A token that was issued just now. */
export type ShownIssuedToken = Static<typeof issuedTokenSchema>;

/** A page of tokens. */
export const tokenPageSchema = Type.Object(
  {
    tokens: Type.Array(Type.Unsafe<ShownToken>({ $ref: 'Token#' })),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'TokenPage' },
);

/** A page of tokens. */
export type ShownTokenPage = { tokens: ShownToken[]; next_cursor: string | null };

/** Body of an issue request. */
export type IssueBody = Static<typeof issueTokenSchema>;

/** What a request body asks to be issued. Throws IssueRefused when its fields contradict each other. */
export function toIssueRequest(kind: IssueRequest['kind'], body: IssueBody): IssueRequest {
  const claims = body.claims ?? {};
  if (Buffer.byteLength(JSON.stringify(claims)) > claimsLimit) {
    throw new IssueRefused('claims', `must not be longer than ${claimsLimit} bytes of JSON`);
  }
  return {
    kind,
    subject: body.subject,
    gates: body.gates ?? [],
    label: body.label,
    claims,
    expires: chooseExpires(body),
    maxUses: body.max_uses,
  };
}

/** How the API shows a token at a moment. */
export function showToken(token: Token, now: number): ShownToken {
  return {
    id: token.id,
    kind: token.kind,
    subject: token.subject,
    label: token.label ?? null,
    gates: [...token.gates],
    claims: token.claims,
    state: tokenState(token, now),
    created_at: new Date(token.createdAt).toISOString(),
    expires_at: showTime(token.expiresAt),
    revoked_at: showTime(token.revokedAt),
    max_uses: token.maxUses ?? null,
    uses: token.uses,
  };
}

function showTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function chooseExpires({
  expires_in: span,
  expires_at: moment,
}: IssueBody): IssueRequest['expires'] {
  if (span !== undefined && moment !== undefined) {
    throw new IssueRefused('expires_at', 'give either expires_in or expires_at, not both');
  }
  if (moment !== undefined) {
    const at = Date.parse(moment);
    if (Number.isNaN(at)) throw new IssueRefused('expires_at', 'is no date that exists');
    return { at };
  }
  if (span === undefined || span === 'never') return span;
  const milliseconds = typeof span === 'number' ? span * 1_000 : parseDuration(span);
  if (milliseconds === undefined) {
    throw new IssueRefused('expires_in', 'is too long; 36500d is the most');
  }
  return { in: milliseconds };
}
