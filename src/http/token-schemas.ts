import { type Static, Type } from 'typebox';
import { durationPattern, parseDuration } from '../core/duration.ts';
import { gateNamePattern } from '../core/handshake.ts';
import type { Bounds, Claims } from '../core/identity.ts';
import { parseNetworks } from '../core/network.ts';
import { parseOriginRules } from '../core/origin.ts';
import { resolvePath } from '../core/path.ts';
import { type Token, tokenState, tokenStates } from '../core/token.ts';
import { type ChangeRequest, IssueRefused, type IssueRequest } from '../services/tokens.ts';

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

const label = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: line,
  description: 'A note for people.',
});
const claims = Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown(), {
  description:
    'What backends may learn: `email`, `name` and `groups` travel as `Remote-Email`, `Remote-Name` and `Remote-Groups`.',
});
const words = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 32, description }),
  );

const expiryFields = {
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
};

const issueFields = {
  subject,
  gates: Type.Optional(
    Type.Array(gate, { maxItems: 32, description: 'Gates it is good at; all, when left out.' }),
  ),
  paths: words('Path prefixes it is good at, as nginx resolves paths; all, when left out.'),
  origins: words(
    "Origins it is good from, in the words of a gate's `origins`; all, when left out.",
  ),
  networks: words('Client addresses and networks it is good from; all, when left out.'),
  ...expiryFields,
  not_before: Type.Optional(
    Type.String({ format: 'date-time', description: 'Moment from which it is good.' }),
  ),
  label: Type.Optional(label),
  claims: Type.Optional(claims),
};

const maxUses = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'How many requests it lets through; not counted, when left out.',
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
        description: 'How long the old secret stays good.',
      }),
    ),
  },
  strict,
);

/** Body of `POST /v1/tokens/import`. */
export const importTokensSchema = Type.Object(
  {
    allow_weak: Type.Optional(
      Type.Boolean({ description: 'Take secrets under 128 bits too, and mark them.' }),
    ),
    tokens: Type.Array(
      Type.Object(
        {
          secret: Type.String({
            minLength: 1,
            maxLength: 1_024,
            pattern: '^[\\x21-\\x7e]+$',
            description: 'The secret that clients have. Only its hash is kept.',
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

/** Body of `POST /v1/tokens/import`. */
export type ImportBody = Static<typeof importTokensSchema>;

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
  return {
    kind,
    subject: body.subject,
    bounds: readBounds(body),
    label: body.label,
    claims: checkClaims(body.claims ?? {}),
    expires: chooseExpires(body),
    notBefore:
      body.not_before === undefined ? undefined : readMoment('not_before', body.not_before),
    maxUses: body.max_uses,
  };
}

/** What a request body asks to be changed. Throws IssueRefused. */
export function toChangeRequest(body: Static<typeof changeTokenSchema>): ChangeRequest {
  return {
    label: body.label,
    claims: body.claims && checkClaims(body.claims),
    expires: chooseExpires(body),
  };
}

function checkClaims(claims: Claims): Claims {
  if (Buffer.byteLength(JSON.stringify(claims)) > claimsLimit) {
    throw new IssueRefused('claims', `must not be longer than ${claimsLimit} bytes of JSON`);
  }
  return claims;
}

function readBounds(body: Pick<IssueBody, 'gates' | 'paths' | 'origins' | 'networks'>): Bounds {
  const { gates = [], paths = [], origins = [], networks = [] } = body;
  const path = paths.find((prefix) => resolvePath(prefix) !== prefix);
  if (path !== undefined) {
    throw new IssueRefused('paths', `"${path}" is no path as nginx resolves it, such as /ws`);
  }
  const rules = parseOriginRules(origins);
  if ('invalid' in rules) throw new IssueRefused('origins', `"${rules.invalid}" is no origin`);
  const set = parseNetworks(networks);
  if ('invalid' in set) {
    throw new IssueRefused('networks', `"${set.invalid}" is no address or CIDR network`);
  }
  return { gates, paths, origins, networks };
}

function readMoment(field: string, moment: string): number {
  const at = Date.parse(moment);
  if (Number.isNaN(at)) throw new IssueRefused(field, 'is no date that exists');
  return at;
}

/** How the API shows a token at a moment. */
export function showToken(token: Token, now: number): ShownToken {
  return {
    id: token.id,
    kind: token.kind,
    subject: token.subject,
    label: token.label ?? null,
    gates: [...token.bounds.gates],
    paths: [...token.bounds.paths],
    origins: [...token.bounds.origins],
    networks: [...token.bounds.networks],
    claims: token.claims,
    state: tokenState(token, now),
    weak: token.weak,
    not_before: showTime(token.notBefore),
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
}: Pick<IssueBody, 'expires_in' | 'expires_at'>): IssueRequest['expires'] {
  if (span !== undefined && moment !== undefined) {
    throw new IssueRefused('expires_at', 'give either expires_in or expires_at, not both');
  }
  if (moment !== undefined) return { at: readMoment('expires_at', moment) };
  if (span === undefined || span === 'never') return span;
  const milliseconds = typeof span === 'number' ? span * 1_000 : parseDuration(span);
  if (milliseconds === undefined) {
    throw new IssueRefused('expires_in', 'is too long; 36500d is the most');
  }
  return { in: milliseconds };
}
