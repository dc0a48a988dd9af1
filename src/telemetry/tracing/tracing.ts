import type { Events } from '../../core/model/events.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** W3C Trace Context headers, as nginx sends them (https://www.w3.org/TR/trace-context/). */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A step of a decision that waits for something, as a child span. */
export type ChildSpan =
  | { readonly name: 'postern.verify'; readonly source: string }
  | { readonly name: 'postern.redeem' }
  | { readonly name: 'postern.bridge'; readonly service: string }
  | { readonly name: 'postern.jwks'; readonly issuer: string };

/** Distributed tracing of decisions. Spans hold no secret, no identity, and no URL. */
export interface Tracing {
  /** Events to subscribe to: they set the attributes of a decision's span. */
  readonly events: Pick<Events, 'decided'>;
  /** Runs a decision in a span, as a child of the span in the headers. */
  decision<T>(headers: TraceHeaders | undefined, work: () => MaybePromise<T>): Promise<T>;
  /** Runs a step in a child span; outside of a decision it just runs. */
  span<T>(part: ChildSpan, work: () => Promise<T>): Promise<T>;
  span<T>(part: ChildSpan, work: () => MaybePromise<T>): MaybePromise<T>;
}
