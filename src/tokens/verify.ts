import { LRUCache } from 'lru-cache';
import type { AuditEntry } from '../core/model/audit.ts';
import type { Credential } from '../core/model/credential.ts';
import type { DenialCode } from '../core/model/denials.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Token, tokenState } from '../core/model/token.ts';
import { type Deny, deny } from '../core/model/verdict.ts';
import { AdmissionFilter } from '../lib/admission-filter.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import { hashSecret, isWellFormedSecret, tokenPrefix } from '../lib/secret.ts';
import type { JwtStore } from '../store/port/jwts.ts';
import type { TokenStore } from '../store/port/tokens.ts';

const alwaysAllowed = () => true;

const denialByState = {
  pending: 'not_yet_valid',
  revoked: 'revoked',
  expired: 'expired',
  used: 'already_used',
} as const satisfies Record<string, DenialCode>;

/** Verifies tokens, tickets and sessions of the store. Throws StoreUnavailable, or rejects with it. */
export type VerifyOpaque = (
  credential: Credential,
  now: number,
  /** Asked before a weak secret passes. */
  mayDoExpensiveWork?: () => boolean,
) => MaybePromise<Identity | Deny>;

/** Secrets whose hashes are cached: of tokens that the store knows and that come again. */
const maxCachedHashes = 10_000;

/**
 * Builds the verifier. A secret with Postern's prefix is checked for its form first, so that a mistyped one
 * needs no look-up; any other text may be an imported secret.
 */
export function createOpaqueVerifier(store: {
  readonly tokens: TokenStore;
  readonly jwts: JwtStore;
}): VerifyOpaque {
  const { tokens, jwts } = store;
  const hashes = new LRUCache<string, Uint8Array>({ max: maxCachedHashes });
  const seen = new AdmissionFilter();

  function evaluate(token: Token, now: number): MaybePromise<Identity | Deny> {
    const identity = identityOf(token);
    const state = tokenState(token, now);
    const verdict = state === 'active' ? identity : { ...deny(denialByState[state]), identity };
    if (token.jwt === undefined) return verdict;
    // Checked at each use, so that a session that is opened while its JWT is revoked ends too.
    return mapMaybePromise(jwts.find(token.jwt), ({ revoked }) =>
      revoked ? { ...deny('revoked'), identity } : verdict,
    );
  }

  return ({ value }, now, mayDoExpensiveWork = alwaysAllowed) => {
    const known = hashes.get(value);
    if (known === undefined && isMalformed(value)) return deny('malformed_credential');
    const hash = known ?? hashSecret(value);
    return mapMaybePromise(tokens.findByHash(hash), (token) => {
      if (token === undefined) return deny('unknown_token');
      if (token.weak && !mayDoExpensiveWork()) return deny('throttled');
      if (known === undefined && seen.seenBefore(hash)) hashes.set(value, hash);
      return evaluate(token, now);
    });
  };
}

function isMalformed(value: string): boolean {
  return value.startsWith(tokenPrefix) && !isWellFormedSecret(value, tokenPrefix);
}

/**
 * Redeems one use by a conditional write; when it refuses, the token is read again only for the reason.
 * Rejects with StoreUnavailable.
 */
export async function redeemOpaque(
  store: TokenStore,
  identity: Identity,
  now: number,
  entry: AuditEntry,
): Promise<Deny | undefined> {
  if (await store.redeem(identity.tokenId, now, entry)) return undefined;
  const token = await store.findById(identity.tokenId);
  if (token === undefined) return deny('unknown_token');
  const state = tokenState(token, now);
  return deny(state === 'active' ? 'already_used' : denialByState[state]);
}

function identityOf(token: Token): Identity {
  return {
    tokenId: token.id,
    kind: token.kind,
    subject: token.subject,
    claims: token.claims,
    restrictions: token.restrictions,
    expiresAt: token.expiresAt,
    maxUses: token.maxUses,
    ...(token.jwt !== undefined && { jwtUsedUp: token.jwt.usedUp }),
    ...(token.kind === 'ticket' &&
      token.renewableUntil !== undefined && { sessionExpiryLimit: token.renewableUntil }),
  };
}
