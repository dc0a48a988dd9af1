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
import type { Part, Tracing } from './tracing.ts';

/** Parts that are requests to others. */
const outward: readonly Part['name'][] = ['postern.bridge', 'postern.jwks'];

/**
 * Tracing by the API of OpenTelemetry, which does nothing unless the process was started with an SDK.
 * Whoever traces nothing does not load this file.
 */
export function createOpenTelemetryTracing(): Tracing {
  const tracer = trace.getTracer('postern', version);

  async function run<T>(span: Span, under: typeof ROOT_CONTEXT, work: () => MaybePromise<T>) {
    try {
      return await context.with(trace.setSpan(under, span), work);
    } catch (error) {
      // What exactly failed is in the log; it may name files and addresses.
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  function part<T>(part: Part, work: () => Promise<T>): Promise<T>;
  function part<T>(part: Part, work: () => MaybePromise<T>): MaybePromise<T>;
  function part<T>({ name, ...facts }: Part, work: () => MaybePromise<T>): MaybePromise<T> {
    const under = context.active();
    if (trace.getSpan(under) === undefined) return work();
    const kind = outward.includes(name) ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const attributes = Object.fromEntries(
      Object.entries(facts).map(([fact, value]) => [`postern.${fact}`, value]),
    );
    return run(tracer.startSpan(name, { kind, attributes }, under), under, work);
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
      // Only what nginx told counts, and nothing that happens to be going on in this process.
      const under = propagation.extract(ROOT_CONTEXT, headers ?? {});
      return run(
        tracer.startSpan('postern.decision', { kind: SpanKind.SERVER }, under),
        under,
        work,
      );
    },
    part,
  };
}
