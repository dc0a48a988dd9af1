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
  for (const method of more) app.addHttpMethod(method, { hasBody: true });
  // A subrequest has no body that anybody needs: nothing is read of it and no type is refused.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.all('/auth', async (request, reply) => {
    const { status, headers } = await answer(readSubrequest(request.raw, trustedProxies));
    reply.code(status).header('Cache-Control', 'no-store');
    for (const [name, value] of headers) reply.header(name, value);
    // Some configurations announce a body and send none; the connection cannot be used again then.
    if (announcesBody(request.headers)) reply.header('Connection', 'close');
    return reply.send();
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
