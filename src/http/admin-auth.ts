import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Role } from '../core/admin-key.ts';
import { type Actor, actorNames } from '../core/audit.ts';
import { plainAddress } from '../core/network.ts';
import type { AdminKeys } from '../services/admin-keys.ts';
import type { AdminRefusal, Events } from '../services/events.ts';
import { problems, sendProblem } from './problem.ts';

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
    request.adminKey = await findKey(adminKeys, request);
    if (request.adminKey === undefined) return sendProblem(reply, 'unauthorized');
  };
}

/** The key that the request presents, as it is right now. Rejects with StoreUnavailable. */
export async function findKey(
  adminKeys: AdminKeys,
  { headers }: FastifyRequest,
): Promise<AdminKey | undefined> {
  const secret = /^bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1];
  return secret === undefined ? undefined : adminKeys.identify(secret);
}

/** A hook that lets only keys of these roles pass, and of `admin`. */
export function allow(...roles: readonly Role[]) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (isAllowed(request.adminKey, roles)) return;
    return sendProblem(reply, 'forbidden', {
      detail: `This needs a key of the role ${['admin', ...roles].join(' or ')}.`,
    });
  };
}

/** Whether a key has one of these roles, or may do everything. */
export function isAllowed(key: AdminKey | undefined, roles: readonly Role[]): boolean {
  return key !== undefined && (key.role === 'admin' || roles.includes(key.role));
}

/** A hook for what was answered, that tells of requests without a good key, or with one that may not. */
export function tellRefusals(events: Pick<Events, 'adminDenied'>) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const reason = refusals.get(reply.statusCode);
    if (reason === undefined) return;
    events.adminDenied({ reason, key: request.adminKey?.name, client: addressOf(request) });
  };
}

const refusals: ReadonlyMap<number, AdminRefusal['reason']> = new Map([
  [problems.unauthorized.status, 'unauthorized'],
  [problems.forbidden.status, 'forbidden'],
]);

/** Who does what this request asks for. Below `/v1` there is always a key. */
export function actorOf(request: FastifyRequest): Actor {
  const { adminKey } = request;
  if (adminKey === undefined) throw new Error('the request was not authenticated');
  const { name } = adminKey;
  // Whoever has the store's file comes from no address.
  return { name, client: name === actorNames.store ? undefined : addressOf(request) };
}

/** On a Unix socket there is no address. */
function addressOf({ ip }: FastifyRequest): string | undefined {
  return plainAddress(ip ?? '');
}
