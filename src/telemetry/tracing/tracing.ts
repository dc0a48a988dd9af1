import type { Events } from '../../core/model/events.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** Headers in which nginx says what a subrequest is part of (https://www.w3.org/TR/trace-context/). */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A part of a decision that waits for something. */
export type Part =
  | { readonly name: 'postern.verify'; readonly source: string }
  | { readonly name: 'postern.redeem' }
  | { readonly name: 'postern.bridge'; readonly service: string }
  | { readonly name: 'postern.jwks'; readonly issuer: string };

/**
 * Decisions as spans, for a tracing system of the operator's choice. No span holds a secret, nor who
 * somebody is, nor what was asked for.
 */
export interface Tracing {
  /** What it has to hear of, to say of a decision's span what came of it. */
  readonly events: Pick<Events, 'decided'>;
  /** Does the work of a decision in a span, below the one that the headers name. */
  decision<T>(headers: TraceHeaders | undefined, work: () => MaybePromise<T>): Promise<T>;
  /** Does a part of that work in a span of its own; outside of any, just does it. */
  part<T>(part: Part, work: () => Promise<T>): Promise<T>;
  part<T>(part: Part, work: () => MaybePromise<T>): MaybePromise<T>;
}
