import type { AuditEntry } from '../../core/model/audit.ts';
import type { JwtReference } from '../../core/model/identity.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** A revocation of one JWT, or of all JWTs that a subject was issued up to a moment. */
export interface JwtRevocation {
  /** The `iss` claim, not the configuration's name for the issuer: that name may change. */
  readonly iss: string;
  readonly target:
    | { readonly jti: string }
    | {
        readonly subject: string;
        /** JWTs with a later `iat` stay valid; those without `iat` do not. */
        readonly issuedBefore: number;
      };
  readonly revokedAt: number;
  /** When every JWT that it applies to has expired; undefined when that is unknown. */
  readonly expiresAt: number | undefined;
}

/** A page of revocations, newest first. */
export interface JwtRevocationPage {
  readonly revocations: readonly JwtRevocation[];
  readonly nextCursor: string | undefined;
}

/** Revocations and single uses of other issuers' JWTs. The rules of TokenStore hold. */
export interface JwtStore {
  find(jwt: JwtReference): MaybePromise<{ readonly revoked: boolean; readonly used: boolean }>;
  /** Uses a JWT up unless it was used or revoked: one conditional write. */
  redeem(
    jwt: JwtReference & { jti: string },
    expiresAt: number,
    now: number,
    entry: AuditEntry,
  ): Promise<boolean>;
  /**
   * Adds a revocation and returns it as it is in force: a revocation of the same JWT or subject that
   * reaches further stays.
   */
  revoke(revocation: JwtRevocation, entry: AuditEntry): Promise<JwtRevocation>;
  /** Newest first. An unknown cursor yields an empty page. */
  list(page: { limit: number; cursor?: string }): Promise<JwtRevocationPage>;
  /** Deletes at most `limit` rows about JWTs that expired before a moment, and counts them. */
  prune(expiredBefore: number, limit: number): Promise<number>;
}
