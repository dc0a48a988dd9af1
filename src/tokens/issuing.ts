import type { Config, LifetimeConfig } from '../config/config.ts';
import type { AdminKey } from '../core/model/admin-key.ts';
import { IssueRefused, RevocationRefused } from '../core/model/errors.ts';
import type { Claims, Restrictions, TokenKind } from '../core/model/identity.ts';
import type { Token } from '../core/model/token.ts';
import { formatDuration } from '../lib/duration.ts';
import { createId } from '../lib/secret.ts';

/** What to issue. */
export interface IssueRequest {
  readonly kind: TokenKind;
  readonly subject: string;
  readonly bounds: Restrictions;
  readonly label: string | undefined;
  readonly claims: Claims;
  /** Undefined for the default of its kind. */
  readonly expires: Expires | undefined;
  /** When it starts to be good, in Unix milliseconds; undefined for at once. */
  readonly notBefore: number | undefined;
  /** Undefined for as many as one likes; tickets always have one. */
  readonly maxUses: number | undefined;
}

/** When something expires: after so many milliseconds, at a moment in Unix milliseconds, or never. */
export type Expires = { readonly in: number } | { readonly at: number } | 'never';

/** What a key may issue. */
export type IssuerBounds = Pick<AdminKey, 'gates' | 'maxTtl'>;

/** How long things may live. */
export type Limits = Pick<Config, 'tokens' | 'tickets'>;

/** A token as it is when it begins, for an issuer with its bounds if one asks. Throws IssueRefused. */
export function newToken(
  request: IssueRequest,
  limits: Limits,
  now: number,
  issuer?: IssuerBounds,
): Token {
  const token = begin(issuer ? withinIssuer(request, issuer, limits) : request, limits, now);
  if (issuer === undefined) return token;
  checkIssuer(token, issuer);
  // A ticket's own life says nothing of what it buys; that of other tokens is the bound of theirs.
  const isBound = token.kind === 'ticket' && issuer.maxTtl !== undefined;
  return isBound ? { ...token, renewableUntil: now + (issuer.maxTtl ?? 0) } : token;
}

function begin(request: IssueRequest, limits: Limits, now: number): Token {
  const { kind, subject, label, claims, bounds, notBefore, maxUses } = request;
  const expiresAt = chooseExpiry(request, limits, now);
  if (notBefore !== undefined && expiresAt !== undefined && notBefore >= expiresAt) {
    throw new IssueRefused('not_before', 'lies after the expiry');
  }
  return {
    id: createId('tok_'),
    kind,
    subject,
    label,
    claims,
    restrictions: { ...bounds, gates: [...new Set(bounds.gates)].sort() },
    createdAt: now,
    notBefore,
    expiresAt,
    revokedAt: undefined,
    maxUses: kind === 'ticket' ? 1 : maxUses,
    uses: 0,
    weak: false,
  };
}

/** Where the default life is longer than an issuer may give, it gives what it may. */
function withinIssuer(
  request: IssueRequest,
  { maxTtl }: IssuerBounds,
  limits: Limits,
): IssueRequest {
  const { defaultTtl } = limitsOf(request.kind, limits);
  const isShortened = request.expires === undefined && maxTtl !== undefined && maxTtl < defaultTtl;
  return isShortened ? { ...request, expires: { in: maxTtl } } : request;
}

/** Throws IssueRefused when an issuer may not issue this token, or could not have issued it. */
export function checkIssuer(
  { restrictions, createdAt, expiresAt }: Token,
  { gates, maxTtl }: IssuerBounds,
): void {
  const isForeign =
    restrictions.gates.length === 0 || restrictions.gates.some((gate) => !gates.includes(gate));
  if (gates.length > 0 && isForeign) {
    throw new IssueRefused('gates', `this key may issue for ${gates.join(', ')} only`);
  }
  if (maxTtl !== undefined && (expiresAt === undefined || expiresAt - createdAt > maxTtl)) {
    throw new IssueRefused('expires_in', `this key may give ${formatDuration(maxTtl)} at most`);
  }
}

/** Throws RevocationRefused when an issuer could not have issued this token, nor what opened this session. */
export function checkRevoker(token: Token, issuer: IssuerBounds): void {
  if (token.jwt !== undefined) {
    throw new RevocationRefused('This key revokes no session that a JWT of another issuer opened.');
  }
  try {
    checkIssuer(token, issuer);
  } catch (error) {
    if (!(error instanceof IssueRefused)) throw error;
    throw new RevocationRefused(`This key could not have issued that token: ${error.message}.`);
  }
}

function limitsOf(kind: TokenKind, limits: Limits): LifetimeConfig {
  return kind === 'ticket' ? limits.tickets : limits.tokens;
}

/** When a token made now expires; undefined for never. Throws IssueRefused. */
export function chooseExpiry(
  { kind, expires }: Pick<IssueRequest, 'kind' | 'expires'>,
  limits: Limits,
  now: number,
): number | undefined {
  const { defaultTtl, maxTtl } = limitsOf(kind, limits);
  if (expires === 'never') {
    if (maxTtl === undefined) return undefined;
    throw new IssueRefused('expires_in', `a ${kind} has to expire: ${tooLong(kind, maxTtl)}`);
  }
  const asked = expires ?? { in: defaultTtl };
  const field = 'at' in asked ? 'expires_at' : 'expires_in';
  const expiresAt = 'at' in asked ? asked.at : now + asked.in;
  if (expiresAt <= now) throw new IssueRefused(field, 'the expiry has to lie in the future');
  if (maxTtl !== undefined && expiresAt - now > maxTtl) {
    throw new IssueRefused(field, tooLong(kind, maxTtl));
  }
  return expiresAt;
}

function tooLong(kind: TokenKind, maxTtl: number): string {
  return `a ${kind} may live ${formatDuration(maxTtl)} at most (${kind}s.max_ttl)`;
}
