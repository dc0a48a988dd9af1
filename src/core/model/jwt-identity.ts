import { createHash } from 'node:crypto';
import { isSubject, maxSubjectLength } from '../../lib/text-line.ts';
import { type Claims, type Identity, type JwtFacts, noRestrictions } from './identity.ts';
import type { Issuer } from './issuer.ts';
import type { JsonObject } from './jws.ts';
import { type Deny, deny } from './verdict.ts';

/** Largest claims in bytes of JSON, as for tokens: what fits into the headers of an answer. */
const maxClaimsBytes = 4_096;

/** The latest time of a JavaScript Date, in Unix milliseconds. */
const maxTimestamp = 8_640_000_000_000_000;

/** Registered claims: about the JWT, not about its subject (RFC 7519, section 4.1). */
const registeredClaims = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

/** Claims that have identity headers. They are kept first where not all claims fit. */
const headerClaims = ['email', 'name', 'groups'];

const printableId = /^[\x21-\x7e]{1,128}$/;
const maxJtiLength = 1_024;

/** The identity of a JWT. */
export interface JwtIdentity extends Identity {
  readonly expiresAt: number;
  readonly jwt: JwtFacts;
}

/**
 * The identity of a JWT, from its verified claims. Lifetime and revocation are checked elsewhere. A denial
 * when a required claim is missing or malformed.
 */
export function jwtIdentity(claims: JsonObject, issuer: Issuer, jwt: string): JwtIdentity | Deny {
  const subject = toSubject(readClaim(claims, issuer.subjectClaim));
  if (subject === undefined) return deny('malformed_credential', 'subject');
  const { jti, iat, exp } = claims;
  if (jti !== undefined && !isJti(jti)) return deny('malformed_credential', 'jti');
  const expiresAt = parseNumericDate(exp);
  if (expiresAt === undefined) return deny('malformed_credential', 'exp');
  if (iat !== undefined && typeof iat !== 'number') return deny('malformed_credential', 'iat');
  return {
    kind: 'jwt',
    tokenId: jti !== undefined && printableId.test(jti) ? jti : fingerprint(jwt),
    subject,
    claims: selectClaims(claims, issuer.groupsClaim),
    restrictions: { ...noRestrictions, gates: readGates(claims, issuer.gatesClaim) },
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
 * Denies an expired JWT, to the millisecond: jose rounds the current time down to a second. Also
 * denies an `iat` in the future, beyond the leeway: revoking all JWTs issued until now would miss it.
 */
export function checkLifetime(
  { expiresAt, jwt }: JwtIdentity,
  { leeway }: Issuer,
  now: number,
): Deny | undefined {
  if (now >= expiresAt + leeway) return deny('expired');
  if (jwt.issuedAt !== undefined && jwt.issuedAt > now + leeway)
    return deny('not_yet_valid', 'iat');
  return undefined;
}

/** The claim of this name, else the one at this path (`realm_access.roles`). Own properties only. */
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
  if (typeof text !== 'string' || text.length > maxSubjectLength) return undefined;
  return isSubject(text) ? text : undefined;
}

function isJti(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  return value !== '' && value.length <= maxJtiLength;
}

/** A NumericDate (RFC 7519, section 2) in whole milliseconds; undefined outside the range of Date. */
function parseNumericDate(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined;
  const timestamp = Math.floor(value * 1_000);
  return Math.abs(timestamp) <= maxTimestamp ? timestamp : undefined;
}

/** A public id for a JWT whose `jti` is missing or unfit for a log. */
function fingerprint(jwt: string): string {
  return `jwt_${createHash('sha256').update(jwt).digest('base64url').slice(0, 17)}`;
}

/**
 * The gates in a claim: a list of names, or one text separated by spaces (as in `scope`). A missing or
 * malformed claim restricts to a gate that cannot exist, since an empty list would mean every gate.
 */
function readGates(claims: JsonObject, gatesClaim: string | undefined): readonly string[] {
  if (gatesClaim === undefined) return [];
  const value = readClaim(claims, gatesClaim);
  const names = typeof value === 'string' ? value.split(' ').filter(Boolean) : value;
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return isList && names.length > 0 ? names : [''];
}

/**
 * The claims that backends may see: text, numbers, booleans and lists of those. A claim that exceeds the
 * limit is left out whole, since a truncated list of groups would be wrong.
 */
function selectClaims(claims: JsonObject, groupsClaim: string): Claims {
  const found = readClaim(claims, groupsClaim);
  // A list of one: a comma in the text must not separate two groups.
  const groups = typeof found === 'string' ? [found] : found;
  const candidates: [string, unknown][] = [
    ...headerClaims.map((name): [string, unknown] => [
      name,
      name === 'groups' ? groups : claims[name],
    ]),
    ...Object.entries(claims).filter(
      ([name]) => !registeredClaims.has(name) && !headerClaims.includes(name),
    ),
  ];
  const selected: [string, unknown][] = [];
  let room = maxClaimsBytes - '{}'.length;
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
