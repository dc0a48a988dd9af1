import type { Config, LifetimeConfig } from '../config/config.ts';
import type { IssuerLimits } from '../core/model/admin-key.ts';
import { InvalidField, RevocationRefused } from '../core/model/errors.ts';
import type { Claims, Restrictions, TokenKind } from '../core/model/identity.ts';
import type { Token } from '../core/model/token.ts';
import { formatDuration } from '../lib/duration.ts';
import { createId } from '../lib/secret.ts';

/** A request to issue a token. */
export interface IssueRequest {
  readonly kind: TokenKind;
  readonly subject: string;
  readonly bounds: Restrictions;
  readonly label: string | undefined;
  readonly claims: Claims;
  /** Undefined for the default of its kind. */
  readonly expires: Expires | undefined;
  /** Start of its validity in Unix milliseconds; undefined for now. */
  readonly notBefore: number | undefined;
  /** Undefined for unlimited uses; tickets always have one. */
  readonly maxUses: number | undefined;
}

/** An expiry: after some milliseconds, at a moment in Unix milliseconds, or never. */
export type Expires = { readonly in: number } | { readonly at: number } | 'never';

/** Lifetimes by kind. */
export type LifetimeLimits = Pick<Config, 'tokens' | 'tickets'>;

/** Creates a token that is to be issued, within the limits of the issuer if there are any. Throws InvalidField. */
export function newToken(
  request: IssueRequest,
  limits: LifetimeLimits,
  now: number,
  issuer?: IssuerLimits,
): Token {
  const token = createToken(
    issuer ? shortenDefaultLife(request, issuer, limits) : request,
    limits,
    now,
  );
  if (issuer === undefined) return token;
  checkIssuerLimits(token, issuer);
  // The session that a ticket opens may outlive the ticket, but not the issuer's limit. Sessions of other
  // tokens end with their token.
  const isBound = token.kind === 'ticket' && issuer.maxTtl !== undefined;
  return isBound ? { ...token, renewableUntil: now + (issuer.maxTtl ?? 0) } : token;
}

function createToken(request: IssueRequest, limits: LifetimeLimits, now: number): Token {
  const { kind, subject, label, claims, bounds, notBefore, maxUses } = request;
  const expiresAt = chooseExpiry(request, limits, now);
  if (notBefore !== undefined && expiresAt !== undefined && notBefore >= expiresAt) {
    throw new InvalidField('not_before', 'is after the expiry');
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

/** Uses the issuer's limit where the default lifetime is longer. */
function shortenDefaultLife(
  request: IssueRequest,
  { maxTtl }: IssuerLimits,
  limits: LifetimeLimits,
): IssueRequest {
  const { defaultTtl } = lifetimesOf(request.kind, limits);
  const isShortened = request.expires === undefined && maxTtl !== undefined && maxTtl < defaultTtl;
  return isShortened ? { ...request, expires: { in: maxTtl } } : request;
}

/** Throws InvalidField when this token is outside of an issuer's limits. */
export function checkIssuerLimits(
  { restrictions, createdAt, expiresAt }: Token,
  { gates, maxTtl }: IssuerLimits,
): void {
  const isForeign =
    restrictions.gates.length === 0 || restrictions.gates.some((gate) => !gates.includes(gate));
  if (gates.length > 0 && isForeign) {
    throw new InvalidField('gates', `this key may issue for ${gates.join(', ')} only`);
  }
  if (maxTtl !== undefined && (expiresAt === undefined || expiresAt - createdAt > maxTtl)) {
    throw new InvalidField('expires_in', `this key may grant at most ${formatDuration(maxTtl)}`);
  }
}

/** Throws RevocationRefused when an issuer could not have issued this token, or the credential behind this session. */
export function checkMayRevoke(token: Token, issuer: IssuerLimits): void {
  if (token.jwt !== undefined) {
    throw new RevocationRefused(
      'This key may not revoke a session that a JWT of another issuer opened.',
    );
  }
  try {
    checkIssuerLimits(token, issuer);
  } catch (error) {
    if (!(error instanceof InvalidField)) throw error;
    throw new RevocationRefused(`This key could not have issued that token: ${error.message}.`);
  }
}

function lifetimesOf(kind: TokenKind, limits: LifetimeLimits): LifetimeConfig {
  return kind === 'ticket' ? limits.tickets : limits.tokens;
}

/** The expiry of a token that is issued now; undefined for never. Throws InvalidField. */
export function chooseExpiry(
  { kind, expires }: Pick<IssueRequest, 'kind' | 'expires'>,
  limits: LifetimeLimits,
  now: number,
): number | undefined {
  const { defaultTtl, maxTtl } = lifetimesOf(kind, limits);
  if (expires === 'never') {
    if (maxTtl === undefined) return undefined;
    throw new InvalidField('expires_in', `a ${kind} must expire: ${maxLifeMessage(kind, maxTtl)}`);
  }
  const asked = expires ?? { in: defaultTtl };
  const field = 'at' in asked ? 'expires_at' : 'expires_in';
  const expiresAt = 'at' in asked ? asked.at : now + asked.in;
  if (expiresAt <= now) throw new InvalidField(field, 'the expiry must be in the future');
  if (maxTtl !== undefined && expiresAt - now > maxTtl) {
    throw new InvalidField(field, maxLifeMessage(kind, maxTtl));
  }
  return expiresAt;
}

function maxLifeMessage(kind: TokenKind, maxTtl: number): string {
  return `a ${kind} may live at most ${formatDuration(maxTtl)} (${kind}s.max_ttl)`;
}
