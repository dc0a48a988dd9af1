import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { defaultGateName } from '../core/gate/gate.ts';
import { gateNamePattern } from '../core/gate/handshake.ts';
import type { AdminKey } from '../core/model/admin-key.ts';
import type { Actor } from '../core/model/audit.ts';
import { maxCredentialLength } from '../core/model/credential.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { acceptForms } from '../http/bodies.ts';
import type { Introspect } from './introspection.ts';

const token = Type.String({ minLength: 1, maxLength: maxCredentialLength });
const hint = Type.Optional(Type.String({ description: 'Accepted and ignored.' }));

/** JSON has booleans, a form only text. */
const flag = Type.Optional(
  Type.Unsafe<boolean | 'true' | 'false'>({
    type: ['boolean', 'string'],
    enum: [true, false, 'true', 'false'],
  }),
);

const introspectSchema = Type.Object(
  {
    token,
    token_type_hint: hint,
    gate: Type.Optional(
      Type.String({
        pattern: gateNamePattern,
        default: defaultGateName,
        description: 'The gate to answer for.',
      }),
    ),
    redeem: flag,
    path: Type.Optional(Type.String({ pattern: '^/', description: 'Path of the handshake.' })),
    origin: Type.Optional(Type.String({ description: '`Origin` of the handshake.' })),
    client: Type.Optional(Type.String({ description: 'Client address of the handshake.' })),
  },
  { additionalProperties: false },
);

/** Answer of `POST /v1/introspect` (RFC 7662, section 2.2). */
const introspectionSchema = Type.Object({
  active: Type.Boolean(),
  sub: Type.Optional(Type.String()),
  iss: Type.Optional(Type.String({ description: 'Issuer, if it is a JWT.' })),
  token_type: Type.Optional(Type.String()),
  jti: Type.Optional(Type.String({ description: 'Id of the token.' })),
  exp: Type.Optional(Type.Integer()),
  gate: Type.Optional(Type.String()),
  claims: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  reason: Type.Optional(Type.String({ description: 'Why it is not active: a denial code.' })),
});

/** Revokes tokens that are presented by their secret. */
export interface TokenRevoker {
  /** Rejects with RevocationRefused for an issuer that could not have issued the token. */
  revokeSecret(secret: string, actor: Actor, issuer?: AdminKey): Promise<void>;
}

/** Revokes JWTs that are presented. */
export interface JwtRevoker {
  /** False for what is no JWT. Rejects with RevocationRefused for an issuer, which issues no JWTs. */
  revokePresented(jwt: string, actor: Actor, issuer?: AdminKey): Promise<boolean>;
}

/** `/introspect` (RFC 7662) and `/revoke` (RFC 7009), which take forms as well as JSON. */
export function oauthRoutes(dependencies: {
  /** The services in force. */
  readonly current: () => {
    readonly introspect: Introspect;
    readonly tokens: TokenRevoker;
    readonly jwts: JwtRevoker;
  };
}): FastifyPluginAsyncTypebox {
  const { current } = dependencies;
  return async (app) => {
    await acceptForms(app);

    app.post(
      '/introspect',
      {
        onRequest: requireRole('introspector'),
        schema: {
          summary: 'Validate a token at a gate, and return its subject (RFC 7662)',
          consumes: ['application/json', 'application/x-www-form-urlencoded'],
          body: introspectSchema,
          response: { 200: introspectionSchema },
        },
      },
      async (request) => {
        const {
          token: presented,
          gate = defaultGateName,
          redeem,
          path,
          origin,
          client,
        } = request.body;
        const verdict = await current().introspect({
          token: presented,
          gateName: gate,
          path,
          origin,
          clientAddress: client,
          redeem: redeem === true || redeem === 'true',
          actor: actorOf(request),
        });
        if (verdict.verdict === 'deny') return { active: false, reason: verdict.reason };
        const { subject, tokenId, expiresAt, claims, jwt } = verdict.identity;
        return {
          active: true,
          sub: subject,
          ...(jwt !== undefined && { iss: jwt.iss }),
          token_type: 'Bearer',
          jti: tokenId,
          gate,
          claims,
          ...(expiresAt !== undefined && { exp: Math.floor(expiresAt / 1_000) }),
        };
      },
    );

    app.post(
      '/revoke',
      {
        onRequest: requireRole('issuer'),
        schema: {
          summary:
            'Revoke the presented token (RFC 7009); an issuer may revoke only what it could have issued',
          consumes: ['application/json', 'application/x-www-form-urlencoded'],
          body: Type.Object({ token, token_type_hint: hint }, { additionalProperties: false }),
          response: { 200: Type.Object({}) },
        },
      },
      async (request) => {
        // An unknown token is no error (RFC 7009, section 2.2).
        const { token: presented } = request.body;
        const actor = actorOf(request);
        const { adminKey } = request;
        const issuer = adminKey?.role === 'issuer' ? adminKey : undefined;
        const { jwts, tokens } = current();
        const isJwt = await jwts.revokePresented(presented, actor, issuer);
        if (!isJwt) await tokens.revokeSecret(presented, actor, issuer);
        return {};
      },
    );
  };
}
