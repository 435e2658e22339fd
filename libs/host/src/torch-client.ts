import { randomUUID } from 'node:crypto';
import { admittedData, assertNoSecret, type CommandContract, type DataOf, type QueryContract } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { type LogServer, LogUnavailable, partitionOf, PARTITIONS_DEFAULT, repliesChannel, requestsChannel } from '@torch/log';
import { type Accepted, type Admission, DeadlineExceeded, type TorchClient } from './client';
import { type Reached } from './durability';
import { DurabilityWatch } from './durability-watch';
import { type HostClock, SYSTEM_CLOCK } from './host.clock';
import type { Answer, CommandEnvelope, QueryAnswer, QueryEnvelope } from './envelope';
import { type Replies } from './replies';
import { Outbox } from './outbox';

export interface TorchClientConfig {
  /** Unless the caller says otherwise. */
  readonly deadlineMs: number;
  /** A command without an answer is sent again after this; its idempotency id keeps that harmless. */
  readonly resendAfterMs: number;
  /** Pause before a query is sent again that nobody heard. */
  readonly retryQueryMs: number;
  /** Commands and queries that wait for an answer at a time. */
  readonly waitingMax: number;
  /** Replicas that must have a command before it counts as replicated. */
  readonly replicasMin: number;
}

export const TORCH_CLIENT_DEFAULTS: TorchClientConfig = {
  deadlineMs: 5000,
  resendAfterMs: 1000,
  retryQueryMs: 50,
  waitingMax: 100_000,
  replicasMin: 1,
};

interface Waiting {
  readonly resolve: (answer: Answer | QueryAnswer) => void;
}

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
  private readonly waiting = new Map<string, Set<Waiting>>();
  private waitingCount = 0;
  private readonly commandsOut: Outbox<CommandEnvelope>;
  private readonly queriesOut: Outbox<QueryEnvelope>;
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
    this.commandsOut = new Outbox(clock, (partition, service, body) => server.commands.send(partition, service, body));
    this.queriesOut = new Outbox(clock, async (partition, service, body) => {
      if ((await server.signals.publish(requestsChannel(partition, service), body)) === 0) throw new NobodyListens();
    });
  }

  async listen(): Promise<void> {
    this.stopListening = await this.parts.server.signals.listen(repliesChannel(this.instance), (body) => this.receive(body));
  }

  async close(): Promise<void> {
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
    const send = (): Promise<void> => this.commandsOut.send(partition, contract.service, command);
    const deadlineAtMs = clock.nowMs() + deadlineMs;
    for (;;) {
      const answer = (await this.ask(`${project}/${id}`, contract.type, Math.max(0, deadlineAtMs - clock.nowMs()), send)) as Answer;
      if (!answer.ok) throw new Rejection(answer.code, answer.message);
      const { position } = answer;
      const reached: Reached = await this.durability.reached({ partition, position, admission, deadlineAtMs });
      if (reached !== 'lost') return { position, partition, durability: reached };
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
    const send = (): Promise<void> => this.queriesOut.send(partition, contract.service, query);
    const answer = (await this.ask(id, contract.type, deadlineMs, send)) as QueryAnswer;
    if (!answer.ok) throw new Rejection(answer.code, answer.message);
    return answer.answer as InstanceType<C['answer']>;
  }

  /** Sends, and sends again, until the answer is there or the deadline is. One timer each: there may be many thousands. */
  private ask(key: string, what: string, deadlineMs: number, send: () => Promise<void>): Promise<Answer | QueryAnswer> {
    const { waitingMax, resendAfterMs, retryQueryMs } = this.config;
    if (this.waitingCount >= waitingMax) throw new LogUnavailable(`${waitingMax} requests wait for an answer already.`, false);
    const { clock } = this.parts;
    return new Promise((answered, failed) => {
      const deadlineAtMs = clock.nowMs() + deadlineMs;
      let cancelTimer: (() => void) | undefined;
      let done = false;
      const end = (): void => {
        done = true;
        cancelTimer?.();
        remove();
      };
      const fail = (error: unknown): void => {
        if (done) return;
        end();
        failed(error as Error);
      };
      const remove = this.addWaiting(key, {
        resolve: (answer) => {
          end();
          answered(answer);
        },
      });
      let lastError: unknown;
      const again = (afterMs: number): void => {
        cancelTimer?.();
        cancelTimer = clock.after(Math.max(0, Math.min(afterMs, deadlineAtMs - clock.nowMs())), attempt);
      };
      const attempt = (): void => {
        if (clock.nowMs() >= deadlineAtMs) return fail(lastError ?? new DeadlineExceeded(what, deadlineMs));
        again(resendAfterMs);
        send().catch((error: unknown) => {
          if (done) return;
          if (!mayBeSentAgain(error)) return fail(error);
          if (error instanceof LogUnavailable) lastError = error;
          again(retryQueryMs);
        });
      };
      attempt();
    });
  }

  private addWaiting(key: string, waiting: Waiting): () => void {
    const all = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, all.add(waiting));
    this.waitingCount++;
    return () => {
      this.waitingCount--;
      all.delete(waiting);
      if (all.size === 0) this.waiting.delete(key);
    };
  }

  private receive(body: string): void {
    const { commands, queries } = JSON.parse(body) as Replies;
    for (const answer of commands) this.waiting.get(answer.id)?.forEach(({ resolve }) => resolve(answer));
    for (const answer of queries) this.waiting.get(answer.id)?.forEach(({ resolve }) => resolve(answer));
  }
}

/** A request reached no owner: none is there yet, or it is changing hands. */
class NobodyListens extends Error {}

const mayBeSentAgain = (error: unknown): boolean =>
  error instanceof NobodyListens || (error instanceof LogUnavailable && error.outcomeUnknown);
