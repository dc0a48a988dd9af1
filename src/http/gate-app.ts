import { createServer } from 'node:http';
import cookie from '@fastify/cookie';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance } from 'fastify';
import type { AnswerSubrequest } from '../services/answer.ts';
import type { Assertions } from '../services/assertions.ts';
import type { Events } from '../services/events.ts';
import type { Store } from '../stores/store.ts';
import { createAuthHandler, isSubrequest } from './auth-handler.ts';
import { readJson } from './bodies.ts';
import { createErrorHandler } from './problem.ts';
import { type SessionRouteDependencies, sessionRoutes } from './routes/session.ts';
import { keepAliveTimeout, serverOptions } from './server.ts';
import { answerUnrouted } from './unrouted.ts';
import { validatorCompiler } from './validation.ts';

/**
 * The app that nginx asks. It serves `/auth` for subrequests and `/healthz`, and never answers with
 * a redirect.
 */
export async function buildGateApp(
  dependencies: SessionRouteDependencies & {
    readonly answer: AnswerSubrequest;
    readonly assertions: Assertions;
    readonly events: Events;
    readonly openSnapshot: Store['openSnapshot'];
  },
): Promise<FastifyInstance> {
  const { answer, assertions, events, trustedProxies, openSnapshot } = dependencies;
  let closing = false;
  const authenticate = createAuthHandler({
    answer,
    trustedProxies,
    openSnapshot,
    isClosing: () => closing,
    failed: (error) => events.failed('a subrequest could not be answered', error),
  });
  const app = fastify({
    ...serverOptions,
    bodyLimit: 16_384,
    // Nothing of what serverFactory does not set itself is set by Fastify.
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
  readJson(app);
  answerUnrouted(app);
  app.setErrorHandler(createErrorHandler(events));

  await app.register(cookie);
  await app.register(sessionRoutes(dependencies), { prefix: '/.postern' });

  app.get('/.well-known/jwks.json', async (_request, reply) => {
    reply.header('Cache-Control', 'public, max-age=300').type('application/jwk-set+json');
    return JSON.stringify(await assertions.publish());
  });

  app.get('/healthz', async () => ({ status: 'ok' }));

  return app;
}
