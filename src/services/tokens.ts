import type { Config, LifetimeConfig } from '../config/config.ts';
import type { AdminKey } from '../core/admin-key.ts';
import { formatDuration } from '../core/duration.ts';
import type { Bounds, Claims } from '../core/identity.ts';
import { createId, createSecret, hashSecret, lengthEntropy, tokenPrefix } from '../core/secret.ts';
import { type Token, type TokenKind, tokenState } from '../core/token.ts';
import type { TokenFilter, TokenPage, TokenStore } from '../stores/store.ts';
import type { Events } from './events.ts';

/** What to issue. */
export interface IssueRequest {
  readonly kind: TokenKind;
  readonly subject: string;
  readonly bounds: Bounds;
  readonly label: string | undefined;
  readonly claims: Claims;
  /** Undefined for the default of its kind. */
  readonly expires: Expires | undefined;
  /** When it starts to be good, in Unix milliseconds; undefined for at once. */
  readonly notBefore: number | undefined;
  /** Undefined for as many as one likes; tickets always have one. */
  readonly maxUses: number | undefined;
}

/** When something expires: after so many milliseconds, at a moment in Unix milliseconds, or never. */
export type Expires = { readonly in: number } | { readonly at: number } | 'never';

/** What to change about a token; what is undefined stays, null takes away. */
export interface ChangeRequest {
  readonly label?: string | null | undefined;
  readonly claims?: Claims | undefined;
  readonly expires?: Expires | undefined;
}

/** A token that exists already, elsewhere, with its secret. */
export interface ImportRequest extends Omit<IssueRequest, 'kind'> {
  readonly secret: string;
}

/** What became of one token of an import. */
export type ImportResult = 'imported' | 'imported_weak' | 'known' | 'refused_weak';

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

/** A token is not good any more, so it cannot be changed. */
export class TokenEnded extends Error {
  override readonly name = 'TokenEnded';
}

/** Issues, lists and revokes tokens and tickets. Every method may reject with StoreUnavailable. */
export interface TokenService {
  /** Rejects with IssueRefused when the request asks for what may not be, or this issuer may not. */
  issue(
    request: IssueRequest,
    issuer?: Pick<AdminKey, 'gates' | 'maxTtl'>,
  ): Promise<{ readonly token: Token; readonly secret: string }>;
  list(filter: TokenFilter, page: { limit: number; cursor?: string }): Promise<TokenPage>;
  find(id: string): Promise<Token | undefined>;
  /** Rejects with IssueRefused, or TokenEnded when it was revoked. Undefined when there is none. */
  change(id: string, request: ChangeRequest): Promise<Token | undefined>;
  /**
   * Gives a token a new secret; the old one stays good for `grace` milliseconds. Rejects with
   * TokenEnded when it is a ticket or cannot be used any more. Undefined when there is none.
   */
  rotate(
    id: string,
    grace: number,
  ): Promise<{ readonly token: Token; readonly secret: string } | undefined>;
  /**
   * Takes over tokens whose secrets exist already; only hashes are kept. Secrets under 128 bits are
   * refused, or marked as weak where `allowWeak` is set. Rejects with IssueRefused.
   */
  import(requests: readonly ImportRequest[], allowWeak: boolean): Promise<readonly ImportResult[]>;
  /** Revokes one token and returns it, undefined when there is none; a second time changes nothing. */
  revoke(id: string): Promise<Token | undefined>;
  /** Revokes the token that has this secret, if there is one. */
  revokeSecret(secret: string): Promise<void>;
  revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>): Promise<number>;
}

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createTokenService(dependencies: {
  readonly store: TokenStore;
  readonly limits: Limits;
  readonly events: Events;
  readonly clock: () => number;
}): TokenService {
  const { store, limits, events, clock } = dependencies;
  return {
    async issue(request, issuer) {
      const secret = createSecret(tokenPrefix);
      const now = clock();
      const issued = newToken(
        issuer ? withinIssuer(request, issuer, limits) : request,
        limits,
        now,
      );
      if (issuer !== undefined) checkIssuer(issued, issuer);
      await store.insert({ ...issued, hash: hashSecret(secret) });
      events.issued(issued);
      return { token: issued, secret };
    },

    list: (filter, page) => store.list(filter, { ...page, now: clock() }),
    find: (id) => store.findById(id),

    async change(id, { label, claims, expires }) {
      const token = await store.findById(id);
      if (token === undefined) return undefined;
      const expiresAt = expires && chooseExpiry({ kind: token.kind, expires }, limits, clock());
      const expiry = expires === 'never' ? null : expiresAt;
      if (!(await store.update(id, { label, claims, expiresAt: expiry }))) {
        throw new TokenEnded('it was revoked, and stays revoked');
      }
      events.changed(id);
      return store.findById(id);
    },

    async rotate(id, grace) {
      const now = clock();
      const token = await store.findById(id);
      if (token === undefined) return undefined;
      const isRotatable =
        token.kind === 'token' && ['active', 'pending'].includes(tokenState(token, now));
      if (!isRotatable) throw new TokenEnded('only a token that is still good can be rotated');
      const secret = createSecret(tokenPrefix);
      const rotation = { hash: hashSecret(secret), previousUntil: now + grace };
      if (!(await store.rotate(id, rotation))) throw new TokenEnded('it was revoked');
      events.rotated(id);
      return { token: (await store.findById(id)) ?? token, secret };
    },

    async import(requests, allowWeak) {
      const results: ImportResult[] = [];
      for (const { secret, ...request } of requests) {
        const weak = lengthEntropy(secret) < strongBits;
        const hash = hashSecret(secret);
        if (weak && !allowWeak) {
          results.push('refused_weak');
        } else if ((await store.findByHash(hash)) !== undefined) {
          results.push('known');
        } else {
          const token = { ...newToken({ ...request, kind: 'token' }, limits, clock()), weak };
          await store.insert({ ...token, hash });
          events.issued(token);
          results.push(weak ? 'imported_weak' : 'imported');
        }
      }
      return results;
    },

    async revoke(id) {
      if (await store.revoke(id, clock())) events.revoked(id);
      return store.findById(id);
    },

    async revokeSecret(secret) {
      const token = await store.findByHash(hashSecret(secret));
      if (token !== undefined && (await store.revoke(token.id, clock()))) events.revoked(token.id);
    },

    async revokeAll(filter) {
      const count = await store.revokeAll(filter, clock());
      events.revokedAll(filter, count);
      return count;
    },
  };
}

type Limits = Pick<Config, 'tokens' | 'tickets'>;

/** Bits of entropy from which a secret cannot be guessed. */
const strongBits = 128;

/** A token as it is when it begins. Throws IssueRefused. */
function newToken(request: IssueRequest, limits: Limits, now: number): Token {
  const { kind, subject, label, claims, bounds, notBefore, maxUses } = request;
  const expiresAt = chooseExpiry(request, limits, now);
  if (notBefore !== undefined && expiresAt !== undefined && notBefore >= expiresAt) {
    throw new IssueRefused('not_before', 'lies after the expiry');
  }
  return {
    id: createId('tok_'),
    kind,
    subject,
    label,
    claims,
    bounds: { ...bounds, gates: [...new Set(bounds.gates)].sort() },
    createdAt: now,
    notBefore,
    expiresAt,
    revokedAt: undefined,
    maxUses: kind === 'ticket' ? 1 : maxUses,
    uses: 0,
    weak: false,
  };
}

/** Where the default life is longer than an issuer may give, it gives what it may. */
function withinIssuer(
  request: IssueRequest,
  { maxTtl }: Pick<AdminKey, 'maxTtl'>,
  limits: Limits,
): IssueRequest {
  const { defaultTtl } = limitsOf(request.kind, limits);
  const isShortened = request.expires === undefined && maxTtl !== undefined && maxTtl < defaultTtl;
  return isShortened ? { ...request, expires: { in: maxTtl } } : request;
}

/** Throws IssueRefused when an issuer may not issue this token. */
function checkIssuer(
  { bounds, createdAt, expiresAt }: Token,
  { gates, maxTtl }: Pick<AdminKey, 'gates' | 'maxTtl'>,
): void {
  const isForeign = bounds.gates.length === 0 || bounds.gates.some((gate) => !gates.includes(gate));
  if (gates.length > 0 && isForeign) {
    throw new IssueRefused('gates', `this key may issue for ${gates.join(', ')} only`);
  }
  if (maxTtl !== undefined && (expiresAt === undefined || expiresAt - createdAt > maxTtl)) {
    throw new IssueRefused('expires_in', `this key may give ${formatDuration(maxTtl)} at most`);
  }
}

function limitsOf(kind: TokenKind, limits: Limits): LifetimeConfig {
  return kind === 'ticket' ? limits.tickets : limits.tokens;
}

/** When a token made now expires; undefined for never. Throws IssueRefused. */
function chooseExpiry(
  { kind, expires }: Pick<IssueRequest, 'kind' | 'expires'>,
  limits: Limits,
  now: number,
): number | undefined {
  const { defaultTtl, maxTtl } = limitsOf(kind, limits);
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
