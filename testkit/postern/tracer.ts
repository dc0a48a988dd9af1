import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Scope } from '../scope.ts';

/** A span that ended. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly traceId: string;
  readonly spanId: string;
  /** Span id of the one above; undefined for the first of a trace. */
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Takes the place of an SDK for a test: as little as the API asks of one. Resolves with what ended. */
export function recordSpans(t: Scope): EndedSpan[] {
  const ended: EndedSpan[] = [];
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (under, work, self, ...args) => storage.run(under, () => work.apply(self, args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  const tracer: Tracer = {
    startSpan: (name, options, under) => startSpan(ended, name, options, under),
    startActiveSpan: () => {
      throw new Error('Postern starts no spans this way');
    },
  };
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(traceContext);
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  t.after(() => {
    context.disable();
    propagation.disable();
    trace.disable();
  });
  return ended;
}

function startSpan(
  ended: EndedSpan[],
  name: string,
  { kind, attributes: given = {} }: SpanOptions = {},
  under: Context = context.active(),
): Span {
  const above = trace.getSpanContext(under);
  const attributes: Attributes = { ...given };
  const own: SpanContext = {
    traceId: above?.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    traceFlags: 1,
  };
  let isError = false;
  const span = {
    spanContext: () => own,
    setAttribute(key: string, value: Attributes[string]) {
      attributes[key] = value;
      return span;
    },
    setAttributes(more: Attributes) {
      Object.assign(attributes, more);
      return span;
    },
    setStatus({ code }: { code: number }) {
      isError = code === 2;
      return span;
    },
    end() {
      const { traceId, spanId } = own;
      ended.push({ name, kind, traceId, spanId, parent: above?.spanId, attributes, isError });
    },
    isRecording: () => true,
  };
  // What Postern does not call is not there: a test fails when that changes.
  return span as unknown as Span;
}

/** https://www.w3.org/TR/trace-context/ */
const traceContext: TextMapPropagator = {
  fields: () => ['traceparent', 'tracestate'],
  inject() {},
  extract(under, carrier, getter) {
    const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
    const [, traceId, spanId] = form.exec(String(getter.get(carrier, 'traceparent'))) ?? [];
    if (traceId === undefined || spanId === undefined) return under;
    return trace.setSpanContext(under, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
};
