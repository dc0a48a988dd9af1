import { errors, type JWTVerifyOptions, jwtVerify, type KeyObject } from 'jose';
import type { Credential } from '../core/model/credential.ts';
import type { DenialCode } from '../core/model/denials.ts';
import type { Identity } from '../core/model/identity.ts';
import type { Issuer } from '../core/model/issuer.ts';
import { type JsonObject, readUnverifiedJwt } from '../core/model/jws.ts';
import { checkLifetime, jwtIdentity } from '../core/model/jwt-identity.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import type { JwtStore } from '../store/port/jwts.ts';
import type { IssuerKeyring, VerificationKeys } from './issuer-keys.ts';
import { createVerifiedJwtCache, type TrustedIssuer, type VerifiedJwt } from './verified-jwts.ts';

/**
 * Verifies JWTs of the configured issuers. The `iss` claim alone selects the keys; `jku`, `x5u`, `jwk` and
 * `x5c` in a header are ignored (RFC 8725, section 3.10). Undefined for what is no JWT, and for everything
 * where no issuer is configured. Throws StoreUnavailable, or rejects with it, and with nothing else: errors of
 * jose contain claims, so they are converted here.
 */
export type VerifyJwt = (
  credential: Credential,
  now: number,
  /** Asked before a signature is verified or keys are fetched; when it refuses, the JWT is `throttled`. */
  mayDoExpensiveWork?: () => boolean,
) => MaybePromise<Identity | Deny | undefined>;

/** A JWT with a valid signature; the denial is about its claims. */
interface Signed {
  readonly claims: JsonObject;
  readonly denial: Deny | undefined;
}

const alwaysAllowed = () => true;

/** Keys that are tried on a JWT that names none: each takes processor time. */
const maxCandidateKeys = 16;

/** Builds the verifier. */
export function createJwtVerifier(dependencies: {
  readonly issuers: readonly Issuer[];
  readonly keyring: IssuerKeyring;
  readonly store: JwtStore;
}): VerifyJwt {
  const { issuers, keyring, store } = dependencies;
  const trusted = new Map(
    issuers.map((issuer): [string, TrustedIssuer] => [
      issuer.iss,
      { issuer, keys: keyring.keysOf(issuer) },
    ]),
  );

  const cache = createVerifiedJwtCache();

  /** Verifies signature and claims, unless the JWT is cached. */
  function identify(
    value: string,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): MaybePromise<VerifiedJwt | Deny | undefined> {
    if (trusted.size === 0) return undefined;
    return mapMaybePromise(
      cache.find(value, now),
      (found) => found ?? verify(value, now, mayDoExpensiveWork),
    );
  }

  function verify(
    value: string,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): MaybePromise<VerifiedJwt | Deny | undefined> {
    const presented = readUnverifiedJwt(value);
    if (presented === undefined || isDenial(presented)) return presented;
    const { iss } = presented.claims;
    const trust = typeof iss === 'string' ? trusted.get(iss) : undefined;
    if (trust === undefined) return deny('unknown_token', 'iss');
    return mayDoExpensiveWork() ? verifyFor(trust, value, now) : deny('throttled');
  }

  async function verifyFor(
    trust: TrustedIssuer,
    value: string,
    now: number,
  ): Promise<VerifiedJwt | Deny> {
    const generation = trust.keys.generation();
    const signed = await checkSignature(value, trust, now);
    if (isDenial(signed)) return signed;
    const identity = jwtIdentity(signed.claims, trust.issuer, value);
    if (isDenial(identity)) return signed.denial ?? identity;
    if (signed.denial !== undefined) return { ...signed.denial, identity };
    // Not cached where new keys were loaded meanwhile: it may have been verified with the old ones.
    if (generation === trust.keys.generation()) {
      cache.keep(value, { identity, trust, generation, since: now });
    }
    return { identity, trust };
  }

  function evaluate(
    verifiedJwt: VerifiedJwt | Deny | undefined,
    now: number,
  ): MaybePromise<Identity | Deny | undefined> {
    if (verifiedJwt === undefined || isDenial(verifiedJwt)) return verifiedJwt;
    const { identity, trust } = verifiedJwt;
    const denial = checkLifetime(identity, trust.issuer, now);
    if (denial !== undefined) return { ...denial, identity };
    // Checked last, so that a revocation while keys are fetched counts.
    return mapMaybePromise(store.find(identity.jwt), ({ revoked, used }) => {
      if (!revoked && used === identity.jwt.used) return identity;
      const known = { ...identity, jwt: { ...identity.jwt, used } };
      return revoked ? { ...deny('revoked'), identity: known } : known;
    });
  }

  return ({ value }, now, mayDoExpensiveWork = alwaysAllowed) =>
    mapMaybePromise(identify(value, now, mayDoExpensiveWork), (verifiedJwt) =>
      evaluate(verifiedJwt, now),
    );
}

async function checkSignature(
  jwt: string,
  { issuer, keys }: TrustedIssuer,
  now: number,
): Promise<Signed | Deny> {
  const known = await keys.current(now);
  if (known === undefined) return deny('issuer_unavailable');
  const first = await tryKeys(jwt, known, issuer, now);
  if (first !== undefined) return first;
  // An unknown key may be a new one.
  const renewal = await keys.refresh(now);
  if (renewal === 'failed') return deny('issuer_unavailable', 'kid');
  const renewed = renewal === 'renewed' ? await keys.current(now) : undefined;
  const second = renewed && (await tryKeys(jwt, renewed, issuer, now));
  return second ?? deny('invalid_signature', 'kid');
}

/** Undefined when the JWT names another key. */
async function tryKeys(
  jwt: string,
  keys: VerificationKeys,
  issuer: Issuer,
  now: number,
): Promise<Signed | Deny | undefined> {
  const options: JWTVerifyOptions = {
    algorithms: [...issuer.algorithms],
    issuer: issuer.iss,
    audience: [...issuer.audience],
    requiredClaims: ['exp'],
    clockTolerance: issuer.leeway / 1_000,
    currentDate: new Date(now),
  };
  try {
    const { payload } = await jwtVerify(jwt, keys, options);
    return { claims: payload, denial: undefined };
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return toDenial(error);
    let tries = 0;
    for await (const key of error) {
      const outcome = await tryKeys(jwt, key as KeyObject, issuer, now);
      const isWrongKey = isDenial(outcome) && outcome.reason === 'invalid_signature';
      if (outcome !== undefined && !isWrongKey) return outcome;
      if (++tries === maxCandidateKeys) break;
    }
    return deny('invalid_signature', 'signature');
  }
}

/** Denials by the code of jose's error, with the detail for the log. */
const failures: Readonly<Record<string, readonly [DenialCode, detail?: string]>> = {
  ERR_JWT_EXPIRED: ['expired'],
  ERR_JOSE_ALG_NOT_ALLOWED: ['invalid_signature', 'alg'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['invalid_signature', 'signature'],
  // Here this is an extension in "crit" (RFC 7515, section 4.1.11).
  ERR_JOSE_NOT_SUPPORTED: ['malformed_credential', 'crit'],
  ERR_JWS_INVALID: ['malformed_credential', 'header'],
  ERR_JWT_INVALID: ['malformed_credential', 'claims'],
};

function toDenial(error: unknown): Signed | Deny | undefined {
  if (error instanceof errors.JWKSNoMatchingKey) return undefined;
  // Other codes are about keys that do not fit.
  const { code } = error as Partial<errors.JOSEError>;
  const [reason, detail] = failures[code ?? ''] ?? ['invalid_signature', 'key'];
  // jose checks claims after the signature, so these are the issuer's.
  if (error instanceof errors.JWTExpired) return { claims: error.payload, denial: deny(reason) };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { claims: error.payload, denial: claimDenial(error) };
  }
  return deny(reason, detail);
}

function claimDenial({ claim, reason }: errors.JWTClaimValidationFailed): Deny {
  if (claim === 'aud') return deny('wrong_audience');
  const isEarly = claim === 'nbf' && reason === 'check_failed';
  return isEarly ? deny('not_yet_valid', 'nbf') : deny('malformed_credential', claim);
}
