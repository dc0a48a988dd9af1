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
import type { JwtStore, TokenStore } from '../store/port.ts';

const always = () => true;

const denialByState = {
  pending: 'not_yet_valid',
  revoked: 'revoked',
  expired: 'expired',
  used: 'already_used',
} as const satisfies Record<string, DenialCode>;

/** Verifies tokens and tickets of the store. Throws StoreUnavailable, or rejects with it. */
export type VerifyOpaque = (
  credential: Credential,
  now: number,
  /** Asked before a secret passes that was imported although it could be guessed. */
  mayDoExpensiveWork?: () => boolean,
) => MaybePromise<Identity | Deny>;

/** Most secrets whose hashes are remembered: of tokens that the store knows and that come again. */
const remembered = 10_000;

/**
 * Builds the verifier. What starts like a secret of ours is checked for its form first, so that a
 * mistyped one is told as such and costs no look-up; anything else may be an imported secret.
 */
export function createOpaqueVerifier(store: {
  readonly tokens: TokenStore;
  readonly jwts: JwtStore;
}): VerifyOpaque {
  const { tokens, jwts } = store;
  const hashes = new LRUCache<string, Uint8Array>({ max: remembered });
  const seen = new AdmissionFilter();

  function judge(token: Token, now: number): MaybePromise<Identity | Deny> {
    const identity = identityOf(token);
    const state = tokenState(token, now);
    const judged = state === 'active' ? identity : { ...deny(denialByState[state]), identity };
    if (token.jwt === undefined) return judged;
    // Asked at each use, so that a session that is opened while its JWT is revoked ends as well.
    return mapMaybePromise(jwts.find(token.jwt), ({ revoked }) =>
      revoked ? { ...deny('revoked'), identity } : judged,
    );
  }

  return ({ value }, now, mayDoExpensiveWork = always) => {
    const known = hashes.get(value);
    if (known === undefined && isMalformed(value)) return deny('malformed_credential');
    const hash = known ?? hashSecret(value);
    return mapMaybePromise(tokens.findByHash(hash), (token) => {
      if (token === undefined) return deny('unknown_token');
      if (token.weak && !mayDoExpensiveWork()) return deny('throttled');
      if (known === undefined && seen.seenBefore(hash)) hashes.set(value, hash);
      return judge(token, now);
    });
  };
}

function isMalformed(value: string): boolean {
  return value.startsWith(tokenPrefix) && !isWellFormedSecret(value, tokenPrefix);
}

/**
 * Redeems one use. The conditional write decides; when it refuses, the token is read again only to
 * say why. Rejects with StoreUnavailable.
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
