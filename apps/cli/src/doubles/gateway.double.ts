import type { CloudEvent } from '@torch/agent';
import type { RunView, TaskStatus, TaskView } from '@torch/contracts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpDouble, jsonBodyOf, pathInProject, problem, sendJson } from './http.double';

const RUN_ID = 'run-1';
const SUBMITTED_AT_MS = 1_000_000;

export interface PostedPlan {
  readonly project: string;
  readonly tasks: readonly { readonly key: string; readonly title?: string; readonly role: string; readonly cwd?: string }[];
  readonly agents?: readonly { readonly cwd?: string }[];
}

/** A gateway for one run: takes the plan, streams the events that the test gives, and answers for run and tasks. */
export class GatewayDouble {
  readonly plans: PostedPlan[] = [];
  readonly requests: string[] = [];
  readonly cancellations: unknown[] = [];
  private readonly views = new Map<
    string,
    { status: TaskStatus; attempt: number; agentId?: string; exitCode?: number; durationMs?: number; reason?: string }
  >();
  private readonly events: CloudEvent[] = [];
  private readonly streams = new Set<ServerResponse>();
  private server!: HttpDouble;
  /** Answers instead of the double itself. */
  refuse?: (request: IncomingMessage) => { status: number; body: object } | undefined;
  ended?: RunView['status'];

  static async start(): Promise<GatewayDouble> {
    const double = new GatewayDouble();
    double.server = await HttpDouble.start((request, response) => double.answer(request, response));
    return double;
  }

  get url(): string {
    return this.server.url;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  get listeners(): number {
    return this.streams.size;
  }

  /** Cuts every event stream off. */
  cut(): void {
    for (const stream of this.streams) stream.destroy();
  }

  /** Something happens to a task: its event goes out, and what is asked about it later is changed. */
  happen(
    type: string,
    key: string,
    data: Record<string, unknown> = {},
    view: Partial<{ status: TaskStatus; attempt: number; exitCode: number; durationMs: number; reason: string }> = {},
  ): void {
    const taskId = `${RUN_ID}.${key}`;
    this.views.set(taskId, {
      ...(this.views.get(taskId) ?? { status: 'ready', attempt: 0 }),
      ...(data.agentId ? { agentId: String(data.agentId) } : {}),
      ...view,
    });
    this.emit(type, { taskId, ...data });
  }

  end(status: Exclude<RunView['status'], 'running'>): void {
    this.ended = status;
    this.emit('run.ended', { runId: RUN_ID, status });
  }

  private emit(type: string, data: object): void {
    const event: CloudEvent = {
      specversion: '1.0',
      id: `0/${this.events.length + 10}-0/0`,
      source: 'torch/0',
      type,
      subject: 'task/x',
      time: new Date(SUBMITTED_AT_MS + this.events.length).toISOString(),
      datacontenttype: 'application/json',
      dataschema: `urn:torch:event:${type}:1`,
      torchproject: 'default',
      torchactor: 'service:scheduler',
      torchcorrelationid: 'c',
      data,
    };
    this.events.push(event);
    for (const stream of this.streams) stream.write(sse(event));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    this.requests.push(`${request.method} ${pathname}`);
    const refusal = this.refuse?.(request);
    if (refusal) return sendJson(response, refusal.status, refusal.body);
    if (pathname.endsWith('/events')) return this.stream(request, response);
    const body = await jsonBodyOf(request);
    const route = `${request.method} ${pathInProject(pathname)}`;
    if (route === 'POST /runs') return sendJson(response, 202, this.accept(body as PostedPlan));
    if (route === `GET /runs/${RUN_ID}`) return sendJson(response, 200, this.run());
    if (route === 'GET /tasks') return sendJson(response, 200, { tasks: [...this.views.keys()].map((taskId) => this.task(taskId)) });
    if (route === `POST /runs/${RUN_ID}/cancel`) {
      this.cancellations.push(body);
      return sendJson(response, 202, { position: '12-0' });
    }
    return sendJson(response, 404, problem(404, 'not-found', `There is no ${pathname}.`));
  }

  private accept(plan: PostedPlan): object {
    this.plans.push(plan);
    for (const { key } of plan.tasks) this.views.set(`${RUN_ID}.${key}`, { status: 'ready', attempt: 0 });
    return {
      runId: RUN_ID,
      project: plan.project,
      tasks: plan.tasks.map(({ key }) => ({ key, taskId: `${RUN_ID}.${key}` })),
      position: '9-0',
    };
  }

  private stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
    const last = this.events.findIndex(({ id }) => id === request.headers['last-event-id']);
    for (const event of this.events.slice(last + 1)) response.write(sse(event));
  }

  private run(): RunView {
    const count = (status: TaskStatus): number => [...this.views.values()].filter((view) => view.status === status).length;
    return {
      runId: RUN_ID,
      status: this.ended ?? 'running',
      total: this.views.size,
      completed: count('completed'),
      failed: count('failed'),
      cancelled: count('cancelled'),
      deadLettered: count('dead-lettered'),
      skipped: count('skipped'),
      submittedAtMs: SUBMITTED_AT_MS,
      ...(this.ended && { endedAtMs: SUBMITTED_AT_MS + 4200 }),
    };
  }

  private task(taskId: string): TaskView {
    const view = this.views.get(taskId) ?? { status: 'ready', attempt: 0 };
    const key = taskId.slice(RUN_ID.length + 1);
    const spec = { taskId, key, title: key, role: 'dev', skills: [], prefer: [], dependsOn: [], priority: 5, timeoutMs: 1000, retries: 2 };
    return { runId: RUN_ID, spec, submittedAtMs: SUBMITTED_AT_MS, correlationId: 'c', ...view };
  }
}

const sse = (event: CloudEvent): string => `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
