import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { InvalidField } from '../core/model/errors.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { maxSubjectLength, subjectPattern } from '../lib/text-line.ts';
import type { JwtRevocation } from '../store/port/jwts.ts';
import type { JwtRevocationRequest, JwtRevocations } from './revocations.ts';

const moment = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description }));

const revokeSchema = Type.Object(
  {
    issuer: Type.String({ description: 'Its name in `jwt.issuers`.' }),
    jti: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: 'The JWT with this `jti`.' }),
    ),
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: maxSubjectLength,
        pattern: subjectPattern,
        description: 'All JWTs of this subject, as in `Remote-User`.',
      }),
    ),
    issued_before: moment(
      "With `subject`: JWTs with a later `iat` stay valid. The default is now plus the issuer's `leeway`. JWTs without `iat` are revoked.",
    ),
    expires_at: moment(
      'When the revoked JWTs expire, so that the revocation can be deleted. If omitted, it is kept forever.',
    ),
  },
  { additionalProperties: false },
);

const maybe = <T extends ReturnType<typeof Type.String>>(type: T) =>
  Type.Union([type, Type.Null()]);
const timestamp = Type.String({ format: 'date-time' });
const revocationSchema = Type.Object({
  issuer: Type.Union([Type.String(), Type.Null()], {
    description: 'Its name in `jwt.issuers`; null if it is no longer there.',
  }),
  iss: Type.String({ description: 'The `iss` claim of its JWTs.' }),
  jti: maybe(Type.String()),
  subject: maybe(Type.String()),
  issued_before: maybe(timestamp),
  revoked_at: timestamp,
  expires_at: maybe(timestamp),
});

/** A revocation as the API shows it. */
export type ShownJwtRevocation = Static<typeof revocationSchema>;

/** A page of revocations as the API shows it. */
export interface ShownJwtRevocationPage {
  readonly revocations: readonly ShownJwtRevocation[];
  readonly next_cursor: string | null;
}

const defaultLimit = 50;

/** `/jwt` of the admin API: revocations of other issuers' JWTs. */
export function jwtRoutes(dependencies: {
  /** The services in force. */
  readonly current: () => { readonly jwts: JwtRevocations };
}): FastifyPluginAsyncTypebox {
  const { current } = dependencies;
  const show = (revocation: JwtRevocation) =>
    showRevocation(revocation, current().jwts.nameOf(revocation.iss));
  return async (app) => {
    app.post(
      '/jwt/revoke',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Revoke a JWT of another issuer, or all JWTs of a subject',
          body: revokeSchema,
          response: { 200: revocationSchema },
        },
      },
      async (request) =>
        show(await current().jwts.revoke(toRequest(request.body), actorOf(request))),
    );

    app.get(
      '/jwt/revocations',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List revocations of JWTs, newest first',
          querystring: Type.Object(
            {
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
              cursor: Type.Optional(
                Type.String({
                  pattern: '^[0-9]{1,16}$',
                  description: '`next_cursor` of the previous page.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              revocations: Type.Array(revocationSchema),
              next_cursor: maybe(Type.String()),
            }),
          },
        },
      },
      async (request) => {
        const { limit = defaultLimit, cursor } = request.query;
        const page = await current().jwts.list({ limit, ...(cursor !== undefined && { cursor }) });
        return { revocations: page.revocations.map(show), next_cursor: page.nextCursor ?? null };
      },
    );
  };
}

function toRequest(body: Static<typeof revokeSchema>): JwtRevocationRequest {
  const { issuer, jti, subject } = body;
  const expiresAt = toTime('expires_at', body.expires_at);
  const issuedBefore = toTime('issued_before', body.issued_before);
  if ((jti === undefined) === (subject === undefined)) {
    throw new InvalidField('jti', 'give either jti or subject');
  }
  if (jti !== undefined) {
    if (issuedBefore === undefined) return { issuer, target: { jti }, expiresAt };
    throw new InvalidField('issued_before', 'applies to subject, not to jti');
  }
  return { issuer, target: { subject: subject ?? '', issuedBefore }, expiresAt };
}

function toTime(field: string, moment: string | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const at = Date.parse(moment);
  if (Number.isNaN(at)) throw new InvalidField(field, 'is not a valid date');
  return at;
}

function showRevocation(
  { iss, target, revokedAt, expiresAt }: JwtRevocation,
  issuer: string | undefined,
): ShownJwtRevocation {
  const isOne = 'jti' in target;
  return {
    issuer: issuer ?? null,
    iss,
    jti: isOne ? target.jti : null,
    subject: isOne ? null : target.subject,
    issued_before: isOne ? null : new Date(target.issuedBefore).toISOString(),
    revoked_at: new Date(revokedAt).toISOString(),
    expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}
