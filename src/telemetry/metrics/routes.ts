import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type authenticate, requireRole } from '../../http/admin-auth.ts';
import type { Metrics } from './metrics.ts';
import type { Scrape } from './scrape.ts';

/** What the route and the counting of requests work with. */
export interface MetricRouteDependencies {
  readonly metrics: Pick<Metrics, 'adminAnswered' | 'adminNotAuthenticated'>;
  readonly scrape: Scrape;
  /** The configuration in force says whether `/metrics` answers without a key. */
  readonly current: () => { readonly config: { readonly metrics: { readonly public: boolean } } };
}

/** A hook that counts every request, by the template of its route and never by its path. */
export function countRequests({ metrics }: Pick<MetricRouteDependencies, 'metrics'>) {
  return async ({ routeOptions, method }: FastifyRequest, reply: FastifyReply) => {
    metrics.adminAnswered({ route: routeOptions.url, method, status: reply.statusCode });
  };
}

/** A hook that counts requests without a key that is good, where one is needed. */
export function countStrangers({ metrics }: Pick<MetricRouteDependencies, 'metrics'>) {
  return async (request: FastifyRequest) => {
    if (request.adminKey === undefined) metrics.adminNotAuthenticated();
  };
}

/** `/metrics` of the admin listener. */
export function metricRoutes(
  dependencies: MetricRouteDependencies & {
    /** The hook that finds out whose key it is. */
    readonly isKnown: ReturnType<typeof authenticate>;
  },
): FastifyPluginAsyncTypebox {
  const { isKnown, scrape, current } = dependencies;
  type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  const unlessPublic =
    (hook: Hook): Hook =>
    async (request, reply) =>
      current().config.metrics.public ? undefined : hook(request, reply);
  const countStranger = unlessPublic(countStrangers(dependencies));
  return async (app) => {
    app.get(
      '/metrics',
      {
        onRequest: [isKnown, requireRole('auditor')].map(unlessPublic),
        onResponse: countStranger,
        schema: {
          summary: 'The metrics, for Prometheus',
          response: {
            200: {
              description: 'OpenMetrics 1.0 where `Accept` names it, else the text format.',
              content: { 'text/plain': { schema: Type.String() } },
            },
          },
        },
      },
      async (request, reply) => {
        const { contentType, text } = await scrape(request.headers.accept);
        // A string that is sent is not serialized.
        return reply.header('Cache-Control', 'no-store').type(contentType).send(text);
      },
    );
  };
}
