import type { IssuerLimits } from '../core/model/admin-key.ts';
import type { Actor, AuditEntry } from '../core/model/audit.ts';
import { jwtRevocationEntry } from '../core/model/audit-entries.ts';
import { InvalidField, IssuerUnavailable, RevocationRefused } from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import type { Issuer } from '../core/model/issuer.ts';
import { isDenial } from '../core/model/verdict.ts';
import type { JwtRevocation, JwtRevocationPage, JwtStore } from '../store/port/jwts.ts';
import type { VerifyJwt } from './verify.ts';

/** A request to revoke JWTs of an issuer. */
export interface JwtRevocationRequest {
  /** Its name in the configuration. */
  readonly issuer: string;
  /**
   * One JWT, or all that a subject was issued before a moment. The default is now plus the issuer's leeway,
   * so that its clock may run ahead: every JWT that is accepted now was issued before that.
   */
  readonly target:
    | { readonly jti: string }
    | { readonly subject: string; readonly issuedBefore: number | undefined };
  /** When all of these JWTs have expired, in Unix milliseconds; undefined if unknown. */
  readonly expiresAt: number | undefined;
}

/**
 * Revokes JWTs of other issuers. Every method may reject with StoreUnavailable. Every revocation has an audit
 * entry that names the actor.
 */
export interface JwtRevocations {
  /** Once resolved, no later decision accepts these JWTs. Rejects with InvalidField. */
  revoke(request: JwtRevocationRequest, actor: Actor): Promise<JwtRevocation>;
  /**
   * Revokes a presented JWT. False for what is no JWT, and where no issuer is configured. An invalid or
   * expired JWT changes nothing. Rejects with InvalidField for a JWT without a jti, with
   * IssuerUnavailable, and with RevocationRefused for a key of the role issuer.
   */
  revokePresented(jwt: string, actor: Actor, issuer?: IssuerLimits): Promise<boolean>;
  list(page: { limit: number; cursor?: string }): Promise<JwtRevocationPage>;
  /** The issuer's name in the configuration; undefined when it is no longer there. */
  nameOf(iss: string): string | undefined;
}

/** Builds the service. `clock` returns Unix time in milliseconds. */
export function createJwtRevocations(dependencies: {
  readonly issuers: readonly Issuer[];
  readonly store: JwtStore;
  readonly verifyJwt: VerifyJwt;
  readonly events: Events;
  readonly clock: () => number;
}): JwtRevocations {
  const { issuers, store, verifyJwt, events, clock } = dependencies;

  async function revoke(request: JwtRevocationRequest, actor: Actor): Promise<JwtRevocation> {
    const { target, expiresAt } = request;
    const issuer = issuers.find(({ name }) => name === request.issuer);
    if (issuer === undefined) {
      const names = issuers.map(({ name }) => name).join(', ') || 'none';
      throw new InvalidField('issuer', `is not in jwt.issuers, which has: ${names}`);
    }
    const now = clock();
    const revocation: JwtRevocation = {
      iss: issuer.iss,
      target:
        'jti' in target
          ? target
          : {
              subject: target.subject,
              issuedBefore: target.issuedBefore ?? now + issuer.leeway,
            },
      revokedAt: now,
      expiresAt,
    };
    const revoked = await store.revoke(revocation, toEntry(revocation, issuer.name, actor));
    const whose = 'jti' in target ? { jti: target.jti } : { subject: target.subject };
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
        throw new InvalidField('token', 'has no jti to revoke it by; revoke its subject');
      }
      await revoke({ issuer, target: { jti }, expiresAt: identity.expiresAt }, actor);
      return true;
    },

    list: (page) => store.list(page),
    nameOf: (iss) => issuers.find((issuer) => issuer.iss === iss)?.name,
  };
}

function toEntry(
  { target, revokedAt, expiresAt }: JwtRevocation,
  issuer: string,
  actor: Actor,
): AuditEntry {
  const isOne = 'jti' in target;
  return jwtRevocationEntry(actor, {
    issuer,
    jti: isOne ? target.jti : undefined,
    subject: isOne ? undefined : target.subject,
    issuedBefore: isOne ? undefined : target.issuedBefore,
    revokedAt,
    expiresAt,
  });
}
