import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { gateNamePattern } from '../core/gate/handshake.ts';
import { type AdminKey, roles } from '../core/model/admin-key.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { ProblemError } from '../http/problem.ts';
import { durationPattern, formatDuration, parseDuration } from '../lib/duration.ts';
import type { IssuedKey, ShownKey } from './schemas.ts';
import type { AdminKeys } from './service.ts';

const name = Type.String({
  pattern: gateNamePattern,
  description: 'Name of the key in lists and logs.',
});
const duration = (description: string) =>
  Type.Optional(Type.String({ pattern: durationPattern, description }));

const createKeySchema = Type.Object(
  {
    name,
    role: Type.Enum([...roles]),
    gates: Type.Optional(
      Type.Array(Type.String({ pattern: gateNamePattern }), {
        maxItems: 32,
        description: 'Gates that an issuer may issue for. If omitted, all.',
      }),
    ),
    max_ttl: duration('Maximum lifetime that an issuer may grant.'),
    expires_in: duration('Lifetime of the key itself.'),
  },
  { additionalProperties: false },
);

/** `/keys` of the admin API, for admins alone. */
export function keyRoutes(dependencies: {
  /** The services in force. */
  readonly current: () => { readonly adminKeys: AdminKeys };
  readonly clock: () => number;
}): FastifyPluginAsyncTypebox {
  const { current, clock } = dependencies;
  return async (app) => {
    app.addHook('onRequest', requireRole());

    app.post(
      '/keys',
      {
        schema: {
          summary: 'Create an admin key',
          body: createKeySchema,
          response: { 201: Type.Unsafe<IssuedKey>({ $ref: 'IssuedKey#' }) },
        },
      },
      async (request, reply) => {
        const { name: keyName, role, gates = [], max_ttl, expires_in } = request.body;
        const life = expires_in === undefined ? undefined : parseDuration(expires_in);
        const wanted = {
          name: keyName,
          role,
          gates,
          maxTtl: max_ttl === undefined ? undefined : parseDuration(max_ttl),
          expiresAt: life === undefined ? undefined : clock() + life,
        };
        const created = await current().adminKeys.create(wanted, actorOf(request));
        if (created === undefined) throw new ProblemError('key_exists');
        return reply.code(201).send({ ...showKey(created.key), key: created.secret });
      },
    );

    app.get(
      '/keys',
      {
        schema: {
          summary: 'List admin keys',
          response: {
            200: Type.Object({ keys: Type.Array(Type.Unsafe<ShownKey>({ $ref: 'Key#' })) }),
          },
        },
      },
      async () => ({ keys: (await current().adminKeys.list()).map(showKey) }),
    );

    app.delete(
      '/keys/:name',
      {
        schema: {
          summary: 'Revoke an admin key',
          params: Type.Object({ name }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const isRevoked = await current().adminKeys.revoke(request.params.name, actorOf(request));
        if (!isRevoked) throw new ProblemError('key_not_found');
        return reply.code(204).send(null);
      },
    );
  };
}

function showKey(key: AdminKey): ShownKey {
  const time = (moment: number | undefined) =>
    moment === undefined ? null : new Date(moment).toISOString();
  return {
    name: key.name,
    role: key.role,
    gates: [...key.gates],
    max_ttl: key.maxTtl === undefined ? null : formatDuration(key.maxTtl),
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: time(key.expiresAt),
    last_used_at: time(key.lastUsedAt),
  };
}
