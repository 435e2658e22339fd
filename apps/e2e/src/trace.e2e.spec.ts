import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitUntil } from '@torch/testing';
import { type RunResult, Torch } from './torch.fixture';

interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly service: string;
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly traceId: string; readonly name: string }[] }[];
  }[];
}

/** Receives OTLP over HTTP in JSON, as any collector does, and keeps what it got. */
class Receiver {
  readonly spans: Span[] = [];
  private server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') this.take(JSON.parse(Buffer.concat(chunks).toString()) as OtlpTraces);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    this.server = server;
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private take({ resourceSpans }: OtlpTraces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const { traceId, name } of scopeSpans.flatMap(({ spans }) => spans)) this.spans.push({ traceId, name, service });
    }
  }
}

describe('one run under OpenTelemetry', () => {
  const receiver = new Receiver();
  let torch: Torch;
  beforeAll(async () => {
    torch = new Torch({ OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.start() });
    await torch.up();
  }, 60_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
    receiver.stop();
  }, 30_000);

  it('is one trace, from the command line’s submission to the agent’s result', async () => {
    const run = await torch.json<RunResult>(
      'run',
      torch.plan('one.json', { agents: [{ role: 'worker' }], tasks: [{ key: 'only', role: 'worker', run: 'true' }] }),
    );
    expect(run.status).toBe('completed');
    const expected = [
      ['torch-cli', 'torch run'],
      ['torch-gateway', 'POST /v1/projects/:project/runs'],
      ['torch-scheduler', 'decide SubmitRun'],
      ['torch-spawner', 'effect agent.spawn-requested'],
      ['torch-agent', 'agent.execute'],
      ['torch-scheduler', 'decide CompleteTask'],
    ];
    const missing = (): string[] => {
      const traceId = receiver.spans.find(({ service }) => service === 'torch-cli')?.traceId;
      const trace = receiver.spans.filter((span) => span.traceId === traceId);
      return expected
        .filter(([service, name]) => !trace.some((span) => span.service === service && span.name === name))
        .map(([, name]) => `${name}`);
    };
    // Each process sends its spans when it has gathered some, so they come in any order.
    await waitUntil(() => missing().length === 0, { what: 'every party’s spans in one trace', deadlineMs: 30_000 }).catch(() => undefined);
    expect(missing()).toEqual([]);
  }, 90_000);
});
