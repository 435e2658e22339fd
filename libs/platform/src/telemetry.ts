/** Telemetry alone, without Nest: what a command line or an agent loads. */
export { startTelemetry, type Telemetry, TELEMETRY_SHUTDOWN_MS } from './telemetry/opentelemetry.adapter';
export {
  currentTrace,
  currentTraceparent,
  isTracing,
  type SpanAttributes,
  type SpanKindName,
  type SpanOptions,
  startSpan,
  type TraceSpan,
  traceparentOf,
  withSpan,
} from './telemetry/spans';
export { formatTraceparent, parseTraceparent, type TraceContext } from './telemetry/traceparent';
