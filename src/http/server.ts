import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { decodableUrl } from './unmatched-routes.ts';

/**
 * Milliseconds that an idle connection is kept: longer than nginx keeps one (keepalive_timeout of an
 * upstream, 60 s), so that it is nginx that closes it and never sends a subrequest into a closing one.
 */
export const keepAliveTimeout = 75_000;

/** Milliseconds that a whole request may take to come in. */
const requestTimeout = 10_000;

/**
 * What both apps have in common. Decisions and failures are logged as events, so Fastify itself
 * logs nothing: its request lines would hold query strings.
 */
export const serverOptions = {
  logger: false,
  keepAliveTimeout,
  // Fastify sets it on the servers it makes itself, whatever `http` says, and its default is none.
  requestTimeout,
  // Whoever was let in before a shutdown began gets an answer, not a 503.
  return503OnClosing: false,
  // On shutdown idle connections are closed and requests in flight are finished.
  forceCloseConnections: 'idle',
  rewriteUrl: decodableUrl,
  // Longer than any request line: what is too long is the route's to say, after authentication.
  routerOptions: { maxParamLength: 65_536 },
  http: {
    // nginx takes up to 33 KiB of headers from a client by default and adds some of its own.
    maxHeaderSize: 65_536,
    headersTimeout: 5_000,
    requestTimeout,
    connectionsCheckingInterval: 1_000,
  },
} as const satisfies FastifyHttpOptions<RawServerDefault>;
