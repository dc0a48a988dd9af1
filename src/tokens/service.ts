import type { IssuerLimits } from '../core/model/admin-key.ts';
import type { Actor } from '../core/model/audit.ts';
import {
  formatTimestamp,
  newTokenEntry,
  revokeAllEntry,
  tokenEntry,
} from '../core/model/audit-entries.ts';
import { TokenEnded } from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import type { Claims } from '../core/model/identity.ts';
import { type Token, tokenState } from '../core/model/token.ts';
import { createSecret, hashSecret, lengthEntropy, tokenPrefix } from '../lib/secret.ts';
import type { TokenFilter, TokenPage, TokenStore } from '../store/port/tokens.ts';
import {
  checkMayRevoke,
  chooseExpiry,
  type Expires,
  type IssueRequest,
  type LifetimeLimits,
  newToken,
} from './issuing.ts';

/** Bits of entropy from which a secret counts as strong. */
const minSecretEntropy = 128;

/** Changes of a token: undefined keeps a value, null removes it. */
export interface ChangeRequest {
  readonly label?: string | null | undefined;
  readonly claims?: Claims | undefined;
  readonly expires?: Expires | undefined;
}

/** A token of another system, with its secret. */
export interface ImportRequest extends Omit<IssueRequest, 'kind'> {
  readonly secret: string;
}

/** The result for one token of an import. */
export type ImportResult = 'imported' | 'imported_weak' | 'known' | 'refused_weak';

/**
 * Issues, lists and revokes tokens and tickets. Every method may reject with StoreUnavailable. Every change
 * has an audit entry that names the actor.
 */
export interface TokenService {
  /** Rejects with InvalidField when the request is outside of the limits, or of this issuer's. */
  issue(
    request: IssueRequest,
    actor: Actor,
    issuer?: IssuerLimits,
  ): Promise<{ readonly token: Token; readonly secret: string }>;
  list(filter: TokenFilter, page: { limit: number; cursor?: string }): Promise<TokenPage>;
  find(id: string): Promise<Token | undefined>;
  /** Rejects with InvalidField, or with TokenEnded for a revoked token. Undefined when there is none. */
  change(id: string, request: ChangeRequest, actor: Actor): Promise<Token | undefined>;
  /**
   * Gives a token a new secret; the old one stays valid for `grace` milliseconds. Rejects with TokenEnded for
   * a ticket, and for a token that can no longer be used. Undefined when there is none.
   */
  rotate(
    id: string,
    grace: number,
    actor: Actor,
  ): Promise<{ readonly token: Token; readonly secret: string } | undefined>;
  /**
   * Imports tokens with their secrets, of which only hashes are kept. Secrets under 128 bits are refused, or
   * marked as weak with `allowWeak`. Rejects with InvalidField.
   */
  import(
    requests: readonly ImportRequest[],
    allowWeak: boolean,
    actor: Actor,
  ): Promise<readonly ImportResult[]>;
  /** The expiry of a token that is issued or imported now without one, in Unix milliseconds. */
  defaultExpiry(): number | undefined;
  /** Revokes one token and returns it, undefined when there is none; a second time changes nothing. */
  revoke(id: string, actor: Actor): Promise<Token | undefined>;
  /**
   * Revokes the token with this secret, if there is one. Rejects with RevocationRefused when this issuer
   * could not have issued it.
   */
  revokeSecret(secret: string, actor: Actor, issuer?: IssuerLimits): Promise<void>;
  revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>, actor: Actor): Promise<number>;
}

/** Builds the service. `clock` returns Unix time in milliseconds. */
export function createTokenService(dependencies: {
  readonly store: TokenStore;
  readonly limits: LifetimeLimits;
  readonly events: Events;
  readonly clock: () => number;
}): TokenService {
  const { store, limits, events, clock } = dependencies;

  async function revoke(token: Token, actor: Actor): Promise<void> {
    const now = clock();
    const entry = tokenEntry('revocation', actor, now, token);
    if (await store.revoke(token.id, now, entry)) events.revoked(token.id);
  }

  return {
    async issue(request, actor, issuer) {
      const secret = createSecret(tokenPrefix);
      const now = clock();
      const issued = newToken(request, limits, now, issuer);
      const entry = newTokenEntry('issue', actor, issued);
      await store.insert({ ...issued, hash: hashSecret(secret) }, entry);
      events.issued(issued);
      return { token: issued, secret };
    },

    list: (filter, page) => store.list(filter, { ...page, now: clock() }),
    find: (id) => store.findById(id),

    async change(id, { label, claims, expires }, actor) {
      const token = await store.findById(id);
      if (token === undefined) return undefined;
      const now = clock();
      const expiresAt = expires && chooseExpiry({ kind: token.kind, expires }, limits, now);
      const expiry = expires === 'never' ? null : expiresAt;
      const entry = tokenEntry('change', actor, now, token);
      const details = {
        ...entry.details,
        label,
        // The names only: the values are personal data.
        claims: claims && Object.keys(claims),
        expires_at: expires === 'never' ? expires : formatTimestamp(expiresAt),
      };
      const changes = { label, claims, expiresAt: expiry };
      if (!(await store.update(id, changes, { ...entry, details }))) {
        throw new TokenEnded('it was revoked, which cannot be undone');
      }
      events.changed(id);
      return store.findById(id);
    },

    async rotate(id, grace, actor) {
      const now = clock();
      const token = await store.findById(id);
      if (token === undefined) return undefined;
      const isRotatable =
        token.kind === 'token' && ['active', 'pending'].includes(tokenState(token, now));
      if (!isRotatable) throw new TokenEnded('only a valid token can be rotated');
      const secret = createSecret(tokenPrefix);
      const rotation = { hash: hashSecret(secret), previousUntil: now + grace };
      const entry = tokenEntry('rotation', actor, now, token);
      const details = { ...entry.details, old_secret_until: formatTimestamp(now + grace) };
      if (!(await store.rotate(id, rotation, { ...entry, details })))
        throw new TokenEnded('it was revoked');
      events.rotated(id);
      return { token: (await store.findById(id)) ?? token, secret };
    },

    async import(requests, allowWeak, actor) {
      const results: ImportResult[] = [];
      for (const { secret, ...request } of requests) {
        const weak = lengthEntropy(secret) < minSecretEntropy;
        const hash = hashSecret(secret);
        if (weak && !allowWeak) {
          results.push('refused_weak');
        } else if ((await store.findByHash(hash)) !== undefined) {
          results.push('known');
        } else {
          const token = { ...newToken({ ...request, kind: 'token' }, limits, clock()), weak };
          await store.insert({ ...token, hash }, newTokenEntry('import', actor, token));
          events.issued(token);
          results.push(weak ? 'imported_weak' : 'imported');
        }
      }
      return results;
    },

    defaultExpiry: () => chooseExpiry({ kind: 'token', expires: undefined }, limits, clock()),

    async revoke(id, actor) {
      const token = await store.findById(id);
      if (token === undefined) return undefined;
      await revoke(token, actor);
      return store.findById(id);
    },

    async revokeSecret(secret, actor, issuer) {
      const token = await store.findByHash(hashSecret(secret));
      if (token === undefined) return;
      if (issuer !== undefined) checkMayRevoke(token, issuer);
      await revoke(token, actor);
    },

    async revokeAll(filter, actor) {
      const now = clock();
      const count = await store.revokeAll(filter, now, revokeAllEntry(actor, now, filter));
      events.revokedAll(filter, count);
      return count;
    },
  };
}
