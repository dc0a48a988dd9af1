import type { Config, LifetimeConfig } from '../config/config.ts';
import { formatDuration } from '../core/duration.ts';
import type { Claims } from '../core/identity.ts';
import { createId, createSecret, hashSecret, tokenPrefix } from '../core/secret.ts';
import type { Token, TokenKind } from '../core/token.ts';
import type { TokenFilter, TokenPage, TokenStore } from '../stores/store.ts';
import type { Events } from './events.ts';

/** What to issue. */
export interface IssueRequest {
  readonly kind: TokenKind;
  readonly subject: string;
  /** Gates to bind it to; empty for all. */
  readonly gates: readonly string[];
  readonly label: string | undefined;
  readonly claims: Claims;
  /** Life in milliseconds, a moment in Unix milliseconds, `never`, or undefined for the default. */
  readonly expires: { readonly in: number } | { readonly at: number } | 'never' | undefined;
  /** Undefined for as many as one likes; tickets always have one. */
  readonly maxUses: number | undefined;
}

/** A token was asked for that may not be. */
export class IssueRefused extends Error {
  override readonly name = 'IssueRefused';
  /** The field of the request that is to blame. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** Issues, lists and revokes tokens and tickets. Every method may reject with StoreUnavailable. */
export interface TokenService {
  /** Rejects with IssueRefused when the request asks for a life that may not be. */
  issue(request: IssueRequest): Promise<{ readonly token: Token; readonly secret: string }>;
  list(filter: TokenFilter, page: { limit: number; cursor?: string }): Promise<TokenPage>;
  find(id: string): Promise<Token | undefined>;
  /** Revokes one token and returns it, undefined when there is none; a second time changes nothing. */
  revoke(id: string): Promise<Token | undefined>;
  revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>): Promise<number>;
}

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createTokenService(dependencies: {
  readonly store: TokenStore;
  readonly limits: Pick<Config, 'tokens' | 'tickets'>;
  readonly events: Events;
  readonly clock: () => number;
}): TokenService {
  const { store, limits, events, clock } = dependencies;
  return {
    async issue(request) {
      const now = clock();
      const secret = createSecret(tokenPrefix);
      const lifetime = request.kind === 'ticket' ? limits.tickets : limits.tokens;
      const issued: Token = {
        id: createId('tok_'),
        kind: request.kind,
        subject: request.subject,
        label: request.label,
        claims: request.claims,
        gates: [...new Set(request.gates)].sort(),
        createdAt: now,
        expiresAt: chooseExpiry(request, lifetime, now),
        revokedAt: undefined,
        maxUses: request.kind === 'ticket' ? 1 : request.maxUses,
        uses: 0,
      };
      await store.insert({ ...issued, hash: hashSecret(secret) });
      events.issued(issued);
      return { token: issued, secret };
    },

    list: (filter, page) => store.list(filter, { ...page, now: clock() }),
    find: (id) => store.findById(id),

    async revoke(id) {
      if (await store.revoke(id, clock())) events.revoked(id);
      return store.findById(id);
    },

    async revokeAll(filter) {
      const count = await store.revokeAll(filter, clock());
      events.revokedAll(filter, count);
      return count;
    },
  };
}

/** When a token made now expires; undefined for never. Throws IssueRefused. */
function chooseExpiry(
  { kind, expires }: IssueRequest,
  { defaultTtl, maxTtl }: LifetimeConfig,
  now: number,
): number | undefined {
  if (expires === 'never') {
    if (maxTtl === undefined) return undefined;
    throw new IssueRefused('expires_in', `a ${kind} has to expire: ${tooLong(kind, maxTtl)}`);
  }
  const asked = expires ?? { in: defaultTtl };
  const field = 'at' in asked ? 'expires_at' : 'expires_in';
  const expiresAt = 'at' in asked ? asked.at : now + asked.in;
  if (expiresAt <= now) throw new IssueRefused(field, 'the expiry has to lie in the future');
  if (maxTtl !== undefined && expiresAt - now > maxTtl) {
    throw new IssueRefused(field, tooLong(kind, maxTtl));
  }
  return expiresAt;
}

function tooLong(kind: TokenKind, maxTtl: number): string {
  return `a ${kind} may live ${formatDuration(maxTtl)} at most (${kind}s.max_ttl)`;
}
