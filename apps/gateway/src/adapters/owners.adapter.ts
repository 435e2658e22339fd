import { Inject, Injectable } from '@nestjs/common';
import type { CommandContract, DataOf, Durability, QueryContract } from '@torch/contracts';
import { type Accepted, type Admission, DeadlineExceeded, type TorchClient } from '@torch/host';
import { noteDurability, TORCH_CLIENT, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { LogWatch } from './log-watch.adapter';
import { PersonalData } from './personal-data.adapter';

/** How much time is left for a request that asks several owners one after the other. */
export class Deadline {
  private readonly atMs: number;

  constructor(private readonly allMs: number) {
    this.atMs = performance.now() + allMs;
  }

  /** @throws DeadlineExceeded when nothing is left. */
  leftMs(): number {
    const leftMs = Math.floor(this.atMs - performance.now());
    if (leftMs <= 0) throw new DeadlineExceeded('The request', this.allMs);
    return leftMs;
  }
}

export type Committed = Pick<Accepted, 'position'>;

export interface EdgeAdmission extends Admission {
  /** What the project asks for where the request does not. */
  readonly projectDurability?: Durability;
}

/**
 * What is acknowledged as durably as the project or the installation says: tasks and messages, what is decided about them, what
 * agents share, and paths that one of them relies on having alone. What agents report while they are at it is told again, or made good by what follows.
 */
const DURABLE: ReadonlySet<string> = new Set([
  'CreateProject',
  'SetProjectDurability',
  'SubmitRun',
  'CancelRun',
  'CancelTask',
  'RetryTask',
  'CompleteTask',
  'FailTask',
  'SendMessage',
  'AckMessage',
  'ChangePriority',
  'RedriveTasks',
  'StopWork',
  'ResumeWork',
  'SetLimit',
  'RemoveLimit',
  'SetBudget',
  'SetSchedule',
  'RemoveSchedule',
  'AnswerApproval',
  'ClaimPaths',
  'UpdateContext',
  'RemoveContext',
  'ResolveConflict',
]);

/**
 * The owners of the partitions, as the edge asks them: with a deadline always, and without waiting for one that cannot
 * answer. A command that got no answer may have taken effect; the caller's Idempotency-Key makes asking again safe.
 */
@Injectable()
export class Owners {
  constructor(
    @Inject(TORCH_CLIENT) private readonly client: TorchClient,
    private readonly watch: LogWatch,
    private readonly personal: PersonalData,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'durability' | 'archiveOutage'>,
  ) {}

  deadline(): Deadline {
    return new Deadline(this.config.deadlineMs);
  }

  /** @returns the commit that holds what the command led to, as routes answer it. */
  async command<C extends CommandContract>(
    contract: C,
    admission: EdgeAdmission,
    data: DataOf<C>,
    deadline = this.deadline(),
  ): Promise<Committed> {
    this.watch.assertAvailable();
    const { project, actor } = admission;
    const sealed = await this.personal.sealed(contract.data, data, { project, actor });
    const asked = this.withDurability(contract.type, admission);
    const { position, durability } = await this.client.command(contract, asked, sealed, deadline.leftMs());
    if (asked.durability !== undefined) noteDurability(durability); // Else nobody has asked, such as for what is recorded beside a request.
    return { position };
  }

  private withDurability(type: string, { projectDurability, ...admission }: EdgeAdmission): Admission {
    if (admission.durability !== undefined || !DURABLE.has(type)) return admission;
    return { ...admission, durability: projectDurability ?? this.env.durability, orLess: this.env.archiveOutage === 'memory' };
  }

  async query<C extends QueryContract>(
    contract: C,
    project: string,
    data: DataOf<C>,
    deadline = this.deadline(),
  ): Promise<InstanceType<C['answer']>> {
    this.watch.assertAvailable();
    return this.personal.opened(contract.answer, await this.client.query(contract, project, data, deadline.leftMs()));
  }

  async queryPartition<C extends QueryContract>(
    contract: C,
    partition: number,
    data: DataOf<C>,
    deadline: Deadline,
  ): Promise<InstanceType<C['answer']>> {
    this.watch.assertAvailable();
    return this.personal.opened(contract.answer, await this.client.queryPartition(contract, partition, data, deadline.leftMs()));
  }

  get partitions(): readonly number[] {
    return Array.from({ length: this.client.partitions }, (_, partition) => partition);
  }

  partitionOf(project: string): number {
    return this.client.partitionOf(project);
  }
}
