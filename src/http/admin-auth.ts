import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Role } from '../core/admin-key.ts';
import { type Actor, actorNames } from '../core/audit.ts';
import { plainAddress } from '../core/network.ts';
import type { AdminKeys } from '../services/admin-keys.ts';
import { sendProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request this is; set for everything below `/v1`. */
    adminKey: AdminKey | undefined;
  }
}

/** A hook that lets only requests with an admin key pass (RFC 6750, section 2.1). */
export function authenticate(adminKeys: AdminKeys) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Cache-Control', 'no-store');
    const secret = /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    request.adminKey = secret === undefined ? undefined : await adminKeys.identify(secret);
    if (request.adminKey === undefined) return sendProblem(reply, 'unauthorized');
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

/** Who does what this request asks for. Below `/v1` there is always a key. */
export function actorOf({ adminKey, ip }: FastifyRequest): Actor {
  if (adminKey === undefined) throw new Error('the request was not authenticated');
  const { name } = adminKey;
  // Whoever has the store's file comes from no address, and on a Unix socket there is none.
  return { name, client: name === actorNames.store ? undefined : plainAddress(ip ?? '') };
}
