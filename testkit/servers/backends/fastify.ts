import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { record, routesByPrefix, routesByUrl, serve } from './program.ts';

const answer = (handler: string, request: FastifyRequest, reply: FastifyReply) => {
  record(handler, request.raw);
  return reply.header('x-handler', encodeURI(handler)).send(request.raw.url);
};

/** With `lenient`, every option that makes more targets lead to a handler. */
const isLenient = process.argv.includes('lenient');

const app = fastify({
  // Its types know one of them at another place only.
  routerOptions: {
    caseSensitive: !isLenient,
    ignoreDuplicateSlashes: isLenient,
    ignoreTrailingSlash: isLenient,
    useSemicolonDelimiter: isLenient,
  } as object,
});
await app.register(
  async (admin) => {
    admin.get('/*', (request, reply) => answer('admin', request, reply));
  },
  { prefix: '/admin' },
);
app.get<{ Params: { id: string } }>('/rooms/:id', (request, reply) =>
  answer(`room:${request.params.id}`, request, reply),
);
app.get('/status', (request, reply) => answer('status', request, reply));
app.get('/', (request, reply) => answer('home', request, reply));
app.setNotFoundHandler((request, reply) => answer('other', request, reply.code(404)));
await app.ready();

serve(app.server, isLenient ? routesByUrl : routesByPrefix);
