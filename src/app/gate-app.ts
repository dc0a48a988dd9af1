import { createServer } from 'node:http';
import cookie from '@fastify/cookie';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance } from 'fastify';
import { createAuthHandler, isSubrequest } from '../admission/auth-handler.ts';
import type { Events } from '../core/model/events.ts';
import { acceptJson } from '../http/bodies.ts';
import { createErrorHandler } from '../http/problem.ts';
import { keepAliveTimeout, serverOptions } from '../http/server.ts';
import { answerUnmatched } from '../http/unmatched-routes.ts';
import { validatorCompiler } from '../http/validation.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import type { Services } from './services.ts';

/**
 * The app that nginx asks. It serves `/auth` for subrequests and `/healthz`, and never answers with
 * a redirect.
 */
export async function buildGateApp(dependencies: {
  /** The services in force. */
  readonly current: () => Services;
  readonly events: Events;
}): Promise<FastifyInstance> {
  const { current, events } = dependencies;
  let closing = false;
  const authenticate = createAuthHandler({
    current,
    isClosing: () => closing,
    failed: (error) => events.failed('a subrequest could not be answered', error),
  });
  const app = fastify({
    ...serverOptions,
    bodyLimit: 16_384,
    // Fastify sets no server options itself where there is a serverFactory.
    serverFactory: (serve) =>
      createServer({ ...serverOptions.http, keepAliveTimeout }, (request, response) => {
        if (isSubrequest(request)) authenticate(request, response);
        else serve(request, response);
      }),
  })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(validatorCompiler);
  app.addHook('preClose', async () => {
    closing = true;
  });
  acceptJson(app);
  answerUnmatched(app);
  app.setErrorHandler(createErrorHandler(events));

  await app.register(cookie);
  await app.register(sessionRoutes(dependencies), { prefix: '/.postern' });

  app.get('/.well-known/jwks.json', async (_request, reply) => {
    reply.header('Cache-Control', 'public, max-age=300').type('application/jwk-set+json');
    return JSON.stringify(await current().assertions.publish());
  });

  app.get('/healthz', async () => ({ status: 'ok' }));

  return app;
}
