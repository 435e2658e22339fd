import { join } from 'node:path';
import type { CommandEnvelope } from '@torch/host';
import fastify from 'fastify';
import { BundledProgram } from '../bundled-program.fixture';
import { admissionContext } from '../http/caller';
import { addRequestHooks } from '../http/request.hooks';
import { hostTracing } from './host.tracing';
import { startTelemetry } from './opentelemetry.adapter';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.fixture';
import { currentTraceparent, startSpan, withSpan } from './spans';
import { formatTraceparent, parseTraceparent } from './traceparent';

/** In a process of its own: Jest cannot load what the exporter loads. */
const journey = new BundledProgram(join(__dirname, 'journey.fixture.ts'));
afterAll(() => journey.remove());

async function travel(otlpEndpoint: string): Promise<{ tracing: boolean; shutdownMs: number }> {
  const program = journey.start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint });
  expect([await program.ended, program.stderr]).toEqual([0, '']);
  return JSON.parse(program.stdout) as { tracing: boolean; shutdownMs: number };
}

describe('telemetry with a collector', () => {
  let receiver: OtlpReceiver;
  let after: { tracing: boolean };
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    after = await travel(receiver.url);
  });
  afterAll(() => receiver.close());

  const span = (name: string): ReceivedSpan => {
    const found = receiver.spans.filter((candidate) => candidate.name === name);
    expect(found).toHaveLength(1);
    return found[0] as ReceivedSpan;
  };

  it('sends one trace from the client to the effect, each span under the one that led to it', () => {
    const chain = [
      span('submit plan'),
      span('POST /v1/projects/:project/runs'),
      span('decide SubmitRun'),
      span('effect agent.spawn-requested'),
    ];
    expect(new Set(chain.map(({ traceId }) => traceId)).size).toBe(1);
    expect(chain.map(({ parentSpanId }) => parentSpanId ?? '')).toEqual(['', ...chain.slice(0, -1).map(({ spanId }) => spanId)]);
    expect(chain.map(({ kind }) => kind)).toEqual([3, 2, 5, 5]);
    expect(new Set(chain.map(({ service }) => service))).toEqual(new Set(['torch-test']));
  });

  it('says what each span is about', () => {
    expect(span('submit plan').attributes).toEqual({ 'torch.tasks': 6 });
    expect(span('POST /v1/projects/:project/runs').attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/projects/:project/runs',
      'url.path': '/v1/projects/default/runs',
      'http.response.status_code': 200,
    });
    expect(span('decide SubmitRun').attributes).toEqual({
      'torch.project': 'default',
      'torch.actor': 'user:operator',
      'torch.correlation_id': 'c-1',
    });
  });

  it('marks what failed', () => {
    expect(span('breaks').status).toEqual({ code: 2, message: 'No.' });
    expect(span('GET /fails').status).toMatchObject({ code: 2 });
    expect(span('keeps').status.code ?? 0).toBe(0);
  });

  it('makes no span of an effect that nobody asked to trace', () => {
    expect(receiver.spans.filter(({ name }) => name.startsWith('effect'))).toHaveLength(1);
  });

  it('is off again after the shutdown', () => {
    expect(after.tracing).toBe(false);
  });
});

describe('telemetry with a collector that is away', () => {
  it('does not hold up the shutdown, nor fail it', async () => {
    const receiver = await startOtlpReceiver();
    await receiver.close();
    expect((await travel(receiver.url)).shutdownMs).toBeLessThan(1500);
  });

  it('that takes connections and never answers does not hold it up either', async () => {
    const receiver = await startOtlpReceiver({ answers: false });
    expect((await travel(receiver.url)).shutdownMs).toBeLessThan(1500);
    await receiver.close();
  });
});

describe('without telemetry', () => {
  it('spans are one object that does nothing', async () => {
    const telemetry = await startTelemetry('torch-test', undefined);
    const first = startSpan('a');
    expect(startSpan('b')).toBe(first);
    expect(first.traceparent).toBeUndefined();
    expect(currentTraceparent()).toBeUndefined();
    expect(await withSpan('c', {}, (span) => span.within(() => 7))).toBe(7);
    await expect(withSpan('d', {}, () => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
    await telemetry.shutdown();
  });

  it("a client's trace context still travels on with its commands", async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const server = fastify();
    addRequestHooks(server);
    server.get('/', () => admissionContext());
    const response = await server.inject({ url: '/', headers: { traceparent, 'torch-correlation-id': 'c-9' } });
    expect(response.json()).toEqual({ correlationId: 'c-9', traceparent });
    const sent: CommandEnvelope = {
      id: 'i',
      type: 'SubmitRun',
      project: 'default',
      actor: 'user:operator',
      correlationId: 'c-1',
      traceparent,
      data: {},
    };
    expect(await hostTracing.command(sent, (same) => Promise.resolve(same === sent))).toBe(true);
    await server.close();
  });
});

describe('a traceparent', () => {
  it('is read and written', () => {
    const text = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const context = parseTraceparent(text);
    expect(context).toEqual({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 });
    expect(context && formatTraceparent(context)).toBe(text);
  });

  it.each([
    undefined,
    '',
    'x',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  ])('that is %j counts as none', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
