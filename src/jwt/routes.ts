import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { JwtRevocationRefused } from '../core/model/errors.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { maxSubjectLength, subjectPattern } from '../lib/text-line.ts';
import type { JwtRevocation } from '../store/port.ts';
import type { JwtRevocationRequest, JwtRevocations } from './revocations.ts';

const moment = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description }));

const revokeSchema = Type.Object(
  {
    issuer: Type.String({ description: 'Its name in `jwt.issuers`.' }),
    jti: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: 'The one JWT with this `jti`.' }),
    ),
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: maxSubjectLength,
        pattern: subjectPattern,
        description: 'All JWTs of this subject, as `Remote-User` names it.',
      }),
    ),
    issued_before: moment(
      "With `subject`: JWTs with a later `iat` stay good. When left out, now plus the issuer's `leeway`. JWTs without `iat` are revoked.",
    ),
    expires_at: moment(
      'When what is revoked expires by itself, so that this can be forgotten. Kept for good, when left out.',
    ),
  },
  { additionalProperties: false },
);

const maybe = <T extends ReturnType<typeof Type.String>>(type: T) =>
  Type.Union([type, Type.Null()]);
const timestamp = Type.String({ format: 'date-time' });
const revocationSchema = Type.Object({
  issuer: Type.Union([Type.String(), Type.Null()], {
    description: 'Its name in `jwt.issuers`; null when it is there no more.',
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

/** `/jwt` of the admin API: what to refuse of other issuers. */
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
          summary: 'Revoke a JWT of another issuer, or all that a subject was given',
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
                  description: '`next_cursor` of the page before.',
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
    throw new JwtRevocationRefused('jti', 'give either jti or subject');
  }
  if (jti !== undefined) {
    if (issuedBefore === undefined) return { issuer, concerns: { jti }, expiresAt };
    throw new JwtRevocationRefused('issued_before', 'goes with subject, not with jti');
  }
  return { issuer, concerns: { subject: subject ?? '', issuedBefore }, expiresAt };
}

function toTime(field: string, moment: string | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const at = Date.parse(moment);
  if (Number.isNaN(at)) throw new JwtRevocationRefused(field, 'is no date that exists');
  return at;
}

function showRevocation(
  { iss, concerns, revokedAt, expiresAt }: JwtRevocation,
  issuer: string | undefined,
): ShownJwtRevocation {
  const isOne = 'jti' in concerns;
  return {
    issuer: issuer ?? null,
    iss,
    jti: isOne ? concerns.jti : null,
    subject: isOne ? null : concerns.subject,
    issued_before: isOne ? null : new Date(concerns.issuedBefore).toISOString(),
    revoked_at: new Date(revokedAt).toISOString(),
    expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}
