import { randomUUID } from 'node:crypto';
import {
  admittedData,
  assertNoSecret,
  type CommandContract,
  type DataOf,
  hostQueries,
  type QueryContract,
  type ServiceName,
} from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { compareEntryIds, type LogServer, partitionOf, PARTITIONS_DEFAULT, repliesChannel } from '@torch/log';
import type { Accepted, Admission, TorchClient } from './client';
import { answeredKey } from './answered-commands';
import { CommandSender } from './command-sender';
import type { Reached } from './durability';
import { DurabilityWatch } from './durability-watch';
import { type HostClock, SYSTEM_CLOCK } from './host.clock';
import type { Answer, CommandEnvelope, QueryAnswer, QueryEnvelope } from './envelope';
import type { Replies } from './replies';
import { QuerySender } from './query-sender';
import { WaitingAskers } from './waiting-askers';

export interface TorchClientConfig {
  /** Unless the caller says otherwise. */
  readonly deadlineMs: number;
  /**
   * First and longest pause before a request without an answer is sent again; its id keeps that harmless. A command is not sent
   * again before the longest is over, as long as its queue is known to have it.
   */
  readonly resendAfterMs: number;
  readonly resendAfterMsMax: number;
  /** First pause before a request is sent again that has reached nobody, as far as is known; `resendAfterMs` is the longest. */
  readonly retryMs: number;
  /** Commands and queries that wait for an answer at a time. */
  readonly waitingMax: number;
  /** Replicas that must have a command before it counts as replicated. */
  readonly replicasMin: number;
}

export const TORCH_CLIENT_DEFAULTS: TorchClientConfig = {
  deadlineMs: 5000,
  resendAfterMs: 1000,
  resendAfterMsMax: 10_000,
  retryMs: 50,
  waitingMax: 100_000,
  replicasMin: 1,
};

export interface TorchClientOptions {
  /** Default: a name that no other process has. */
  readonly instance?: string;
  readonly config?: Partial<TorchClientConfig>;
  readonly clock?: HostClock;
  readonly newId?: () => string;
}

/** Connects a client. Closes nothing but its own channel: the log server's connections belong to the caller. */
export async function createTorchClient(server: LogServer, options: TorchClientOptions = {}): Promise<ConnectedTorchClient> {
  const { clock = SYSTEM_CLOCK, newId = randomUUID } = options;
  const client = new ConnectedTorchClient(
    { server, clock, newId },
    await server.partitions(PARTITIONS_DEFAULT),
    options.instance ?? `client-${newId()}`,
    { ...TORCH_CLIENT_DEFAULTS, ...options.config },
  );
  await client.listen();
  return client;
}

export class ConnectedTorchClient implements TorchClient {
  private readonly waiting: WaitingAskers;
  private readonly commands: CommandSender;
  private readonly queries: QuerySender;
  private readonly durability: DurabilityWatch;
  private stopListening: (() => Promise<void>) | undefined;

  constructor(
    private readonly parts: { readonly server: LogServer; readonly clock: HostClock; readonly newId: () => string },
    readonly partitions: number,
    readonly instance: string,
    private readonly config: TorchClientConfig,
  ) {
    const { server, clock } = parts;
    this.durability = new DurabilityWatch(server, config.replicasMin, clock);
    this.waiting = new WaitingAskers(clock, config.waitingMax);
    const { retryMs, resendAfterMs, resendAfterMsMax } = config;
    const resends = { retryMs: resendAfterMs, retryMsMax: resendAfterMsMax };
    const retries = { retryMs, retryMsMax: resendAfterMs };
    this.commands = new CommandSender({ server, clock, resends, retries, isDecided: (...entry) => this.isDecided(...entry) });
    this.queries = new QuerySender({ signals: server.signals, clock, resends, retries });
  }

  async listen(): Promise<void> {
    this.stopListening = await this.parts.server.signals.listen(repliesChannel(this.instance), (body) => this.receive(body));
  }

  async close(): Promise<void> {
    this.commands.close();
    await this.durability.close();
    await this.stopListening?.();
  }

  partitionOf(project: string): number {
    return partitionOf(project, this.partitions);
  }

  async command<C extends CommandContract>(
    contract: C,
    admission: Admission,
    data: DataOf<C>,
    deadlineMs = this.config.deadlineMs,
  ): Promise<Accepted> {
    const partition = this.partitionOf(admission.project);
    const { clock, newId } = this.parts;
    const id = admission.idempotencyId ?? newId();
    const { project, actor, correlationId = newId(), traceparent } = admission;
    assertNoSecret('idempotencyId', id);
    assertNoSecret('correlationId', correlationId);
    const admitted = admittedData(contract.data, data); // The queue is kept too, as long as nobody has decided what is in it.
    const command: CommandEnvelope = {
      id,
      type: contract.type,
      project,
      actor,
      correlationId,
      traceparent,
      data: admitted,
      replyTo: this.instance,
    };
    const deadlineAtMs = clock.nowMs() + deadlineMs;
    for (;;) {
      const request = { what: contract.type, deadlineMs: Math.max(0, deadlineAtMs - clock.nowMs()) };
      const answer = (await this.waiting.ask(
        answeredKey(project, id),
        request,
        (asker) => void this.commands.send(partition, contract.service, command, asker),
      )) as Answer;
      if (!answer.ok) throw new Rejection(answer.code, answer.message);
      const { position } = answer;
      const reached: Reached = await this.durability.reached({ partition, position, admission, deadlineAtMs });
      if (reached !== 'lost') return { position, partition, durability: reached };
    }
  }

  /** An owner that does not answer in time has more urgent things to do, such as deciding what is in its queue. */
  private async isDecided(partition: number, service: string, entryId: string): Promise<boolean> {
    try {
      const contract = hostQueries.getOwner(service as ServiceName);
      const { decidedThrough } = await this.ownerQuery(contract, partition, '', {}, this.config.resendAfterMs);
      return decidedThrough !== undefined && compareEntryIds(decidedThrough, entryId) >= 0;
    } catch {
      return false;
    }
  }

  query<C extends QueryContract>(contract: C, project: string, data: DataOf<C>, deadlineMs?: number): Promise<InstanceType<C['answer']>> {
    return this.ownerQuery(contract, this.partitionOf(project), project, data, deadlineMs);
  }

  queryPartition<C extends QueryContract>(
    contract: C,
    partition: number,
    data: DataOf<C>,
    deadlineMs?: number,
  ): Promise<InstanceType<C['answer']>> {
    return this.ownerQuery(contract, partition, '', data, deadlineMs);
  }

  private async ownerQuery<C extends QueryContract>(
    contract: C,
    partition: number,
    project: string,
    data: DataOf<C>,
    deadlineMs = this.config.deadlineMs,
  ): Promise<InstanceType<C['answer']>> {
    const id = this.parts.newId();
    const query: QueryEnvelope = { id, type: contract.type, project, data, replyTo: this.instance, waitMs: deadlineMs };
    const answer = (await this.waiting.ask(
      id,
      { what: contract.type, deadlineMs },
      (asker) => void this.queries.send(partition, contract.service, query, asker),
    )) as QueryAnswer;
    if (!answer.ok) throw new Rejection(answer.code, answer.message);
    return answer.answer as InstanceType<C['answer']>;
  }

  private receive(body: string): void {
    const { commands, queries } = JSON.parse(body) as Replies;
    for (const answer of commands) this.waiting.answer(answer);
    for (const answer of queries) this.waiting.answer(answer);
  }
}
