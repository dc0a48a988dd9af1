import type { SessionConfig } from '../config/config.ts';
import { type AuditEntry, holderOf, systemActor } from '../core/model/audit.ts';
import { formatTimestamp } from '../core/model/audit-entries.ts';
import type { Identity, JwtFacts, SessionJwt } from '../core/model/identity.ts';
import { createId, hashSecret } from '../lib/secret.ts';
import type { NewSession } from '../store/port/tokens.ts';

/** A session to be opened, with the fields that every session has. */
export type SessionRecord = NewSession & { readonly expiresAt: number };

/** What a session is made of. */
export interface SessionRequest {
  /** The identity that signs in. */
  readonly identity: Identity;
  readonly secret: string;
  /** Unix milliseconds. */
  readonly now: number;
  /** Whether signing in uses up a JWT, at a gate that takes each JWT once. */
  readonly jwtSingleUse: boolean;
}

/**
 * Builds a session. It inherits the restrictions of the token it is opened with, and lives no longer than
 * that token. A ticket lives seconds because it travels in the open, so its session may live longer,
 * but no longer than the ticket's issuer may grant.
 */
export function newSession(
  { identity, secret, now, jwtSingleUse }: SessionRequest,
  config: SessionConfig,
): SessionRecord & { readonly renewableUntil: number } {
  const inherited = identity.kind === 'ticket' ? identity.sessionExpiryLimit : identity.expiresAt;
  const maxTtl = config.expiry === 'sliding' ? config.maxTtl : config.ttl;
  const renewableUntil = Math.min(now + maxTtl, inherited ?? Number.MAX_SAFE_INTEGER);
  return {
    id: createId('tok_'),
    kind: 'session',
    hash: hashSecret(secret),
    parent: identity.tokenId,
    ...(identity.jwt && { jwt: toSessionJwt(identity.jwt, jwtSingleUse) }),
    subject: identity.subject,
    label: undefined,
    claims: identity.claims,
    restrictions: identity.restrictions,
    createdAt: now,
    notBefore: undefined,
    expiresAt: Math.min(now + config.ttl, renewableUntil),
    renewableUntil,
    maxUses: undefined,
    weak: false,
  };
}

/** The audit entry of a sign-in. */
export function signInEntry(
  session: SessionRecord,
  identity: Identity,
  client: string | undefined,
): AuditEntry {
  return {
    at: session.createdAt,
    event: 'sign_in',
    actor: holderOf(identity.tokenId, { client }),
    tokenId: session.id,
    kind: session.kind,
    subject: identity.subject,
    details: {
      parent: identity.tokenId,
      parent_kind: identity.kind,
      issuer: identity.jwt?.issuer,
      expires_at: formatTimestamp(session.expiresAt),
    },
  };
}

/** The audit entry of an older session that ends because a new one exceeds the limit. */
export function displacedEntry(tokenId: string, session: SessionRecord): AuditEntry {
  return {
    at: session.createdAt,
    event: 'sign_out',
    actor: systemActor,
    tokenId,
    kind: session.kind,
    subject: session.subject,
    reason: 'too_many_sessions',
    details: { for: session.id },
  };
}

function toSessionJwt({ iss, jti, subject, issuedAt }: JwtFacts, usedUp: boolean): SessionJwt {
  return { iss, jti, subject, issuedAt, usedUp };
}
