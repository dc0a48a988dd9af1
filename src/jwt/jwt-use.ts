import type { AuditEntry } from '../core/model/audit.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, deny } from '../core/model/verdict.ts';
import type { JwtStore } from '../store/port/jwts.ts';

/**
 * Redeems a JWT at a gate with single-use JWTs, by a conditional write; when it refuses, the store is read
 * again only for the reason. Rejects with StoreUnavailable.
 */
export async function redeemJwt(
  store: JwtStore,
  { jwt, subject, expiresAt }: Identity,
  now: number,
  entry: AuditEntry,
): Promise<Deny | undefined> {
  if (jwt?.jti === undefined || expiresAt === undefined) return deny('malformed_credential', 'jti');
  const key = { ...jwt, jti: jwt.jti, subject };
  if (await store.redeem(key, expiresAt, now, entry)) return undefined;
  const { revoked } = await store.find(key);
  return deny(revoked ? 'revoked' : 'already_used');
}
