import { errors, type JWTVerifyOptions, jwtVerify, type KeyObject } from 'jose';
import type { Credential } from '../core/model/credential.ts';
import type { DenialCode } from '../core/model/denials.ts';
import type { Identity } from '../core/model/identity.ts';
import type { Issuer } from '../core/model/issuer.ts';
import { type JsonObject, readUnverifiedJwt } from '../core/model/jws.ts';
import { checkLifetime, jwtIdentity } from '../core/model/jwt-identity.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import type { JwtStore } from '../store/port.ts';
import type { IssuerKeyring, Keys } from './issuer-keys.ts';
import { rememberVerified, type Signatory, type Trust } from './verified-jwts.ts';

/**
 * Verifies JWTs of the configured issuers. Which issuer's keys count is chosen by the `iss` claim
 * alone; `jku`, `x5u`, `jwk` and `x5c` in a header are never looked at (RFC 8725, section 3.10).
 * Undefined for what is no JWT, and for everything where no issuer is configured. Throws
 * StoreUnavailable, or rejects with it, and with nothing else: errors of jose hold claims, and end here.
 */
export type VerifyJwt = (
  credential: Credential,
  now: number,
  /** Asked before a signature is checked or keys are fetched; `throttled` where it says no. */
  mayDoExpensiveWork?: () => boolean,
) => MaybePromise<Identity | Deny | undefined>;

/** A JWT whose signature is its issuer's; the denial is about its claims. */
interface Signed {
  readonly claims: JsonObject;
  readonly denial: Deny | undefined;
}

const always = () => true;

/** Most keys that are tried on a JWT that does not name one: each costs processor time. */
const mostCandidates = 16;

/** Builds the verifier. */
export function createJwtVerifier(dependencies: {
  readonly issuers: readonly Issuer[];
  readonly keyring: IssuerKeyring;
  readonly store: JwtStore;
}): VerifyJwt {
  const { issuers, keyring, store } = dependencies;
  const trusted = new Map(
    issuers.map((issuer): [string, Trust] => [
      issuer.iss,
      { issuer, keys: keyring.keysOf(issuer) },
    ]),
  );

  const verified = rememberVerified();

  /** Whose signature it bears, and who it says it is. */
  function identify(
    value: string,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): MaybePromise<Signatory | Deny | undefined> {
    if (trusted.size === 0) return undefined;
    return mapMaybePromise(
      verified.find(value, now),
      (found) => found ?? verify(value, now, mayDoExpensiveWork),
    );
  }

  function verify(
    value: string,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): MaybePromise<Signatory | Deny | undefined> {
    const presented = readUnverifiedJwt(value);
    if (presented === undefined || isDenial(presented)) return presented;
    const { iss } = presented.claims;
    const trust = typeof iss === 'string' ? trusted.get(iss) : undefined;
    if (trust === undefined) return deny('unknown_token', 'iss');
    return mayDoExpensiveWork() ? verifyFor(trust, value, now) : deny('throttled');
  }

  async function verifyFor(trust: Trust, value: string, now: number): Promise<Signatory | Deny> {
    const generation = trust.keys.generation();
    const signed = await checkSignature(value, trust, now);
    if (isDenial(signed)) return signed;
    const identity = jwtIdentity(signed.claims, trust.issuer, value);
    if (isDenial(identity)) return signed.denial ?? identity;
    if (signed.denial !== undefined) return { ...signed.denial, identity };
    // Where keys came in meanwhile, nobody knows whether it was verified with the old ones.
    if (generation === trust.keys.generation()) {
      verified.keep(value, { identity, trust, generation, since: now });
    }
    return { identity, trust };
  }

  function judge(
    signatory: Signatory | Deny | undefined,
    now: number,
  ): MaybePromise<Identity | Deny | undefined> {
    if (signatory === undefined || isDenial(signatory)) return signatory;
    const { identity, trust } = signatory;
    const denial = checkLifetime(identity, trust.issuer, now);
    if (denial !== undefined) return { ...denial, identity };
    // Asked last, so that no revocation slips in while keys are fetched.
    return mapMaybePromise(store.find(identity.jwt), ({ revoked, used }) => {
      if (!revoked && used === identity.jwt.used) return identity;
      const known = { ...identity, jwt: { ...identity.jwt, used } };
      return revoked ? { ...deny('revoked'), identity: known } : known;
    });
  }

  return ({ value }, now, mayDoExpensiveWork = always) =>
    mapMaybePromise(identify(value, now, mayDoExpensiveWork), (signatory) => judge(signatory, now));
}

async function checkSignature(
  jwt: string,
  { issuer, keys }: Trust,
  now: number,
): Promise<Signed | Deny> {
  const known = await keys.current(now);
  if (known === undefined) return deny('issuer_unavailable');
  const first = await tryKeys(jwt, known, issuer, now);
  if (first !== undefined) return first;
  // A key that is not known may be a new one.
  const renewal = await keys.refresh(now);
  if (renewal === 'failed') return deny('issuer_unavailable', 'kid');
  const renewed = renewal === 'renewed' ? await keys.current(now) : undefined;
  const second = renewed && (await tryKeys(jwt, renewed, issuer, now));
  return second ?? deny('invalid_signature', 'kid');
}

/** Undefined when none of the keys is the one that the JWT names. */
async function tryKeys(
  jwt: string,
  keys: Keys,
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
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return explainFailure(error);
    let tries = 0;
    for await (const key of error) {
      const outcome = await tryKeys(jwt, key as KeyObject, issuer, now);
      const isWrongKey = isDenial(outcome) && outcome.reason === 'invalid_signature';
      if (outcome !== undefined && !isWrongKey) return outcome;
      if (++tries === mostCandidates) break;
    }
    return deny('invalid_signature', 'signature');
  }
}

/** Denials by the code of jose's error, with what to say of them in the log. */
const failures: Readonly<Record<string, readonly [DenialCode, detail?: string]>> = {
  ERR_JWT_EXPIRED: ['expired'],
  ERR_JOSE_ALG_NOT_ALLOWED: ['invalid_signature', 'alg'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['invalid_signature', 'signature'],
  // Of what reaches this place, only an extension in "crit" (RFC 7515, section 4.1.11).
  ERR_JOSE_NOT_SUPPORTED: ['malformed_credential', 'crit'],
  ERR_JWS_INVALID: ['malformed_credential', 'header'],
  ERR_JWT_INVALID: ['malformed_credential', 'claims'],
};

function explainFailure(error: unknown): Signed | Deny | undefined {
  if (error instanceof errors.JWKSNoMatchingKey) return undefined;
  // What else there is has to do with keys that do not fit.
  const { code } = error as Partial<errors.JOSEError>;
  const [reason, detail] = failures[code ?? ''] ?? ['invalid_signature', 'key'];
  // Claims are judged after the signature, so these are the issuer's own.
  if (error instanceof errors.JWTExpired) return { claims: error.payload, denial: deny(reason) };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { claims: error.payload, denial: explainClaim(error) };
  }
  return deny(reason, detail);
}

function explainClaim({ claim, reason }: errors.JWTClaimValidationFailed): Deny {
  if (claim === 'aud') return deny('wrong_audience');
  const isEarly = claim === 'nbf' && reason === 'check_failed';
  return isEarly ? deny('not_yet_valid', 'nbf') : deny('malformed_credential', claim);
}
