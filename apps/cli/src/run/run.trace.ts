/**
 * Runs `work` in a span whose context goes with what it submits, so that one trace covers the command, the services and
 * the agents. Without `OTEL_EXPORTER_OTLP_ENDPOINT` it is a plain call.
 */
export async function withTrace<T>(name: string, otlpEndpoint: string | undefined, work: (traceparent?: string) => Promise<T>): Promise<T> {
  if (!otlpEndpoint) return work();
  const { startTelemetry, withSpan } = await import('@torch/platform/telemetry');
  const telemetry = await startTelemetry('torch-cli', otlpEndpoint);
  try {
    return await withSpan(name, { kind: 'client' }, ({ traceparent }) => work(traceparent));
  } finally {
    await telemetry.shutdown();
  }
}
