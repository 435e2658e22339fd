import type * as Api from '@opentelemetry/api';
import { formatTraceparent, parseTraceparent, type TraceContext } from './traceparent';

export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanOptions {
  /** Context that came with a request, command or event. Absent or not valid: the active span is the parent, if there is one. */
  readonly traceparent?: string;
  readonly attributes?: SpanAttributes;
  /** Default `internal`. */
  readonly kind?: SpanKindName;
}

/** A piece of work in a trace. Without telemetry every one is the same object that does nothing. */
export interface TraceSpan {
  /** What to send along, so that the work it leads to is in the same trace; undefined without telemetry. */
  readonly traceparent: string | undefined;
  set(name: string, value: string | number | boolean): void;
  fail(error: unknown): void;
  end(): void;
  /** Runs `work` with this span as the active one. */
  within<T>(work: () => T): T;
}

const NO_SPAN: TraceSpan = {
  traceparent: undefined,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
  within: (work) => work(),
};

let api: typeof Api | undefined;

/** Turns spans on: called with OpenTelemetry's API once its SDK runs, and with nothing once it is shut down. */
export function useTracingApi(found: typeof Api | undefined): void {
  api = found;
}

export const isTracing = (): boolean => api !== undefined;

/** A span that its caller ends. Prefer `withSpan` where the work is one function. */
export function startSpan(name: string, { traceparent, attributes, kind = 'internal' }: SpanOptions = {}): TraceSpan {
  if (!api) return NO_SPAN;
  const { context, trace, SpanKind } = api;
  const remote = parseTraceparent(traceparent);
  const parent = remote ? trace.setSpanContext(api.ROOT_CONTEXT, { ...remote, isRemote: true }) : context.active();
  const span = trace
    .getTracer('torch')
    .startSpan(name, { kind: SpanKind[kind.toUpperCase() as Uppercase<SpanKindName>], attributes }, parent);
  return new LiveSpan(api, span, trace.setSpan(parent, span));
}

/**
 * Runs `work` in a span of its own, which ends with it and fails with it. Without telemetry it is a plain call.
 */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: TraceSpan) => T | Promise<T>): Promise<T> {
  if (!api) return work(NO_SPAN);
  const span = startSpan(name, options);
  try {
    return await span.within(() => work(span));
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** Trace and span of the work at hand; undefined without telemetry or outside of a span. */
export function currentTrace(): TraceContext | undefined {
  return api?.trace.getActiveSpan()?.spanContext();
}

export function currentTraceparent(): string | undefined {
  const found = currentTrace();
  return found && formatTraceparent(found);
}

export const traceparentOf = (span: TraceSpan): string | undefined => span.traceparent;

class LiveSpan implements TraceSpan {
  readonly traceparent: string;

  constructor(
    private readonly opentelemetry: typeof Api,
    private readonly span: Api.Span,
    private readonly context: Api.Context,
  ) {
    this.traceparent = formatTraceparent(span.spanContext());
  }

  set(name: string, value: string | number | boolean): void {
    this.span.setAttribute(name, value);
  }

  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.span.setStatus({ code: this.opentelemetry.SpanStatusCode.ERROR, message });
    this.span.recordException(error instanceof Error ? error : message);
  }

  end(): void {
    this.span.end();
  }

  within<T>(work: () => T): T {
    return this.opentelemetry.context.with(this.context, work);
  }
}
