import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { gateNamePattern } from '../core/gate/handshake.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { ProblemError } from '../http/problem.ts';
import type { Recheck } from './recheck.ts';

const recheckedSchema = Type.Object({
  dropped: Type.Integer({
    description: 'How many cached answers were in force, in all workers that answered.',
  }),
});

/** The result of a recheck as the API shows it. */
export type ShownRecheck = Static<typeof recheckedSchema>;

/** What the routes work with. */
export type BridgeRouteDependencies = Pick<Recheck, 'recheck'>;

/** `/bridges` of the admin API: the sign-on services behind gates. */
export function bridgeRoutes({ recheck }: BridgeRouteDependencies): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/bridges/:gate/recheck',
      {
        // No issuer: it issues tokens of its own, and a recheck concerns everybody at the gate. Many
        // rechecks would send every request to the service.
        onRequest: requireRole(),
        schema: {
          summary: 'Drop the cached answers of the sign-on service behind a gate',
          params: Type.Object({
            gate: Type.String({ pattern: gateNamePattern, description: 'A gate with a `bridge`.' }),
          }),
          response: { 200: recheckedSchema },
        },
      },
      async (request) => {
        const { gate } = request.params;
        const result = await recheck(gate, actorOf(request));
        if ('dropped' in result) return { dropped: result.dropped };
        const detail =
          result.missing === 'gate'
            ? `There is no gate ${gate}. GET /v1/gates lists the gates.`
            : `The gate ${gate} has no bridge in the configuration in force.`;
        throw new ProblemError('bridge_not_found', detail);
      },
    );
  };
}
