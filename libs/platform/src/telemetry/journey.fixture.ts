import 'reflect-metadata';
import type { CommandEnvelope, PlacedEvent } from '@torch/host';
import { Logger } from '@nestjs/common';
import fastify from 'fastify';
import { admissionContext } from '../http/caller';
import { addRequestHooks } from '../http/request.hooks';
import { hostTracing } from './host.tracing';
import { startTelemetry } from './opentelemetry.adapter';
import { isTracing, withSpan } from './spans';

const command = (traceparent?: string): CommandEnvelope => ({
  id: 'i',
  type: 'SubmitRun',
  project: 'default',
  actor: 'user:operator',
  correlationId: 'c-1',
  traceparent,
  data: {},
});
const event = (traceparent?: string): PlacedEvent => ({
  id: '0/1-0/0',
  seq: 1,
  recordedAtMs: 1,
  type: 'agent.spawn-requested',
  v: 1,
  subject: 'agent/a',
  project: 'default',
  actor: 'service:spawner',
  correlationId: 'c-1',
  traceparent,
  data: {},
});

/** A client's span, the gateway's request, the owner's decision and an effect, as they follow from each other. */
async function journey(): Promise<void> {
  const telemetry = await startTelemetry('torch-test', process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
  Logger.overrideLogger(false); // Its output is what it found, and nothing else.
  const server = fastify();
  addRequestHooks(server);
  let decided: string | undefined;
  server.post('/v1/projects/:project/runs', async () => {
    const { traceparent } = admissionContext();
    decided = await hostTracing.command(command(traceparent), ({ traceparent: inner }) => Promise.resolve(inner));
    return {};
  });
  server.get('/fails', (_request, reply) => reply.code(503).send({}));
  await withSpan('submit plan', { kind: 'client', attributes: { 'torch.tasks': 6 } }, async ({ traceparent }) => {
    const payload = { name: 'x'.repeat(1000) };
    await server.inject({ method: 'POST', url: '/v1/projects/default/runs', headers: { traceparent }, payload });
  });
  await hostTracing.effect(event(decided), () => Promise.resolve());
  await hostTracing.effect(event(undefined), () => Promise.resolve());
  await server.inject('/fails');
  await withSpan('breaks', {}, () => Promise.reject(new Error('No.'))).catch(() => undefined);
  await withSpan('keeps', { traceparent: 'no traceparent' }, () => Promise.resolve());
  await server.close();

  const beganAtMs = performance.now();
  await telemetry.shutdown();
  const outcome = { tracing: isTracing(), shutdownMs: performance.now() - beganAtMs };
  process.stdout.write(JSON.stringify(outcome), () => process.exit());
}

void journey();
