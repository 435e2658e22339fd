import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TaskSpec } from '@torch/contracts';
import type { AgentEvent, Work } from '../http/gateway.answers';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
  json(): Record<string, unknown>;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A double of the gateway: a real HTTP server that speaks its protocol, remembers all requests and decides nothing. */
export class GatewayDouble {
  readonly requests: SeenRequest[] = [];
  readonly outputs = new Map<string, Buffer>();
  /** Answers a request in its own way; undefined: as usual. */
  answer: (request: SeenRequest) => Reply | 'cut' | undefined = () => undefined;
  known = true;
  streamsOpened = 0;
  private readonly streams = new Set<ServerResponse>();
  private server?: Server;
  private port = 0;

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.serve(request, response));
    await new Promise<void>((listening) => this.server?.listen(this.port, '127.0.0.1', listening));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.streams.clear();
    server?.closeAllConnections();
    await new Promise<void>((closed) => (server ? server.close(() => closed()) : closed()));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  send(event: AgentEvent, id?: string): void {
    for (const stream of this.streams)
      stream.write(`${id ? `id: ${id}\n` : ''}event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`);
  }

  cutStreams(): void {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }

  get connected(): boolean {
    return this.streams.size > 0;
  }

  to(method: string, path: RegExp): SeenRequest[] {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://double');
    const request: SeenRequest = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      body,
      json: () => JSON.parse(body.toString()) as Record<string, unknown>,
    };
    this.requests.push(request);
    const special = this.answer(request);
    if (special === 'cut') return void incoming.socket.destroy();
    if (!special && pathname.endsWith('/stream')) return this.openStream(response);
    const { status, body: answer, headers } = special ?? this.usual(request);
    response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  }

  private openStream(response: ServerResponse): void {
    this.streamsOpened += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': ping\n\n');
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }

  private usual(request: SeenRequest): Reply {
    if (request.path.endsWith('/heartbeat')) return { status: 200, body: { known: this.known } };
    if (request.path.endsWith('/output')) return this.append(request);
    if (request.method === 'GET' && request.path.endsWith('/approvals')) return { status: 200, body: { approvals: [] } };
    return { status: 202, body: { position: '1-0' } };
  }

  private append({ path, query, body }: SeenRequest): Reply {
    const kept = this.outputs.get(path) ?? Buffer.alloc(0);
    const offset = Number(query.get('offset'));
    if (offset > kept.length) return problem(409, 'wrong-offset', { expectedOffset: kept.length });
    this.outputs.set(path, Buffer.concat([kept.subarray(0, offset), body]));
    return { status: 200, body: { size: offset + body.length } };
  }
}

export const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: { type: `urn:torch:problem:${code}`, title: code, status, code, detail: `It is so: ${code}.`, ...more },
});

export function aWork(spec: Partial<TaskSpec> = {}, attempt = 1, assignment = `as-${attempt}`): Work {
  const taskId = spec.taskId ?? 'run-1.build';
  return {
    taskId,
    attempt,
    assignment,
    runId: 'run-1',
    correlationId: 'corr-1',
    leaseUntilMs: Date.now() + 30_000,
    spec: {
      taskId,
      key: 'build',
      title: 'Build',
      role: 'developer',
      skills: [],
      prefer: [],
      dependsOn: [],
      priority: 5,
      timeoutMs: 30_000,
      retries: 2,
      ...spec,
    },
  };
}
