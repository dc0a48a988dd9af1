import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import type { Assertions, SigningKey } from './service.ts';

const timestamp = Type.String({ format: 'date-time' });
const shown = Type.Object({
  id: Type.String({ description: '`kid` in `/.well-known/jwks.json`.' }),
  created_at: timestamp,
  retired_at: Type.Union([timestamp, Type.Null()]),
});

/** `/signing-keys` of the admin API: the keys that sign `X-Postern-Assertion`. */
export function signingKeyRoutes(dependencies: {
  /** The services in force. */
  readonly current: () => { readonly assertions: Assertions };
}): FastifyPluginAsyncTypebox {
  const { current } = dependencies;
  return async (app) => {
    app.get(
      '/signing-keys',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List the keys that sign assertions, newest first',
          response: { 200: Type.Object({ keys: Type.Array(shown) }) },
        },
      },
      async () => ({ keys: (await current().assertions.list()).map(showKey) }),
    );

    app.post(
      '/signing-keys/rotate',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Rotate the signing key; the old one stays published for a day',
          response: { 200: shown },
        },
      },
      async (request) => showKey(await current().assertions.rotate(actorOf(request))),
    );
  };
}

function showKey({ id, createdAt, retiredAt }: SigningKey) {
  return {
    id,
    created_at: new Date(createdAt).toISOString(),
    retired_at: retiredAt === undefined ? null : new Date(retiredAt).toISOString(),
  };
}
