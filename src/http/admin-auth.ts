import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Role } from '../core/model/admin-key.ts';
import { type Actor, actorNames } from '../core/model/audit.ts';
import type { AdminRefusal, Events } from '../core/model/events.ts';
import { retryAfterSeconds, type ThrottleInfo } from '../core/model/throttle.ts';
import { normalizeAddress } from '../lib/network.ts';
import { problems, sendProblem } from './problem.ts';

/** Finds admin keys. */
export interface KeyFinder {
  /** The key of this secret; undefined for an unknown or expired one. Rejects with StoreUnavailable. */
  identify(secret: string): Promise<AdminKey | undefined>;
}

/** What authentication works with. */
export interface AdminAuthDependencies {
  /** The services in force. */
  readonly current: () => { readonly adminKeys: KeyFinder };
  readonly throttle: {
    /** Counts a wrong admin key; undefined while there were not too many. */
    adminFailed(address: string | undefined, now: number): ThrottleInfo | undefined;
  };
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
export function authenticate({ current, throttle, clock }: AdminAuthDependencies) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Cache-Control', 'no-store');
    const secret = presentedKey(request);
    request.adminKey =
      secret === undefined ? undefined : await current().adminKeys.identify(secret);
    if (request.adminKey !== undefined) return;
    if (secret === undefined) return sendProblem(reply, 'unauthorized');
    const tooMany = throttle.adminFailed(request.raw.socket.remoteAddress, clock());
    if (tooMany === undefined) return sendProblem(reply, 'unauthorized');
    reply.header('Retry-After', retryAfterSeconds(tooMany));
    return sendProblem(reply, 'too_many_attempts');
  };
}

/** The key that the request presents, as it is right now. Rejects with StoreUnavailable. */
export async function findKey(
  adminKeys: KeyFinder,
  request: FastifyRequest,
): Promise<AdminKey | undefined> {
  const secret = presentedKey(request);
  return secret === undefined ? undefined : adminKeys.identify(secret);
}

function presentedKey({ headers }: FastifyRequest): string | undefined {
  return /^bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** A hook that lets only keys of these roles pass, and of `admin`. */
export function requireRole(...roles: readonly Role[]) {
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
export function reportRefusals(events: Pick<Events, 'adminDenied'>) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { adminKey } = request;
    const isStranger = adminKey === undefined;
    const reason = isStranger ? strangers.get(reply.statusCode) : refusals.get(reply.statusCode);
    if (reason === undefined) return;
    events.adminDenied({ reason, key: adminKey?.name, client: addressOf(request) });
  };
}

/** Why who has no good key was refused, and why who has one was. */
const strangers: ReadonlyMap<number, AdminRefusal['reason']> = new Map([
  [problems.unauthorized.status, 'unauthorized'],
  [problems.too_many_attempts.status, 'too_many_attempts'],
]);
const refusals: ReadonlyMap<number, AdminRefusal['reason']> = new Map([
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
  return normalizeAddress(ip ?? '');
}
