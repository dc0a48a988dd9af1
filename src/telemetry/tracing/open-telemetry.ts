import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { denials } from '../../core/model/denials.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import { version } from '../../lib/resources.ts';
import type { ChildSpan, Tracing } from './tracing.ts';

/** Spans of kind CLIENT: requests to other services. */
const clientSpans: readonly ChildSpan['name'][] = ['postern.bridge', 'postern.jwks'];

/**
 * Tracing with the OpenTelemetry API, which does nothing unless the process was started with an
 * SDK. This file is loaded only where tracing is on.
 */
export function createOpenTelemetryTracing(): Tracing {
  const tracer = trace.getTracer('postern', version);

  async function run<T>(span: Span, parent: typeof ROOT_CONTEXT, work: () => MaybePromise<T>) {
    try {
      return await context.with(trace.setSpan(parent, span), work);
    } catch (error) {
      // The span gets no error details: they may name files and addresses. The log has them.
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  function childSpan<T>(part: ChildSpan, work: () => Promise<T>): Promise<T>;
  function childSpan<T>(part: ChildSpan, work: () => MaybePromise<T>): MaybePromise<T>;
  function childSpan<T>(
    { name, ...facts }: ChildSpan,
    work: () => MaybePromise<T>,
  ): MaybePromise<T> {
    const parent = context.active();
    if (trace.getSpan(parent) === undefined) return work();
    const kind = clientSpans.includes(name) ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const attributes = Object.fromEntries(
      Object.entries(facts).map(([fact, value]) => [`postern.${fact}`, value]),
    );
    return run(tracer.startSpan(name, { kind, attributes }, parent), parent, work);
  }

  return {
    events: {
      decided({ requestId, gate, verdict, upgrade }) {
        const span = trace.getActiveSpan();
        if (span === undefined) return;
        span.setAttributes({
          'postern.request_id': requestId,
          'postern.request': upgrade ? 'handshake' : 'page',
          'postern.verdict': verdict.verdict,
          ...(gate !== undefined && { 'postern.gate': gate }),
          ...(verdict.source !== undefined && { 'postern.source': verdict.source }),
        });
        if (verdict.verdict === 'allow') return;
        span.setAttribute('postern.reason', verdict.reason);
        if (denials[verdict.reason].isFault) span.setStatus({ code: SpanStatusCode.ERROR });
      },
    },
    decision(headers, work) {
      // The parent comes from nginx's headers only, not from a span that is active in this process.
      const parent = propagation.extract(ROOT_CONTEXT, headers ?? {});
      return run(
        tracer.startSpan('postern.decision', { kind: SpanKind.SERVER }, parent),
        parent,
        work,
      );
    },
    span: childSpan,
  };
}
