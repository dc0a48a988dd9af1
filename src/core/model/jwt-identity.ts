import { createHash } from 'node:crypto';
import { isSubject, longestSubject } from '../../lib/text-line.ts';
import { type Claims, type Identity, type JwtFacts, noRestrictions } from './identity.ts';
import type { Issuer } from './issuer.ts';
import type { JsonObject } from './jws.ts';
import { type Deny, deny } from './verdict.ts';

/** Bytes of JSON that claims may take: what fits into the headers of an answer, as for tokens. */
const claimsLimit = 4_096;

/** The last moment that JavaScript has a date for, in Unix milliseconds. */
const endOfTime = 8_640_000_000_000_000;

/** Claims that say something about the JWT rather than about its subject (RFC 7519, section 4.1). */
const registered = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

/** Claims with an identity header of their own: the last to go where there are too many. */
const shown = ['email', 'name', 'groups'];

const publicId = /^[\x21-\x7e]{1,128}$/;
const longestJti = 1_024;

/** Who a JWT stands for. */
export interface JwtIdentity extends Identity {
  readonly expiresAt: number;
  readonly jwt: JwtFacts;
}

/**
 * Who a JWT stands for, given its verified claims. Times are not judged here, nor whether it was
 * revoked. A denial when a claim that is needed is missing or is not what it has to be.
 */
export function jwtIdentity(claims: JsonObject, issuer: Issuer, jwt: string): JwtIdentity | Deny {
  const subject = toSubject(readClaim(claims, issuer.subjectClaim));
  if (subject === undefined) return deny('malformed_credential', 'subject');
  const { jti, iat, exp } = claims;
  if (jti !== undefined && !isJti(jti)) return deny('malformed_credential', 'jti');
  const expiresAt = toMoment(exp);
  if (expiresAt === undefined) return deny('malformed_credential', 'exp');
  if (iat !== undefined && typeof iat !== 'number') return deny('malformed_credential', 'iat');
  return {
    kind: 'jwt',
    tokenId: jti !== undefined && publicId.test(jti) ? jti : fingerprint(jwt),
    subject,
    claims: selectClaims(claims, issuer.groupsClaim),
    bounds: { ...noRestrictions, gates: readGates(claims, issuer.gatesClaim) },
    expiresAt,
    maxUses: undefined,
    jwt: {
      issuer: issuer.name,
      iss: issuer.iss,
      jti,
      subject,
      issuedAt: iat === undefined ? undefined : Math.floor(iat * 1_000),
      used: false,
    },
  };
}

/**
 * A denial when a JWT is not good at this moment. To the millisecond: jose rounds the present down to
 * a second. An `iat` that lies ahead by more than the leeway is refused too, since a revocation of all
 * that was issued up to now would miss it.
 */
export function checkMoment(
  { expiresAt, jwt }: JwtIdentity,
  { leeway }: Issuer,
  now: number,
): Deny | undefined {
  if (now >= expiresAt + leeway) return deny('expired');
  if (jwt.issuedAt !== undefined && jwt.issuedAt > now + leeway)
    return deny('not_yet_valid', 'iat');
  return undefined;
}

/** A claim of this name, else one at this path (`realm_access.roles`). Own properties only. */
function readClaim(claims: JsonObject, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

function toSubject(value: unknown): string | undefined {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text.length > longestSubject) return undefined;
  return isSubject(text) ? text : undefined;
}

function isJti(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  return value !== '' && value.length <= longestJti;
}

/** A NumericDate (RFC 7519, section 2) in whole milliseconds; undefined for one that never comes. */
function toMoment(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined;
  const moment = Math.floor(value * 1_000);
  return Math.abs(moment) <= endOfTime ? moment : undefined;
}

/** A public id for a JWT that has none it could be called by. */
function fingerprint(jwt: string): string {
  return `jwt_${createHash('sha256').update(jwt).digest('base64url').slice(0, 17)}`;
}

/**
 * The gates in a claim: a list of names, or one text with spaces between (as in `scope`). Where the
 * claim is missing or malformed that is a gate without a name, which there is none of: an empty list
 * would mean every gate.
 */
function readGates(claims: JsonObject, gatesClaim: string | undefined): readonly string[] {
  if (gatesClaim === undefined) return [];
  const value = readClaim(claims, gatesClaim);
  const names = typeof value === 'string' ? value.split(' ').filter(Boolean) : value;
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return isList && names.length > 0 ? names : [''];
}

/**
 * What backends learn: text, numbers, truth values and lists of those. What does not fit any more is
 * left out whole: half a list of groups would be a wrong one.
 */
function selectClaims(claims: JsonObject, groupsClaim: string): Claims {
  const found = readClaim(claims, groupsClaim);
  // As a list of one, so that a comma in it makes no second group.
  const groups = typeof found === 'string' ? [found] : found;
  const candidates: [string, unknown][] = [
    ...shown.map((name): [string, unknown] => [name, name === 'groups' ? groups : claims[name]]),
    ...Object.entries(claims).filter(([name]) => !registered.has(name) && !shown.includes(name)),
  ];
  const selected: [string, unknown][] = [];
  let room = claimsLimit - '{}'.length;
  for (const [name, value] of candidates) {
    const isPlain = isScalar(value) || (Array.isArray(value) && value.every(isScalar));
    if (!isPlain) continue;
    const size = Buffer.byteLength(JSON.stringify({ [name]: value })) - '{}'.length + ','.length;
    if (size > room) continue;
    room -= size;
    selected.push([name, value]);
  }
  return Object.fromEntries(selected);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}
