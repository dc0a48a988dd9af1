import type { AuditEntry } from '../../core/model/audit.ts';
import type { JwtKey } from '../../core/model/identity.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** A revocation of one JWT of an issuer, or of those that a subject was given up to a moment. */
export interface JwtRevocation {
  /** The `iss` claim, not the configuration's name for it: that may change, and this must hold on. */
  readonly iss: string;
  readonly target:
    | { readonly jti: string }
    | {
        readonly subject: string;
        /** JWTs with a later `iat` stay good; those without any do not. */
        readonly issuedBefore: number;
      };
  readonly revokedAt: number;
  /** When nothing that it concerns is good any more; undefined when nobody knows. */
  readonly expiresAt: number | undefined;
}

/** A part of a list, newest first. */
export interface JwtRevocationPage {
  readonly revocations: readonly JwtRevocation[];
  readonly nextCursor: string | undefined;
}

/**
 * What is kept about JWTs of other issuers: which were revoked, and which were used where once is
 * enough. The rules are those of TokenStore.
 */
export interface JwtStore {
  find(jwt: JwtKey): MaybePromise<{ readonly revoked: boolean; readonly used: boolean }>;
  /** Uses a JWT up, unless it was used or is revoked: one conditional write. */
  redeem(
    jwt: JwtKey & { jti: string },
    expiresAt: number,
    now: number,
    entry: AuditEntry,
  ): Promise<boolean>;
  /**
   * Adds a revocation and returns it as it is in force: where there was one of the same JWT or
   * subject, the one that reaches further counts.
   */
  revoke(revocation: JwtRevocation, entry: AuditEntry): Promise<JwtRevocation>;
  /** Newest first. An unknown cursor yields an empty page. */
  list(page: { limit: number; cursor?: string }): Promise<JwtRevocationPage>;
  /** Deletes at most `limit` rows about JWTs that expired before a moment, and counts them. */
  prune(expiredBefore: number, limit: number): Promise<number>;
}
