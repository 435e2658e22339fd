import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { type InboxEntry, Queries, type TaskView } from '@torch/contracts';
import { LogTails, type TailedCommit } from '@torch/host';
import { Rejection } from '@torch/kernel';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, NotFound } from '@torch/platform';
import { AgentEvidence } from '../adapters/agent-evidence.adapter';
import type { SseConnection } from '../adapters/sse-connection.adapter';
import { Owners } from '../adapters/owners.adapter';
import { PersonalData } from '../adapters/personal-data.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { messageKey, openFrame, openMessageFrame, openWorkFrame, workKey } from './agent-events';
import { AgentRouter } from './agent-router';
import { DispatchRecorder } from './dispatch-recorder.reactor';
import { OrderedPushes, type Push } from './ordered-pushes';
import { WorkLookup } from './work-lookup';

export interface AgentRef {
  readonly project: string;
  readonly agentId: string;
  /** Changes with every start of the agent. */
  readonly instance: string;
}

/** One agent's connection, and what is sent over it. */
export interface AgentStream extends AgentRef {
  readonly connection: SseConnection;
  readonly pushes: OrderedPushes;
}

interface Partition {
  readonly router: AgentRouter;
  readonly followed: Promise<() => void>;
}

/** Pushes to connected agents what the log says is for them: work, cancellations, messages, a request to stop. */
@Injectable()
export class AgentStreams implements OnModuleDestroy {
  private readonly logger = new Logger(AgentStreams.name);
  private readonly partitions = new Map<number, Partition>();
  private readonly work: WorkLookup;

  constructor(
    private readonly owners: Owners,
    private readonly tails: LogTails,
    private readonly personal: PersonalData,
    private readonly dispatches: DispatchRecorder,
    private readonly evidence: AgentEvidence,
    @Inject(LOG_SERVER) private readonly server: LogServer,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {
    this.work = new WorkLookup(config.knownSpecsBytesMax, async (project, taskId) => {
      const { task } = await owners.query(Queries.GetTask, project, { taskId });
      return task && { runId: task.runId, spec: task.spec, inputs: task.inputs };
    });
  }

  /**
   * Opens an agent's stream: everything that is open, then what comes. An older stream of the same agent ends.
   *
   * @throws NotFound, Rejection, LogUnavailable, DeadlineExceeded: nothing has been sent yet.
   */
  async open(agent: AgentRef, connection: SseConnection): Promise<void> {
    const partition = this.owners.partitionOf(agent.project);
    const stream: AgentStream = { ...agent, connection, pushes: new OrderedPushes(connection, this.config.streamPendingMax) };
    const { router, followed } = this.follow(partition);
    router.add(stream);
    connection.onClose(() => this.leave(partition, router, stream));
    try {
      // The log is followed before the owners are asked, so that nothing falls in between.
      await followed;
      const { work, messages } = await this.everythingOpen(agent);
      connection.open();
      this.evidence.opened(agent);
      connection.onClose(() => this.evidence.closed(agent));
      stream.pushes.release(this.openPushes(agent, work, messages));
      router.endOlder(stream);
    } catch (error) {
      connection.end('it could not be opened');
      throw error;
    }
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.partitions.values()].map(async ({ followed }) => (await followed.catch(() => () => undefined))()));
    this.partitions.clear();
  }

  private async everythingOpen({ project, agentId, instance }: AgentRef): Promise<{ work: TaskView[]; messages: InboxEntry[] }> {
    const deadline = this.owners.deadline();
    const [{ agent }, { tasks }, { messages }] = await Promise.all([
      this.owners.query(Queries.GetAgent, project, { agentId }, deadline),
      this.owners.query(Queries.ListAgentWork, project, { agentId }, deadline),
      this.owners.query(Queries.GetInbox, project, { recipient: agentId }, deadline),
    ]);
    if (!agent || agent.presence === 'deregistered') throw new NotFound('unknown-agent', `Agent "${agentId}" is not registered.`);
    if (agent.instance !== instance)
      throw new Rejection('stale-instance', `Agent "${agentId}" is instance "${agent.instance}", and not "${instance}".`);
    return { work: tasks, messages };
  }

  private openPushes({ project, agentId }: AgentRef, work: readonly TaskView[], messages: readonly InboxEntry[]): Push[] {
    return [
      ...work.map((task) => ({ key: workKey({ taskId: task.spec.taskId, ...task }), frame: openWorkFrame(task) })),
      ...messages.map((entry) => ({
        key: messageKey(entry.messageId),
        frame: openMessageFrame(entry),
        ...(entry.state === 'queued' && {
          sent: () => this.dispatches.record({ project, messageId: entry.messageId, recipient: agentId }),
        }),
      })),
      { key: 'open', frame: openFrame(work) },
    ];
  }

  private follow(partition: number): Partition {
    let found = this.partitions.get(partition);
    if (!found) {
      const router = new AgentRouter(partition, this.work, this.dispatches, this.personal);
      this.partitions.set(partition, (found = { router, followed: this.subscribe(partition, router) }));
      found.followed.catch(() => this.partitions.delete(partition)); // The next agent tries again.
    }
    return found;
  }

  private async subscribe(partition: number, router: AgentRouter): Promise<() => void> {
    const head = await this.server.log.head(partition);
    router.generation = head.generation;
    return this.tails.subscribe(partition, head.seq, {
      onCommit: ({ commit }: TailedCommit) => router.route(commit),
      onEnd: (error: Error) => {
        this.logger.error(`Partition ${partition} cannot be followed any further: ${error.message}`);
        this.partitions.delete(partition);
        this.work.forget();
        router.endAll('the log cannot be followed any further');
      },
    });
  }

  private leave(partition: number, router: AgentRouter, stream: AgentStream): void {
    router.remove(stream);
    const current = this.partitions.get(partition);
    if (router.size > 0 || current?.router !== router) return;
    this.partitions.delete(partition);
    void current.followed.then(
      (unsubscribe) => unsubscribe(),
      () => undefined,
    );
  }
}
