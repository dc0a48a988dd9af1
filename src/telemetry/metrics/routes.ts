import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type authenticate, requireRole } from '../../http/admin-auth.ts';
import type { Metrics } from './metrics.ts';
import type { Scrape } from './scrape.ts';

export interface MetricRouteDependencies {
  readonly metrics: Pick<Metrics, 'countAdminRequest' | 'countAdminAuthFailure'>;
  readonly scrape: Scrape;
  /** The configuration in force says whether `/metrics` answers without a key. */
  readonly current: () => { readonly config: { readonly metrics: { readonly public: boolean } } };
}

/** Hook: counts requests by route template, never by path. */
export function countRequests({ metrics }: Pick<MetricRouteDependencies, 'metrics'>) {
  return async ({ routeOptions, method }: FastifyRequest, reply: FastifyReply) => {
    metrics.countAdminRequest({ route: routeOptions.url, method, status: reply.statusCode });
  };
}

/** Hook: counts requests without a valid key. */
export function countAuthFailures({ metrics }: Pick<MetricRouteDependencies, 'metrics'>) {
  return async (request: FastifyRequest) => {
    if (request.adminKey === undefined) metrics.countAdminAuthFailure();
  };
}

/** `/metrics` of the admin listener. */
export function metricRoutes(
  dependencies: MetricRouteDependencies & {
    /** The authentication hook. */
    readonly authenticateHook: ReturnType<typeof authenticate>;
  },
): FastifyPluginAsyncTypebox {
  const { authenticateHook, scrape, current } = dependencies;
  type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  const unlessPublic =
    (hook: Hook): Hook =>
    async (request, reply) =>
      current().config.metrics.public ? undefined : hook(request, reply);
  const countFailure = unlessPublic(countAuthFailures(dependencies));
  return async (app) => {
    app.get(
      '/metrics',
      {
        onRequest: [authenticateHook, requireRole('auditor')].map(unlessPublic),
        onResponse: countFailure,
        schema: {
          summary: 'The metrics, for Prometheus',
          response: {
            200: {
              description: 'OpenMetrics 1.0 if `Accept` asks for it, otherwise the text format.',
              content: { 'text/plain': { schema: Type.String() } },
            },
          },
        },
      },
      async (request, reply) => {
        const { contentType, text } = await scrape(request.headers.accept);
        // Fastify does not serialize strings.
        return reply.header('Cache-Control', 'no-store').type(contentType).send(text);
      },
    );
  };
}
