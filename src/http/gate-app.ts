import { METHODS } from 'node:http';
import cookie from '@fastify/cookie';
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance } from 'fastify';
import type { AnswerSubrequest } from '../services/answer.ts';
import type { Assertions } from '../services/assertions.ts';
import type { Events } from '../services/events.ts';
import { readSubrequest } from './inbound.ts';
import { createErrorHandler } from './problem.ts';
import { type SessionRouteDependencies, sessionRoutes } from './routes/session.ts';
import { serverOptions } from './server.ts';

/**
 * The app that nginx asks. It serves `/auth` for subrequests and `/healthz`, and never answers with
 * a redirect.
 */
export async function buildGateApp(
  dependencies: SessionRouteDependencies & {
    readonly answer: AnswerSubrequest;
    readonly assertions: Assertions;
    readonly events: Events;
  },
): Promise<FastifyInstance> {
  const { answer, assertions, events, trustedProxies } = dependencies;
  const app = fastify({ ...serverOptions, bodyLimit: 16_384 })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler);
  const more = METHODS.filter((method) => !app.supportedMethods.includes(method));
  for (const method of more) app.addHttpMethod(method);
  // Before the routes, which take over what is set when they are registered.
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  app.setErrorHandler(createErrorHandler(events));

  app.all('/auth', {
    // In a hook that runs before Fastify looks at a body: whatever a subrequest brings along, of
    // whatever type, nobody needs it and nothing of it is read.
    onRequest: async (request, reply) => {
      const { status, headers } = await answer(readSubrequest(request.raw, trustedProxies));
      reply.code(status).header('Cache-Control', 'no-store');
      for (const [name, value] of headers) reply.header(name, value);
      // Some configurations announce a body and send none; the connection cannot be used again then.
      if (announcesBody(request.headers)) reply.header('Connection', 'close');
      return reply.send();
    },
    handler: (_request, reply) => reply.code(503).send(),
  });

  await app.register(cookie);
  await app.register(sessionRoutes(dependencies), { prefix: '/.postern' });

  app.get('/.well-known/jwks.json', async (_request, reply) => {
    reply.header('Cache-Control', 'public, max-age=300').type('application/jwk-set+json');
    return JSON.stringify(await assertions.publish());
  });

  app.get('/healthz', async () => ({ status: 'ok' }));

  return app;
}

function announcesBody(headers: Record<string, unknown>): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
