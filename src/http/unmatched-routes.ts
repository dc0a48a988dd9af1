import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.ts';

/** A route that there is: its methods by what its paths look like. */
interface KnownRoute {
  readonly url: string;
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/**
 * Answers what no route answers: with 405 where the path has other methods (RFC 9110, section 15.5.6),
 * else with 404. Before a body is read, and after `authenticate`, so that a stranger learns nothing of
 * what there is. To be called before there are routes.
 */
export function answerUnmatched(
  app: FastifyInstance,
  authenticate?: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  const routes: KnownRoute[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+');
    routes.push({ url, path: new RegExp(`^${pattern}$`), methods: [method].flat() });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    await authenticate?.(request, reply);
    if (reply.sent) return;
    const methods = methodsAt(request.url, routes);
    if (methods.length === 0) return sendProblem(reply, 'not_found');
    return sendProblem(reply.header('Allow', methods.join(', ')), 'method_not_allowed');
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 'not_found'));
}

function methodsAt(url: string, routes: readonly KnownRoute[]): string[] {
  const path = decodeURI(pathOf(url));
  const matching = routes.filter((route) => route.path.test(path));
  // Where a path stands in a route as it is, routes with parameters are not meant.
  const literal = matching.filter(({ url }) => url === path);
  const found = literal.length > 0 ? literal : matching;
  return [...new Set(found.flatMap(({ methods }) => methods))].sort();
}

/**
 * The address that is looked for among the routes. One that cannot be decoded is that of none: Fastify
 * would answer it itself, before any hook.
 */
export function decodableUrl({ url = '/' }: { readonly url?: string | undefined }): string {
  try {
    decodeURI(pathOf(url));
    return url;
  } catch {
    return '/%EF%BF%BD';
  }
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? '';
}
