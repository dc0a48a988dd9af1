import { type Static, Type } from 'typebox';
import { gateNamePattern } from '../core/gate/handshake.ts';
import { tokenStates } from '../core/model/token.ts';
import { durationPattern } from '../lib/duration.ts';
import { linePattern, maxSubjectLength, subjectPattern } from '../lib/text-line.ts';

const strict = { additionalProperties: false } as const;

const subject = Type.String({
  minLength: 1,
  maxLength: maxSubjectLength,
  pattern: subjectPattern,
  description: 'User or program that the token identifies. Applications get it as `Remote-User`.',
});
const gate = Type.String({ pattern: gateNamePattern });

const label = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: linePattern,
  description: 'A note.',
});
const claims = Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown(), {
  description:
    'Claims for applications: `email`, `name` and `groups` are sent as `Remote-Email`, `Remote-Name` and `Remote-Groups`.',
});
const stringList = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 32, description }),
  );

const expiryFields = {
  expires_in: Type.Optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 1,
      maximum: 3_153_600_000,
      pattern: '^([0-9]{1,9}(ms|[smhd])|never)$',
      description:
        'Lifetime in seconds or as a duration (`500ms`, `30s`, `15m`, `12h`, `30d`), or `never`.',
    }),
  ),
  expires_at: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time of expiry, instead of `expires_in`.' }),
  ),
};

const issueFields = {
  subject,
  gates: Type.Optional(
    Type.Array(gate, { maxItems: 32, description: 'Gates where it is valid. If omitted, all.' }),
  ),
  paths: stringList('Path prefixes where it is valid, as nginx normalizes paths. If omitted, all.'),
  origins: stringList(
    "Origins from which it is valid, in the syntax of a gate's `origins`. If omitted, all.",
  ),
  networks: stringList('Client addresses and networks from which it is valid. If omitted, all.'),
  ...expiryFields,
  not_before: Type.Optional(
    Type.String({ format: 'date-time', description: 'Start of its validity.' }),
  ),
  label: Type.Optional(label),
  claims: Type.Optional(claims),
};

const maxUses = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'Number of requests that it allows. If omitted, not counted.',
  }),
);

/** Body of `POST /v1/tickets`. */
export const issueTicketSchema = Type.Object(issueFields, strict);

/** Body of `POST /v1/tokens`. */
export const issueTokenSchema = Type.Object({ ...issueFields, max_uses: maxUses }, strict);

/** Body of `PATCH /v1/tokens/{id}`. */
export const changeTokenSchema = Type.Object(
  {
    ...expiryFields,
    label: Type.Optional(Type.Unsafe<string | null>({ ...label, type: ['string', 'null'] })),
    claims: Type.Optional(claims),
  },
  { ...strict, minProperties: 1 },
);

/** Body of `POST /v1/tokens/{id}/rotate`. */
export const rotateTokenSchema = Type.Object(
  {
    grace: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: '10m',
        description: 'How long the old secret stays valid.',
      }),
    ),
  },
  strict,
);

/** Body of `POST /v1/tokens/import`. */
export const importTokensSchema = Type.Object(
  {
    allow_weak: Type.Optional(
      Type.Boolean({ description: 'Also import secrets under 128 bits, and mark them.' }),
    ),
    tokens: Type.Array(
      Type.Object(
        {
          secret: Type.String({
            minLength: 1,
            maxLength: 1_024,
            pattern: '^[\\x21-\\x7e]+$',
            description: 'The existing secret. Only its hash is stored.',
          }),
          ...issueFields,
          max_uses: maxUses,
        },
        strict,
      ),
      { minItems: 1, maxItems: 500 },
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
      Type.String({ pattern: '^[0-9]{1,16}$', description: '`next_cursor` of the previous page.' }),
    ),
  },
  strict,
);

/** Body of `POST /v1/tokens/revoke`. */
export const revokeTokensSchema = Type.Object(
  { subject: Type.Optional(subject), gate: Type.Optional(gate) },
  { ...strict, minProperties: 1, description: 'A subject, a gate, or both.' },
);

const timestamp = Type.String({ format: 'date-time' });

/** A token as the API shows it. */
export const tokenSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(['token', 'ticket', 'session']),
    subject: Type.String(),
    label: Type.Union([Type.String(), Type.Null()]),
    gates: Type.Array(Type.String()),
    paths: Type.Array(Type.String()),
    origins: Type.Array(Type.String()),
    networks: Type.Array(Type.String()),
    claims: Type.Record(Type.String(), Type.Unknown()),
    state: Type.Enum([...tokenStates]),
    weak: Type.Boolean({ description: 'Imported with a secret that can be guessed.' }),
    created_at: timestamp,
    not_before: Type.Union([timestamp, Type.Null()]),
    expires_at: Type.Union([timestamp, Type.Null()]),
    revoked_at: Type.Union([timestamp, Type.Null()]),
    max_uses: Type.Union([Type.Integer(), Type.Null()]),
    uses: Type.Integer(),
    last_used_at: Type.Union([timestamp, Type.Null()], {
      description: 'Approximate time of its last use, to about a minute.',
    }),
  },
  { $id: 'Token' },
);

/** A token as the API shows it. */
export type ShownToken = Static<typeof tokenSchema>;

/** A token that was issued just now, the only time its secret is shown. */
export const issuedTokenSchema = Type.Object(
  {
    ...tokenSchema.properties,
    token: Type.String({ description: 'The secret. It is shown only once and not stored.' }),
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
