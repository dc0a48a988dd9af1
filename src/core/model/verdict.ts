import type { DenialCode } from './denials.ts';
import type { Identity } from './identity.ts';
import type { SourceName } from './source-name.ts';
import type { ThrottleInfo } from './throttle.ts';

/** Why access was decided: a credential from a source, a trusted network, or a public route. */
export type AccessBasis = SourceName | 'network' | 'public';

/** The request is admitted, as this identity. */
export interface Allow {
  readonly verdict: 'allow';
  readonly identity: Identity;
  readonly source: AccessBasis;
  /** `Set-Cookie` lines of the sign-on service for the client. Secret; absent where there are none. */
  readonly setCookies?: readonly string[];
}

/** The request is denied. Identity and source are set where they were known by then. */
export interface Deny {
  readonly verdict: 'deny';
  readonly reason: DenialCode;
  /** What exactly was wrong, for the log. Never contains text of the client. */
  readonly detail?: string;
  /** Login address of the gate's sign-on service, for a page load. */
  readonly login?: string;
  readonly identity?: Identity;
  readonly source?: AccessBasis;
  /** Name of the step that denied (see decide). */
  readonly step?: string;
  /**
   * Set where the credential was unknown to Postern before a sign-on service was asked about it: it counts as a
   * wrong guess whatever the service answered.
   */
  readonly isGuess?: true;
  /** Set where a sign-on service did not answer in time. */
  readonly timedOut?: true;
  /** Set for `throttled` and `too_many_sessions`. */
  readonly throttle?: ThrottleInfo;
}

/** The outcome of one decision. */
export type Verdict = Allow | Deny;

/** The verdict for records and logs: without the cookies, which are the client's alone. */
export function withoutCookies(verdict: Verdict): Verdict {
  if (verdict.verdict === 'deny' || verdict.setCookies === undefined) return verdict;
  const { setCookies: _, ...rest } = verdict;
  return rest;
}

/** A denial for this reason. */
export function deny(reason: DenialCode, detail?: string): Deny {
  return { verdict: 'deny', reason, ...(detail !== undefined && { detail }) };
}

/** Type guard for denials. */
export function isDenial(value: unknown): value is Deny {
  return (
    typeof value === 'object' && value !== null && 'verdict' in value && value.verdict === 'deny'
  );
}
