import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.ts';

/** A registered route. */
interface KnownRoute {
  readonly url: string;
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/**
 * Handles requests that match no route: 405 when the path exists with other methods (RFC 9110,
 * section 15.5.6), else 404. Runs before the body is read and after `authenticate`, so that
 * unauthenticated clients learn nothing about routes. Call it before routes are registered.
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
  // A literal route takes precedence over one with parameters.
  const literal = matching.filter(({ url }) => url === path);
  const found = literal.length > 0 ? literal : matching;
  return [...new Set(found.flatMap(({ methods }) => methods))].sort();
}

/**
 * The URL for the router. One that cannot be decoded is replaced by one that matches no route:
 * Fastify would answer it itself, before any hook.
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
