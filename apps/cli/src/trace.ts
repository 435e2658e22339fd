/**
 * Runs `work` in a span whose context goes with what it submits, so that one trace covers the command, the services and
 * the agents. Without `OTEL_EXPORTER_OTLP_ENDPOINT` it is a plain call.
 */
export async function withTrace<T>(name: string, otlpEndpoint: string | undefined, work: (traceparent?: string) => Promise<T>): Promise<T> {
  if (!otlpEndpoint) return work();
  const { withSpan } = await import('@torch/platform/telemetry');
  return withTelemetry('torch-cli', otlpEndpoint, () => withSpan(name, { kind: 'client' }, ({ traceparent }) => work(traceparent)));
}

/** Runs `work` with its spans sent on under a service's name. Without an endpoint it is a plain call. */
export async function withTelemetry<T>(service: string, otlpEndpoint: string | undefined, work: () => Promise<T>): Promise<T> {
  if (!otlpEndpoint) return work();
  const { startTelemetry } = await import('@torch/platform/telemetry');
  const telemetry = await startTelemetry(service, otlpEndpoint);
  try {
    return await work();
  } finally {
    await telemetry.shutdown();
  }
}
