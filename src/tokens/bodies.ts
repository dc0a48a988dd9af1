import type { Static } from 'typebox';
import { parseOriginRules } from '../core/gate/origin.ts';
import { resolvePath } from '../core/gate/path.ts';
import { InvalidField } from '../core/model/errors.ts';
import type { Claims, Restrictions } from '../core/model/identity.ts';
import { type Token, tokenState } from '../core/model/token.ts';
import { parseDuration } from '../lib/duration.ts';
import { parseNetworks } from '../lib/network.ts';
import type { IssueRequest } from './issuing.ts';
import type { changeTokenSchema, IssueBody, ShownToken } from './schemas.ts';
import type { ChangeRequest } from './service.ts';

/** Bytes of JSON that claims may take, so that they fit into the headers of an answer. */
const maxClaimsBytes = 4_096;

/** Nesting of objects and lists; the claims themselves are the first level. */
const maxClaimsDepth = 32;

/** Converts a request body. Throws InvalidField for invalid or contradictory fields. */
export function toIssueRequest(kind: IssueRequest['kind'], body: IssueBody): IssueRequest {
  return {
    kind,
    subject: body.subject,
    bounds: readBounds(body),
    label: body.label,
    claims: checkClaims(body.claims ?? {}),
    expires: chooseExpires(body),
    notBefore:
      body.not_before === undefined ? undefined : readMoment('not_before', body.not_before),
    maxUses: body.max_uses,
  };
}

/** Converts the body of a change. Throws InvalidField. */
export function toChangeRequest(body: Static<typeof changeTokenSchema>): ChangeRequest {
  return {
    label: body.label,
    claims: body.claims && checkClaims(body.claims),
    expires: chooseExpires(body),
  };
}

function checkClaims(claims: Claims): Claims {
  checkDepth(claims);
  if (Buffer.byteLength(JSON.stringify(claims)) > maxClaimsBytes) {
    throw new InvalidField('claims', `must not be longer than ${maxClaimsBytes} bytes of JSON`);
  }
  return claims;
}

/** Level by level, without recursion, which would overflow the stack before it could refuse. */
function checkDepth(claims: Claims): void {
  let level: object[] = [claims];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === maxClaimsDepth) {
      throw new InvalidField('claims', `must not be nested deeper than ${maxClaimsDepth} levels`);
    }
    level = level.flatMap((value) => Object.values(value).filter(isObject));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function readBounds(
  body: Pick<IssueBody, 'gates' | 'paths' | 'origins' | 'networks'>,
): Restrictions {
  const { gates = [], paths = [], origins = [], networks = [] } = body;
  const path = paths.find((prefix) => resolvePath(prefix) !== prefix);
  if (path !== undefined) {
    throw new InvalidField('paths', `"${path}" is not a path as nginx normalizes it, such as /ws`);
  }
  const rules = parseOriginRules(origins);
  if ('invalid' in rules) throw new InvalidField('origins', `"${rules.invalid}" is not an origin`);
  const set = parseNetworks(networks);
  if ('invalid' in set) {
    throw new InvalidField('networks', `"${set.invalid}" is not an address or CIDR network`);
  }
  return { gates, paths, origins, networks };
}

function readMoment(field: string, moment: string): number {
  const at = Date.parse(moment);
  if (Number.isNaN(at)) throw new InvalidField(field, 'is not a valid date');
  return at;
}

/** Converts a token to its form in the API; its state is that at a moment. */
export function showToken(token: Token, now: number): ShownToken {
  return {
    id: token.id,
    kind: token.kind,
    subject: token.subject,
    label: token.label ?? null,
    gates: [...token.restrictions.gates],
    paths: [...token.restrictions.paths],
    origins: [...token.restrictions.origins],
    networks: [...token.restrictions.networks],
    claims: token.claims,
    state: tokenState(token, now),
    weak: token.weak,
    not_before: showTime(token.notBefore),
    created_at: new Date(token.createdAt).toISOString(),
    expires_at: showTime(token.expiresAt),
    revoked_at: showTime(token.revokedAt),
    max_uses: token.maxUses ?? null,
    uses: token.uses,
    last_used_at: showTime(token.lastUsedAt),
  };
}

function showTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function chooseExpires({
  expires_in: span,
  expires_at: moment,
}: Pick<IssueBody, 'expires_in' | 'expires_at'>): IssueRequest['expires'] {
  if (span !== undefined && moment !== undefined) {
    throw new InvalidField('expires_at', 'give either expires_in or expires_at, not both');
  }
  if (moment !== undefined) return { at: readMoment('expires_at', moment) };
  if (span === undefined || span === 'never') return span;
  const milliseconds = typeof span === 'number' ? span * 1_000 : parseDuration(span);
  if (milliseconds === undefined) {
    throw new InvalidField('expires_in', 'is too long; the maximum is 36500d');
  }
  return { in: milliseconds };
}
