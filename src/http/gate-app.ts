import { METHODS } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { NetworkSet } from '../core/network.ts';
import type { AnswerSubrequest } from '../services/answer.ts';
import { readSubrequest } from './inbound.ts';
import { serverOptions } from './server.ts';

/**
 * The app that nginx asks. It serves `/auth` for subrequests and `/healthz`, and never answers with
 * a redirect.
 */
export function buildGateApp(dependencies: {
  readonly answer: AnswerSubrequest;
  readonly trustedProxies: NetworkSet;
}): FastifyInstance {
  const { answer, trustedProxies } = dependencies;
  const app = fastify(serverOptions);
  const more = METHODS.filter((method) => !app.supportedMethods.includes(method));
  for (const method of more) app.addHttpMethod(method);

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

  app.get('/healthz', async () => ({ status: 'ok' }));

  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  app.setErrorHandler((_error, _request, reply) => reply.code(503).send());
  return app;
}

function announcesBody(headers: Record<string, unknown>): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
