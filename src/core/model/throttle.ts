/** Where a credential is presented, and from where. */
export interface Attempt {
  /** Name of the gate that it counts at. */
  readonly gate: string;
  /** Undefined where nobody knows. */
  readonly clientAddress: string | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** What a denial carries that stands for too many failed attempts. */
export interface ThrottleInfo {
  /** Milliseconds until attempts count again as before, if no other fails. */
  readonly retryAfter: number;
  /**
   * Of many denials that are alike one is written down now and then, with how many there were since
   * the last one; `skip` is for the others.
   */
  readonly record: { readonly omitted: number } | 'skip';
}

/**
 * Counts failed attempts, by gate and by the network of the client. It protects work, and those secrets
 * alone that could be guessed: who presents a token that nobody can guess passes whatever others did.
 */
export interface Throttle {
  /**
   * Whether what costs work may be done (checking a signature, asking a sign-on service), or a secret
   * may pass that could be guessed. To be asked right before that, and only then.
   */
  mayDoExpensiveWork(attempt: Attempt): boolean;
  /**
   * Takes note of an attempt that failed; `weight` 0 for one that was not looked at. Undefined while
   * there were not too many.
   */
  failed(attempt: Attempt, weight: number): ThrottleInfo | undefined;
}

/** `Retry-After` of somebody who tried too often: whole seconds, and at least one. */
export function retrySeconds(tooMany: Pick<ThrottleInfo, 'retryAfter'> | undefined): number {
  return Math.max(1, Math.ceil((tooMany?.retryAfter ?? 0) / 1_000));
}

/** A network that made too many attempts. All times are Unix milliseconds. */
export interface ThrottledNetwork {
  /** Undefined for the admin API. */
  readonly gate: string | undefined;
  /** `203.0.113.7/32`, or one of the words below. */
  readonly network: string;
  readonly since: number;
  /** When it is over, if nothing else fails. */
  readonly until: number;
  readonly failures: number;
}

/** Which networks are meant: all, those at a gate, a network (or that of an address), or both. */
export interface ThrottleFilter {
  readonly gate?: string;
  readonly network?: string;
}
