import type { Actor, AuditEntry } from '../core/model/audit.ts';
import { formatTimestamp } from '../core/model/audit-entries.ts';
import {
  IssuerUnavailable,
  JwtRevocationRefused,
  RevocationRefused,
} from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import type { Issuer } from '../core/model/issuer.ts';
import { isDenial } from '../core/model/verdict.ts';
import type { JwtRevocation, JwtRevocationPage, JwtStore } from '../store/port.ts';
import type { IssuerBounds } from '../tokens/issuing.ts';
import type { VerifyJwt } from './verify.ts';

/** What to revoke of an issuer. */
export interface JwtRevocationRequest {
  /** What the configuration calls it. */
  readonly issuer: string;
  /**
   * One JWT, or all that a subject was given up to a moment. Undefined is now, by a clock that runs
   * ahead as far as the issuer's may: every JWT that passes by then was issued before that.
   */
  readonly concerns:
    | { readonly jti: string }
    | { readonly subject: string; readonly issuedBefore: number | undefined };
  /** Unix milliseconds at which nothing that it concerns is good any more; undefined if unknown. */
  readonly expiresAt: number | undefined;
}

/**
 * Revokes JWTs of other issuers. Every method may reject with StoreUnavailable. A revocation is written
 * to the audit log, as done by the actor.
 */
export interface JwtRevocations {
  /** Resolves when no decision that begins from then on lets it pass. Rejects with JwtRevocationRefused. */
  revoke(request: JwtRevocationRequest, actor: Actor): Promise<JwtRevocation>;
  /**
   * Revokes the JWT itself. False when it is no JWT, or there are no issuers. One that is nobody's
   * or not good any more is left as it is. Rejects with JwtRevocationRefused for one without a jti,
   * with IssuerUnavailable, and with RevocationRefused for an issuer, which issues no JWTs.
   */
  revokePresented(jwt: string, actor: Actor, issuer?: IssuerBounds): Promise<boolean>;
  list(page: { limit: number; cursor?: string }): Promise<JwtRevocationPage>;
  /** What the configuration calls the issuer of these JWTs; undefined when it is there no more. */
  nameOf(iss: string): string | undefined;
}

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createJwtRevocations(dependencies: {
  readonly issuers: readonly Issuer[];
  readonly store: JwtStore;
  readonly verifyJwt: VerifyJwt;
  readonly events: Events;
  readonly clock: () => number;
}): JwtRevocations {
  const { issuers, store, verifyJwt, events, clock } = dependencies;

  async function revoke(request: JwtRevocationRequest, actor: Actor): Promise<JwtRevocation> {
    const { concerns, expiresAt } = request;
    const issuer = issuers.find(({ name }) => name === request.issuer);
    if (issuer === undefined) {
      const names = issuers.map(({ name }) => name).join(', ') || 'none';
      throw new JwtRevocationRefused('issuer', `is not in jwt.issuers, where there is: ${names}`);
    }
    const now = clock();
    const revocation: JwtRevocation = {
      iss: issuer.iss,
      concerns:
        'jti' in concerns
          ? concerns
          : {
              subject: concerns.subject,
              issuedBefore: concerns.issuedBefore ?? now + issuer.leeway,
            },
      revokedAt: now,
      expiresAt,
    };
    const revoked = await store.revoke(revocation, revocationEntry(revocation, issuer.name, actor));
    const whose = 'jti' in concerns ? { jti: concerns.jti } : { subject: concerns.subject };
    events.jwtRevoked({ issuer: issuer.name, ...whose });
    return revoked;
  }

  return {
    revoke,

    async revokePresented(jwt, actor, bounds) {
      const found = await verifyJwt({ source: 'bearer', value: jwt }, clock());
      if (found === undefined) return false;
      if (isDenial(found) && found.reason === 'issuer_unavailable') throw new IssuerUnavailable();
      const identity = isDenial(found) ? found.identity : found;
      const isOver = isDenial(found) && ['expired', 'revoked'].includes(found.reason);
      if (identity?.jwt === undefined || isOver) return true;
      if (bounds !== undefined) {
        throw new RevocationRefused('A JWT of another issuer needs a key of the role admin.');
      }
      const { issuer, jti } = identity.jwt;
      if (jti === undefined) {
        throw new JwtRevocationRefused('token', 'has no jti to revoke it by; revoke its subject');
      }
      await revoke({ issuer, concerns: { jti }, expiresAt: identity.expiresAt }, actor);
      return true;
    },

    list: (page) => store.list(page),
    nameOf: (iss) => issuers.find((issuer) => issuer.iss === iss)?.name,
  };
}

function revocationEntry(
  { concerns, revokedAt, expiresAt }: JwtRevocation,
  issuer: string,
  actor: Actor,
): AuditEntry {
  const isOne = 'jti' in concerns;
  return {
    at: revokedAt,
    event: 'revocation',
    actor,
    tokenId: isOne ? concerns.jti : undefined,
    kind: 'jwt',
    subject: isOne ? undefined : concerns.subject,
    details: {
      issuer,
      issued_before: isOne ? undefined : formatTimestamp(concerns.issuedBefore),
      expires_at: formatTimestamp(expiresAt),
    },
  };
}
