/** An attempt to authenticate. */
export interface Attempt {
  /** Name of the gate whose throttle counts it. */
  readonly gate: string;
  /** Undefined where nginx did not say. */
  readonly clientAddress: string | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Attached to a denial after too many failed attempts. */
export interface ThrottleInfo {
  /** Milliseconds until the network is no longer throttled, if no other attempt fails. */
  readonly retryAfter: number;
  /**
   * Sampling of the log and the audit log: one of many similar denials is recorded, with the number left
   * out since the last; `skip` for the others.
   */
  readonly record: { readonly omitted: number } | 'skip';
}

/**
 * Rate limit on failed attempts, by gate and client network. It limits expensive work and the guessing of
 * weak secrets. A valid token with full entropy always passes, so nobody can lock its holder out.
 */
export interface Throttle {
  /**
   * Whether expensive work may be done (verifying a signature, asking a sign-on service), or a weak secret
   * may pass. Call it right before that, and only then.
   */
  mayDoExpensiveWork(attempt: Attempt): boolean;
  /**
   * Counts a failed attempt; `weight` is 0 for one that was refused unchecked. Undefined while the limit
   * is not reached.
   */
  failed(attempt: Attempt, weight: number): ThrottleInfo | undefined;
}

/** The value of `Retry-After`: whole seconds, at least one. */
export function retryAfterSeconds(throttle: Pick<ThrottleInfo, 'retryAfter'> | undefined): number {
  return Math.max(1, Math.ceil((throttle?.retryAfter ?? 0) / 1_000));
}

/** A network that is throttled. All times are Unix milliseconds. */
export interface ThrottledNetwork {
  /** Undefined for the admin API. */
  readonly gate: string | undefined;
  /** A CIDR network such as `203.0.113.7/32`, or a word for all clients without one. */
  readonly network: string;
  readonly since: number;
  /** End of the throttling, if no other attempt fails. */
  readonly until: number;
  readonly failures: number;
}

/** Selects throttled networks: all, those at a gate, a network (or that of an address), or both. */
export interface ThrottleFilter {
  readonly gate?: string;
  readonly network?: string;
}
