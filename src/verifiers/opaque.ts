import type { Credential } from '../core/credential.ts';
import type { Identity } from '../core/identity.ts';
import { hashSecret, isWellFormedSecret, tokenPrefix } from '../core/secret.ts';
import { type Token, tokenState } from '../core/token.ts';
import { type DenialCode, type Deny, deny } from '../core/verdict.ts';
import type { JwtStore, TokenStore } from '../stores/store.ts';

const always = () => true;

const denialByState = {
  pending: 'not_yet_valid',
  revoked: 'revoked',
  expired: 'expired',
  used: 'already_used',
} as const satisfies Record<string, DenialCode>;

/**
 * Verifies tokens and tickets of the store. What starts like a secret of ours is checked for its
 * form first, so that a mistyped one is told as such and costs no look-up; anything else may be an
 * imported secret. Rejects with StoreUnavailable.
 */
export async function verifyOpaque(
  { tokens, jwts }: { readonly tokens: TokenStore; readonly jwts: JwtStore },
  credential: Credential,
  now: number,
  /** Asked before a secret passes that was imported although it could be guessed. */
  mayWork: () => boolean = always,
): Promise<Identity | Deny> {
  const { value } = credential;
  if (value.startsWith(tokenPrefix) && !isWellFormedSecret(value, tokenPrefix)) {
    return deny('malformed_credential');
  }
  const token = await tokens.findByHash(hashSecret(value));
  if (token === undefined) return deny('unknown_token');
  if (token.weak && !mayWork()) return deny('throttled');
  const state = tokenState(token, now);
  const identity = identityOf(token);
  // Asked at each use, so that a session that is opened while its JWT is revoked ends as well.
  if (token.jwt !== undefined && (await jwts.find(token.jwt)).revoked) {
    return { ...deny('revoked'), identity };
  }
  return state === 'active' ? identity : { ...deny(denialByState[state]), identity };
}

/**
 * Redeems one use. The conditional write decides; when it refuses, the token is read again only to
 * say why. Rejects with StoreUnavailable.
 */
export async function redeemOpaque(
  store: TokenStore,
  identity: Identity,
  now: number,
): Promise<Deny | undefined> {
  if (await store.redeem(identity.tokenId, now)) return undefined;
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
    bounds: token.bounds,
    expiresAt: token.expiresAt,
    maxUses: token.maxUses,
  };
}
