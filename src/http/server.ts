import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { decodableUrl } from './unmatched-routes.ts';

/**
 * Keep-alive timeout in milliseconds. Longer than nginx's (keepalive_timeout of an upstream, 60 s),
 * so that nginx closes first and never sends a subrequest into a closing connection.
 */
export const keepAliveTimeout = 75_000;

/** Milliseconds in which a whole request must arrive. */
const requestTimeout = 10_000;

/**
 * Options of both Fastify apps. Fastify's logger is off: its request lines would hold query
 * strings. Decisions and failures are logged as events.
 */
export const serverOptions = {
  logger: false,
  keepAliveTimeout,
  // Set here too: Fastify overrides the value of `http`, and its default is no timeout.
  requestTimeout,
  // Requests accepted before the shutdown get an answer, not a 503.
  return503OnClosing: false,
  // On shutdown idle connections are closed, and requests in flight finish.
  forceCloseConnections: 'idle',
  rewriteUrl: decodableUrl,
  // Longer than any request line: the route itself refuses long parameters, after authentication.
  routerOptions: { maxParamLength: 65_536 },
  http: {
    // nginx accepts up to 33 KiB of client headers by default, and adds its own.
    maxHeaderSize: 65_536,
    headersTimeout: 5_000,
    requestTimeout,
    connectionsCheckingInterval: 1_000,
  },
} as const satisfies FastifyHttpOptions<RawServerDefault>;
