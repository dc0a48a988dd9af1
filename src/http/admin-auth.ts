import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Role } from '../core/model/admin-key.ts';
import { type Actor, actorNames } from '../core/model/audit.ts';
import type { AdminRefusal, Events } from '../core/model/events.ts';
import { retryAfterSeconds, type ThrottleInfo } from '../core/model/throttle.ts';
import { normalizeAddress } from '../lib/network.ts';
import { problems, sendProblem } from './problem.ts';

/** Looks up admin keys. */
export interface AdminKeyLookup {
  /**
   * The key with this secret; undefined for an unknown or expired one. Rejects with
   * StoreUnavailable.
   */
  identify(secret: string): Promise<AdminKey | undefined>;
}

export interface AdminAuthDependencies {
  /** The services in force. */
  readonly current: () => { readonly adminKeys: AdminKeyLookup };
  readonly throttle: {
    /** Counts a wrong admin key; undefined while the limit is not exceeded. */
    adminFailed(address: string | undefined, now: number): ThrottleInfo | undefined;
  };
  readonly clock: () => number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The key that the request was authenticated with; set for every route below `/v1`. */
    adminKey: AdminKey | undefined;
  }
}

/**
 * Hook: requires an admin key (RFC 6750, section 2.1). A valid key passes whatever wrong ones came
 * from the same address, since a reverse proxy may be the one address of all clients. Keys cannot
 * be guessed, so the throttle only bounds the number of 401 answers.
 */
export function authenticate({ current, throttle, clock }: AdminAuthDependencies) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Cache-Control', 'no-store');
    const secret = bearerToken(request);
    request.adminKey =
      secret === undefined ? undefined : await current().adminKeys.identify(secret);
    if (request.adminKey !== undefined) return;
    if (secret === undefined) return sendProblem(reply, 'unauthorized');
    const throttled = throttle.adminFailed(request.raw.socket.remoteAddress, clock());
    if (throttled === undefined) return sendProblem(reply, 'unauthorized');
    reply.header('Retry-After', retryAfterSeconds(throttled));
    return sendProblem(reply, 'too_many_attempts');
  };
}

/** The admin key of the request, looked up now. Rejects with StoreUnavailable. */
export async function findKey(
  adminKeys: AdminKeyLookup,
  request: FastifyRequest,
): Promise<AdminKey | undefined> {
  const secret = bearerToken(request);
  return secret === undefined ? undefined : adminKeys.identify(secret);
}

function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** Hook: requires a key with one of these roles, or with the role `admin`. */
export function requireRole(...roles: readonly Role[]) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (isAllowed(request.adminKey, roles)) return;
    return sendProblem(reply, 'forbidden', {
      detail: `This request needs a key of the role ${['admin', ...roles].join(' or ')}.`,
    });
  };
}

/** Whether a key has one of these roles, or is an `admin` key. */
export function isAllowed(key: AdminKey | undefined, roles: readonly Role[]): boolean {
  return key !== undefined && (key.role === 'admin' || roles.includes(key.role));
}

/** Response hook: reports requests that were refused for lack of a valid key or of a role. */
export function reportRefusals(events: Pick<Events, 'adminDenied'>) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { adminKey } = request;
    const isUnauthenticated = adminKey === undefined;
    const reason = isUnauthenticated
      ? unauthenticatedReasons.get(reply.statusCode)
      : unauthorizedReasons.get(reply.statusCode);
    if (reason === undefined) return;
    events.adminDenied({ reason, key: adminKey?.name, client: addressOf(request) });
  };
}

/** Reasons by status, for requests without and with a valid key. */
const unauthenticatedReasons: ReadonlyMap<number, AdminRefusal['reason']> = new Map([
  [problems.unauthorized.status, 'unauthorized'],
  [problems.too_many_attempts.status, 'too_many_attempts'],
]);
const unauthorizedReasons: ReadonlyMap<number, AdminRefusal['reason']> = new Map([
  [problems.forbidden.status, 'forbidden'],
]);

/** The actor of this request. Below `/v1` there is always a key. */
export function actorOf(request: FastifyRequest): Actor {
  const { adminKey } = request;
  if (adminKey === undefined) throw new Error('the request was not authenticated');
  const { name } = adminKey;
  // An actor with direct access to the store has no address.
  return { name, client: name === actorNames.store ? undefined : addressOf(request) };
}

/** Undefined on a Unix socket. */
function addressOf({ ip }: FastifyRequest): string | undefined {
  return normalizeAddress(ip ?? '');
}
