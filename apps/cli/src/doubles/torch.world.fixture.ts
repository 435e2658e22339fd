import { openArchive } from '@torch/archive';
import { commandContract, type CommandContract, type ServiceName } from '@torch/contracts';
import { messagingDecider } from '@torch/domain-messaging';
import { registryDecider } from '@torch/domain-registry';
import { reactionTo as schedulerReaction, schedulerDeciderWith, type SchedulerState } from '@torch/domain-scheduler';
import { reactionTo as spawnerReaction, type ReactedTo, spawnerDecider, type SpawnerState } from '@torch/domain-spawner';
import type { ConnectedTorchClient, OwnCommand, ServiceDefinition, ServiceHost, Turn } from '@torch/host';
import type { AnyEvent, Decider } from '@torch/kernel';
import { decodeCommit, InMemoryLogServer, type LogEntry, type LogServer, partitionOf } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const WORLD_PARTITIONS = 2;
const CONFIG = { leaseMs: 4000, renewEveryMs: 500, acquireEveryMs: 20, retryMs: 5, retryMsMax: 20, logGatherMs: 0 };
/** So short that a test can wait for what a lease's end leads to, and long enough for an agent of a test to start. */
const LIMITS = { startGraceMs: 1500, backoffFirstMs: 5 };

/** The services with their real rules and without their effects, over a log in memory or a real one: writes histories for tests. */
export class TorchWorld {
  private readonly hosts: ServiceHost<never>[] = [];
  private client: ConnectedTorchClient | undefined;

  private constructor(
    readonly server: LogServer,
    readonly project: string,
  ) {}

  static async create(server: LogServer = new InMemoryLogServer(), project = 'default'): Promise<TorchWorld> {
    const world = new TorchWorld(server, project);
    await server.partitions(WORLD_PARTITIONS);
    const { createTorchClient } = await import('@torch/host');
    world.client = await createTorchClient(server, { config: { resendAfterMs: 200, resendAfterMsMax: 800 } });
    await world.start('registry', registryDecider);
    await world.start('gateway', messagingDecider);
    const scheduler = (event: AnyEvent, { state }: Turn<SchedulerState>): readonly OwnCommand[] => schedulerReaction(event, state);
    await world.start('scheduler', schedulerDeciderWith(LIMITS) as unknown as Decider<SchedulerState>, {
      'agent.lost': scheduler,
      'agent.deregistered': scheduler,
      'agent.registered': scheduler,
    });
    const spawner = (event: AnyEvent, { state }: Turn<SpawnerState>): readonly OwnCommand[] => spawnerReaction(event as ReactedTo, state);
    await world.start('spawner', spawnerDecider as unknown as Decider<SpawnerState>, { 'run.ended': spawner, 'agent.lost': spawner });
    return world;
  }

  get partition(): number {
    return partitionOf(this.project, WORLD_PARTITIONS);
  }

  async send(actor: string, type: string, data: object, idempotencyId?: string): Promise<string> {
    const contract = commandContract(type) as CommandContract;
    const { position } = await (this.client as ConnectedTorchClient).command(
      contract,
      { project: this.project, actor, idempotencyId, correlationId: `c-${type}` },
      data as never,
    );
    return position;
  }

  register(agentId: string, role = 'worker', skills: string[] = []): Promise<string> {
    return this.send(`agent:${agentId}`, 'RegisterAgent', {
      agentId,
      role,
      skills,
      capacity: 1,
      harness: 'exec',
      instance: `${agentId}-1`,
    });
  }

  submit(runId: string, tasks: readonly Record<string, unknown>[], idempotencyId?: string): Promise<string> {
    const specs = tasks.map((task) => ({
      taskId: `${runId}.${task.key as string}`,
      title: task.key,
      role: 'worker',
      skills: [],
      prefer: [],
      dependsOn: [],
      priority: 5,
      run: 'true',
      timeoutMs: 60_000,
      retries: 1,
      ...task,
    }));
    return this.send('user:ada', 'SubmitRun', { runId, name: `run ${runId}`, tasks: specs }, idempotencyId);
  }

  /** Sends what an agent reports about its live attempt at a task. */
  async report(type: 'StartTask' | 'CompleteTask' | 'FailTask', taskId: string, data: object = {}): Promise<string> {
    const { attempt, assignment, agentId } = (await this.assigned(taskId)).data as { attempt: number; assignment: string; agentId: string };
    return this.send(`agent:${agentId}`, type, { taskId, attempt, assignment, agentId, ...data });
  }

  /** The newest assignment of a task, once there is one that is not over. */
  async assigned(taskId: string): Promise<AnyEvent> {
    const moves = async (): Promise<AnyEvent[]> =>
      (await this.events()).filter(
        ({ type, data }) => (data as { taskId?: string }).taskId === taskId && ['task.assigned', 'task.attempt-failed'].includes(type),
      );
    await waitUntil(async () => (await moves()).at(-1)?.type === 'task.assigned', { what: `an assignment of ${taskId}` });
    return (await moves()).at(-1) as AnyEvent;
  }

  async happened(type: string, subject: string): Promise<AnyEvent> {
    const found = async (): Promise<AnyEvent | undefined> =>
      (await this.events()).findLast((event) => event.type === type && event.subject === subject);
    await waitUntil(async () => (await found()) !== undefined, { what: `${type} of ${subject}` });
    return (await found()) as AnyEvent;
  }

  async events(): Promise<AnyEvent[]> {
    return (await this.entries()).flatMap((entry) => decodeCommit(entry).events);
  }

  async entries(): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (;;) {
      const page = await this.server.log.read(this.partition, entries.length, 500);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  }

  /** Writes what there is, or its beginning, into an archive; a segment is sealed behind each of `sealBehind`. */
  async archive(
    dir: string,
    { throughSeq = Infinity, sealBehind = [] }: { throughSeq?: number; sealBehind?: readonly number[] } = {},
  ): Promise<void> {
    const entries = (await this.entries()).filter(({ position }) => position.seq <= throughSeq);
    await archiveEntries(dir, this.partition, entries, sealBehind);
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
    await this.client?.close();
    await this.server.close();
  }

  private async start<State>(
    service: ServiceName,
    decider: Decider<State>,
    reactions: Record<string, (event: AnyEvent, turn: Turn<State>) => readonly OwnCommand[]> = {},
  ): Promise<void> {
    const definition: ServiceDefinition<State> = {
      service,
      decider,
      handleCommand: (command, turn) => turn.decide(command),
      queries: new Map(),
      reactions: new Map(Object.entries(reactions)),
      effects: new Map(),
    };
    const { ServiceHost } = await import('@torch/host');
    const host = new ServiceHost<State>({ server: this.server, definition, config: CONFIG });
    this.hosts.push(host as unknown as ServiceHost<never>);
    await host.start();
    await waitUntil(async () => (await host.readiness()).ready, { what: `${service} to be ready` });
  }
}

/** An archive with these entries of one partition. */
export async function archiveEntries(
  dir: string,
  partition: number,
  entries: readonly LogEntry[],
  sealBehind: readonly number[] = [],
): Promise<void> {
  const archive = await openArchive({ dir, partition, sign: () => 'unsigned', config: { groupMs: 0 } });
  for (const entry of entries) {
    await archive.room();
    archive.add(entry);
    if (sealBehind.includes(entry.position.seq)) await archive.seal();
  }
  await archive.flush();
  await archive.close();
  writeFileSync(join(dir, 'log.json'), JSON.stringify({ format: 1, logId: 'spec', partitions: WORLD_PARTITIONS, createdAtMs: 1 }));
}
