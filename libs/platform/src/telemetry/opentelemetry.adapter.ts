import { useTracingApi } from './spans';

/** Longest wait for the last spans at the end: a collector that is away must not hold up a shutdown. */
export const TELEMETRY_SHUTDOWN_MS = 1000;
/** Spans are sent this long after they ended at the latest. */
const EXPORT_EVERY_MS = 500;

export interface Telemetry {
  /** Sends what is left, within `TELEMETRY_SHUTDOWN_MS`. End the process afterwards: an export may still be trying. */
  shutdown(): Promise<void>;
}

const OFF: Telemetry = { shutdown: () => Promise.resolve() };

/**
 * Starts traces when there is somewhere to send them to. Otherwise nothing of OpenTelemetry is even loaded.
 *
 * @param otlpEndpoint base address of an OTLP/HTTP collector: `http://127.0.0.1:4318`
 */
export async function startTelemetry(serviceName: string, otlpEndpoint: string | undefined): Promise<Telemetry> {
  if (otlpEndpoint === undefined) return OFF;
  const api = await import('@opentelemetry/api');
  const { NodeSDK, resources, tracing } = await import('@opentelemetry/sdk-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint}/v1/traces` });
  const sdk = new NodeSDK({
    serviceName,
    resourceDetectors: [resources.envDetector],
    spanProcessors: [new tracing.BatchSpanProcessor(exporter, { scheduledDelayMillis: EXPORT_EVERY_MS })],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  useTracingApi(api);
  return {
    async shutdown(): Promise<void> {
      useTracingApi(undefined);
      await within(TELEMETRY_SHUTDOWN_MS, sdk.shutdown());
    },
  };
}

/** Traces are no reason to fail: what could not be sent in time is lost. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
