import type {
  AgentList,
  Inbox,
  ListAgents,
  MessageView,
  PauseAgent,
  Plan,
  PlanAgents,
  PoolList,
  RedriveTasks,
  RegisterAgent,
  RunList,
  RunView,
  SendMessage,
  TaskExplained,
  TaskList,
  TaskStatus,
  TaskView,
  UpdateAgent,
} from '@torch/contracts';
import { ApprovalsClient } from './approvals.client';
import { AttemptClient } from './attempt.client';
import { BudgetsClient } from './budgets.client';
import { ClaimsClient } from './claims.client';
import { ConflictsClient } from './conflicts.client';
import { ContextClient } from './context.client';
import { eventStream, type EventStreamConfig, type EventStreamOptions } from './event-stream';
import type {
  AcksAnswer,
  AgentDetails,
  AgentEvent,
  AttemptName,
  CloudEvent,
  CommitView,
  DigestsView,
  HistoryPage,
  HistoryQuery,
  MessageAccepted,
  PoolsDefined,
  RunAccepted,
  Written,
} from './gateway.answers';
import type { GatewayTransport, QueryValue, RequestOptions } from './gateway.transport';
import { LimitsClient } from './limits.client';
import { ProjectRoutes } from './project.routes';
import { SchedulesClient } from './schedules.client';

export interface StreamOptions extends Partial<EventStreamConfig>, Pick<EventStreamOptions, 'signal' | 'onConnected' | 'onDisconnected'> {}

/** One project's runs, tasks, agents, messages, pools and log, and a client for each kind of rule. Same errors as `GatewayClient`. */
export class ProjectClient {
  readonly limits: LimitsClient;
  readonly claims: ClaimsClient;
  readonly approvals: ApprovalsClient;
  readonly budgets: BudgetsClient;
  readonly schedules: SchedulesClient;
  readonly context: ContextClient;
  readonly conflicts: ConflictsClient;
  private readonly routes: ProjectRoutes;

  constructor(
    private readonly transport: GatewayTransport,
    readonly project: string,
  ) {
    this.routes = new ProjectRoutes(transport, project);
    this.limits = new LimitsClient(this.routes);
    this.claims = new ClaimsClient(this.routes);
    this.approvals = new ApprovalsClient(this.routes);
    this.budgets = new BudgetsClient(this.routes);
    this.schedules = new SchedulesClient(this.routes);
    this.context = new ContextClient(this.routes);
    this.conflicts = new ConflictsClient(this.routes);
  }

  /** The whole plan or nothing of it. */
  submitRun(plan: Plan, options?: RequestOptions): Promise<RunAccepted> {
    return this.routes.write('POST', '/runs', plan, options);
  }

  listRuns(query: { limit?: number } = {}, options?: RequestOptions): Promise<RunList> {
    return this.routes.read('/runs', query, options);
  }

  getRun(runId: string, options?: RequestOptions): Promise<RunView> {
    return this.routes.read(`/runs/${encodeURIComponent(runId)}`, {}, options);
  }

  cancelRun(runId: string, reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/runs/${encodeURIComponent(runId)}/cancel`, { reason }, options);
  }

  listTasks(
    query: { runId?: string; status?: TaskStatus; role?: string; limit?: number; after?: string } = {},
    options?: RequestOptions,
  ): Promise<TaskList> {
    return this.routes.read('/tasks', query, options);
  }

  getTask(taskId: string, options?: RequestOptions): Promise<TaskView> {
    return this.routes.read(`/tasks/${encodeURIComponent(taskId)}`, {}, options);
  }

  taskHistory(taskId: string, options?: RequestOptions): Promise<{ events: CloudEvent[] }> {
    return this.routes.read(`/tasks/${encodeURIComponent(taskId)}/history`, {}, options);
  }

  /** With `subtree` also everything that depends on it. Does nothing when it is cancelled already. */
  cancelTask(taskId: string, reason?: string, options?: RequestOptions & { subtree?: boolean }): Promise<Written> {
    const { subtree, ...rest } = options ?? {};
    return this.routes.write('POST', `/tasks/${encodeURIComponent(taskId)}/cancel`, { reason, subtree }, rest);
  }

  retryTask(taskId: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/tasks/${encodeURIComponent(taskId)}/retry`, {}, options);
  }

  /** Takes dead letters up again: those named, or those that fit the filter, the oldest first. */
  redriveTasks(which: RedriveTasks, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', '/tasks/redrive', which, options);
  }

  /** 0 is first, 9 is last. */
  setPriority(taskId: string, priority: number, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/tasks/${encodeURIComponent(taskId)}/priority`, { priority }, options);
  }

  /** What the task waits for, or why it has the agent that it has. */
  explainTask(taskId: string, options?: RequestOptions): Promise<TaskExplained> {
    return this.routes.read(`/tasks/${encodeURIComponent(taskId)}/explain`, {}, options);
  }

  /** What an agent reports of one attempt. */
  attempt({ taskId, attempt, assignment }: AttemptName): AttemptClient {
    return new AttemptClient(this.transport, `${this.routes.root}/tasks/${encodeURIComponent(taskId)}/attempts/${attempt}`, assignment);
  }

  /** An attempt's output from byte `offset`, as it comes; with `follow` until the attempt has ended. */
  async *taskOutput(
    taskId: string,
    query: { attempt?: number; offset?: number; follow?: boolean } = {},
    options?: RequestOptions,
  ): AsyncGenerator<Uint8Array, void, void> {
    const path = `${this.routes.root}/tasks/${encodeURIComponent(taskId)}/output`;
    const response = await this.transport.stream({ method: 'GET', path, query, accept: 'text/plain', ...options });
    if (response.body) yield* response.body as AsyncIterable<Uint8Array>;
  }

  listAgents(query: Readonly<ListAgents> = {}, options?: RequestOptions): Promise<AgentList> {
    return this.routes.read('/agents', { ...query }, options);
  }

  getAgent(agentId: string, options?: RequestOptions): Promise<AgentDetails> {
    return this.routes.read(`/agents/${encodeURIComponent(agentId)}`, {}, options);
  }

  registerAgent(agentId: string, agent: Omit<RegisterAgent, 'agentId'>, options?: RequestOptions): Promise<Written> {
    return this.routes.write('PUT', `/agents/${encodeURIComponent(agentId)}`, agent, options);
  }

  /** Changes what an agent can do; absent fields stay as they are. */
  updateAgent(agentId: string, change: Omit<UpdateAgent, 'agentId'>, options?: RequestOptions): Promise<Written> {
    return this.routes.write('PATCH', `/agents/${encodeURIComponent(agentId)}`, change, options);
  }

  /** The agent finishes what it has and gets nothing new. Does nothing when it is draining already. */
  drainAgent(agentId: string, reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/agents/${encodeURIComponent(agentId)}/drain`, { reason }, options);
  }

  /** The agent cannot go on for now; without `pause` it can again. */
  pauseAgent(agentId: string, pause: Omit<PauseAgent, 'agentId'>, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/agents/${encodeURIComponent(agentId)}/pause`, pause, options);
  }

  deregisterAgent(agentId: string, reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('DELETE', `/agents/${encodeURIComponent(agentId)}`, { reason }, options);
  }

  /** Ends a spawned agent's process. */
  stopAgent(agentId: string, reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/agents/${encodeURIComponent(agentId)}/stop`, { reason }, options);
  }

  /** One attempt only: the next heartbeat is the retry. */
  heartbeat(agentId: string, instance: string, options?: RequestOptions): Promise<{ known: boolean }> {
    return this.routes.write(
      'POST',
      `/agents/${encodeURIComponent(agentId)}/heartbeat`,
      { instance },
      { retry: { attemptsMax: 1 }, ...options },
    );
  }

  /** Work, cancellations and messages for one agent. A newer connection of the same agent ends this one. */
  async *agentEvents(agentId: string, instance: string, options: StreamOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    const path = `${this.routes.root}/agents/${encodeURIComponent(agentId)}/stream`;
    for await (const { type, data } of this.openEvents(path, { instance }, options)) yield { type, data: JSON.parse(data) } as AgentEvent;
  }

  sendMessage(message: Omit<SendMessage, 'messageId'> & { messageId?: string }, options?: RequestOptions): Promise<MessageAccepted> {
    return this.routes.write('POST', '/messages', message, options);
  }

  getMessage(messageId: string, options?: RequestOptions): Promise<MessageView> {
    return this.routes.read(`/messages/${encodeURIComponent(messageId)}`, {}, options);
  }

  inbox(recipient: string, query: { limit?: number } = {}, options?: RequestOptions): Promise<Inbox> {
    return this.routes.read(`/inboxes/${encodeURIComponent(recipient)}`, query, options);
  }

  confirmDelivered(recipient: string, messageId: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/inboxes/${encodeURIComponent(recipient)}/${encodeURIComponent(messageId)}/delivered`, {}, options);
  }

  ackMessage(recipient: string, messageId: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/inboxes/${encodeURIComponent(recipient)}/${encodeURIComponent(messageId)}/ack`, {}, options);
  }

  /** Several at once, at most 500. What was refused is said; the others are acknowledged. */
  ackMessages(recipient: string, messageIds: readonly string[], options?: RequestOptions): Promise<AcksAnswer> {
    return this.routes.write('POST', `/inboxes/${encodeURIComponent(recipient)}/acks`, { messageIds }, options);
  }

  listPools(options?: RequestOptions): Promise<PoolList> {
    return this.routes.read('/pools', {}, options);
  }

  /** The project's own agent templates. */
  definePools(agents: readonly PlanAgents[], options?: RequestOptions): Promise<PoolsDefined> {
    return this.routes.write('POST', '/pools', { agents }, options);
  }

  releasePool(poolId: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/pools/${encodeURIComponent(poolId)}/release`, {}, options);
  }

  retirePool(poolId: string, reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/pools/${encodeURIComponent(poolId)}/retire`, { reason }, options);
  }

  /** The project's events from behind seq `after` (default: from now on), without an end unless `signal` aborts. */
  async *tailEvents(
    query: { types?: readonly string[]; subject?: string; after?: number } = {},
    options: StreamOptions = {},
  ): AsyncGenerator<CloudEvent, void, void> {
    for await (const { data } of this.openEvents(`${this.routes.root}/events`, query, options)) yield JSON.parse(data) as CloudEvent;
  }

  /** One page of what happened in the project. */
  history(query: HistoryQuery = {}, options?: RequestOptions): Promise<HistoryPage> {
    return this.routes.read('/history', { ...query }, options);
  }

  /** One commit by its position, `<seq>-<generation>`. */
  commit(position: string, options?: RequestOptions): Promise<CommitView> {
    return this.routes.read(`/log/${encodeURIComponent(position)}`, {}, options);
  }

  /** The digest of the project's state in every service, as it is now. */
  digests(options?: RequestOptions): Promise<DigestsView> {
    return this.routes.read('/digests', {}, options);
  }

  private openEvents(path: string, query: Record<string, QueryValue>, options: StreamOptions) {
    return eventStream({
      ...options,
      open: ({ lastEventId, signal }) =>
        this.transport.stream({
          method: 'GET',
          path,
          query,
          signal,
          accept: 'text/event-stream',
          retry: { attemptsMax: 1 },
          headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
        }),
    });
  }
}
