import {
  type Claims,
  noRestrictions,
  type Restrictions,
  type SessionJwt,
  type TokenKind,
} from '../../core/model/identity.ts';
import type { Token } from '../../core/model/token.ts';

/** A row of the table `token`, with the columns that a Token is made of. */
export interface TokenRow {
  readonly seq: number;
  readonly id: string;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly label: string | null;
  readonly claims: string;
  readonly bounds: string | null;
  readonly weak: number;
  readonly jwt: string | null;
  readonly renewable_until: number | null;
  readonly created_at: number;
  readonly not_before: number | null;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly max_uses: number | null;
  readonly uses: number;
  readonly last_used_at: number | null;
  /** Not null in a row that was found by the secret before a rotation. */
  readonly previous_until?: number | null;
}

/** The columns of a TokenRow. */
export const columns = `token.seq, id, kind, subject, label, claims, bounds, weak, jwt,
  renewable_until, created_at, not_before, expires_at, revoked_at, max_uses, uses, last_used_at`;

/** Restrictions as they are stored; NULL for a token without any. */
export function encodeRestrictions({
  gates,
  paths,
  origins,
  networks,
}: Restrictions): string | null {
  const isBound = gates.length + paths.length + origins.length + networks.length > 0;
  return isBound ? JSON.stringify({ gates, paths, origins, networks }) : null;
}

/** Converts a row to a token. */
export function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    label: row.label ?? undefined,
    claims: JSON.parse(row.claims) as Claims,
    restrictions:
      row.bounds === null
        ? noRestrictions
        : { ...noRestrictions, ...(JSON.parse(row.bounds) as Partial<Restrictions>) },
    createdAt: row.created_at,
    notBefore: row.not_before ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    maxUses: row.max_uses ?? undefined,
    uses: row.uses,
    weak: row.weak === 1,
    ...(row.jwt !== null && { jwt: toSessionJwt(row.jwt) }),
    ...(row.renewable_until !== null && { renewableUntil: row.renewable_until }),
    ...(typeof row.previous_until === 'number' && { secretUntil: row.previous_until }),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
  };
}

/** Restores fields that JSON leaves out, and that older versions did not write. */
function toSessionJwt(text: string): SessionJwt {
  const { iss, subject, jti, issuedAt, usedUp } = JSON.parse(text) as SessionJwt;
  return { iss, subject, jti, issuedAt, usedUp: usedUp === true };
}
