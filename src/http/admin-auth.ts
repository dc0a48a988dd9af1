import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Role } from '../core/admin-key.ts';
import { retrySeconds } from '../core/throttle.ts';
import type { AdminKeys } from '../services/admin-keys.ts';
import type { ThrottleService } from '../services/throttle.ts';
import { sendProblem } from './problem.ts';

/** What authentication works with. */
export interface AdminAuthDependencies {
  readonly adminKeys: AdminKeys;
  readonly throttle: Pick<ThrottleService, 'adminFailed'>;
  readonly clock: () => number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request this is; set for everything below `/v1`. */
    adminKey: AdminKey | undefined;
  }
}

/**
 * A hook that lets only requests with an admin key pass (RFC 6750, section 2.1). A right key passes
 * however many wrong ones came from the same place: a reverse proxy may be one place for all. Nobody
 * guesses a key, so what is bounded are answers that say more than "later".
 */
export function authenticate({ adminKeys, throttle, clock }: AdminAuthDependencies) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Cache-Control', 'no-store');
    const secret = /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    request.adminKey = secret === undefined ? undefined : await adminKeys.identify(secret);
    if (request.adminKey !== undefined) return;
    if (secret === undefined) return sendProblem(reply, 'unauthorized');
    const tooMany = throttle.adminFailed(request.raw.socket.remoteAddress, clock());
    if (tooMany === undefined) return sendProblem(reply, 'unauthorized');
    reply.header('Retry-After', retrySeconds(tooMany));
    return sendProblem(reply, 'too_many_attempts');
  };
}

/** A hook that lets only keys of these roles pass, and of `admin`. */
export function allow(...roles: readonly Role[]) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const role = request.adminKey?.role;
    if (role === 'admin' || (role !== undefined && roles.includes(role))) return;
    return sendProblem(reply, 'forbidden', {
      detail: `This needs a key of the role ${['admin', ...roles].join(' or ')}.`,
    });
  };
}
