import type { DenialCode } from './denials.ts';
import type { Identity } from './identity.ts';
import type { SourceName } from './source-name.ts';
import type { ThrottleInfo } from './throttle.ts';

/** What somebody is let in for: a credential from a source, their network, or that anybody may. */
export type AccessBasis = SourceName | 'network' | 'public';

/** Let the request through, as this identity. */
export interface Allow {
  readonly verdict: 'allow';
  readonly identity: Identity;
  readonly source: AccessBasis;
}

/** Do not let the request through. The identity and source are known when the denial came late. */
export interface Deny {
  readonly verdict: 'deny';
  readonly reason: DenialCode;
  /** What exactly was wrong, for the log. Fixed words, nothing that the client sent. */
  readonly detail?: string;
  /** Where the gate's sign-on service lets people log in, for a page load. */
  readonly login?: string;
  readonly identity?: Identity;
  readonly source?: AccessBasis;
  /** The step that denied (see decide), once one has. */
  readonly step?: string;
  /** Set where a sign-on service was asked and did not answer in time. */
  readonly late?: true;
  /** Set for `throttled` and `too_many_sessions`. */
  readonly throttle?: ThrottleInfo;
}

/** The outcome of one decision. */
export type Verdict = Allow | Deny;

/** A denial for this reason, with nothing else known yet. */
export function deny(reason: DenialCode, detail?: string): Deny {
  return { verdict: 'deny', reason, ...(detail !== undefined && { detail }) };
}

/** Tells a denial from whatever else a step may yield. */
export function isDenial(value: unknown): value is Deny {
  return (
    typeof value === 'object' && value !== null && 'verdict' in value && value.verdict === 'deny'
  );
}
