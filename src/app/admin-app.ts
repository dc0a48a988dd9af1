import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { keyRoutes } from '../admin-keys/routes.ts';
import { issuedKeySchema, keySchema } from '../admin-keys/schemas.ts';
import { explanationSchema, type GateRouteDependencies, gateRoutes } from '../admission/routes.ts';
import { signingKeyRoutes } from '../assertions/routes.ts';
import { type AuditRouteDependencies, auditRoutes } from '../audit/routes.ts';
import { auditEntrySchema } from '../audit/schemas.ts';
import type { Events } from '../core/model/events.ts';
import { authenticate, reportRefusals } from '../http/admin-auth.ts';
import { acceptJson } from '../http/bodies.ts';
import { createErrorHandler, problemSchema } from '../http/problem.ts';
import { serverOptions } from '../http/server.ts';
import { answerUnmatched } from '../http/unmatched-routes.ts';
import { validatorCompiler } from '../http/validation.ts';
import { jwtRoutes } from '../jwt/routes.ts';
import { version } from '../lib/resources.ts';
import { oauthRoutes } from '../oauth/routes.ts';
import { type BridgeRouteDependencies, bridgeRoutes } from '../sign-on/routes.ts';
import {
  countAuthFailures,
  countRequests,
  type MetricRouteDependencies,
  metricRoutes,
} from '../telemetry/metrics/routes.ts';
import { type ThrottleRouteDependencies, throttleRoutes } from '../throttle/routes.ts';
import type { ThrottleService } from '../throttle/service.ts';
import { tokenRoutes } from '../tokens/routes.ts';
import { issuedTokenSchema, tokenPageSchema, tokenSchema } from '../tokens/schemas.ts';
import type { Services } from './services.ts';

/** Schemas that routes refer to by name. */
const namedSchemas = [
  problemSchema,
  tokenSchema,
  issuedTokenSchema,
  tokenPageSchema,
  keySchema,
  issuedKeySchema,
  explanationSchema,
  auditEntrySchema,
];

/** What the admin app works with. */
export interface AdminAppDependencies
  extends Omit<
    GateRouteDependencies & AuditRouteDependencies & MetricRouteDependencies,
    'current'
  > {
  /** The services in force. */
  readonly current: () => Services;
  readonly events: Events;
  readonly throttling: ThrottleRouteDependencies & {
    readonly service: Pick<ThrottleService, 'adminFailed'>;
  };
  readonly bridges: BridgeRouteDependencies;
  readonly clock: () => number;
  /** Resolves when the store answers. */
  readonly ping: () => Promise<void>;
}

/** The app that issues and revokes tokens. Everything below `/v1` needs an admin key. */
export async function buildAdminApp(dependencies: AdminAppDependencies): Promise<FastifyInstance> {
  const { current, events, throttling, bridges, clock, ping } = dependencies;
  const app = fastify({ ...serverOptions, bodyLimit: 65_536 })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(validatorCompiler)
    // Answers are made by functions that know their fields; the schemas describe them to clients.
    // Compiling a serializer of each would be the longest part of a start.
    .setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(createErrorHandler(events));
  acceptJson(app);
  const authenticateHook = authenticate({ current, throttle: throttling.service, clock });
  const tellOfStrangers = [countAuthFailures(dependencies), reportRefusals(events)];
  answerUnmatched(app, authenticateHook);
  for (const tell of tellOfStrangers) {
    app.addHook('onResponse', async (request, reply) => {
      if (request.is404) await tell(request, reply);
    });
  }
  for (const schema of namedSchemas) app.addSchema(schema);
  app.decorateRequest('adminKey', undefined);
  app.addHook('onResponse', countRequests(dependencies));

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Postern admin API', version },
      components: { securitySchemes: { adminKey: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) => String(json.$id ?? `def-${index}`),
    },
  });

  // Authentication is a property of this part of the route tree, not of how a URL is spelled.
  await app.register(
    async (v1) => {
      v1.addHook('onRequest', authenticateHook);
      for (const tell of tellOfStrangers) v1.addHook('onResponse', tell);
      v1.addHook('onRoute', describeRoute);
      await v1.register(tokenRoutes({ current, clock }));
      await v1.register(oauthRoutes({ current }));
      await v1.register(jwtRoutes({ current }));
      await v1.register(keyRoutes({ current, clock }));
      await v1.register(signingKeyRoutes({ current }));
      await v1.register(gateRoutes(dependencies));
      await v1.register(auditRoutes(dependencies));
      await v1.register(throttleRoutes(throttling));
      await v1.register(bridgeRoutes(bridges));
    },
    { prefix: '/v1' },
  );

  await app.register(async (metrics) => {
    metrics.addHook('onRoute', describeRoute);
    await metrics.register(metricRoutes({ ...dependencies, authenticateHook }));
  });
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async () => {
    await ping();
    return { status: 'ok' };
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  return app;
}

/** What all routes that need a key have in common in `/openapi.json`. */
function describeRoute(route: RouteOptions): void {
  route.schema = {
    security: [{ adminKey: [] }],
    ...route.schema,
    response: {
      ...(route.schema?.response as object),
      default: {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      },
    },
  };
}
