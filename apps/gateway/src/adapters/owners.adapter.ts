import { Inject, Injectable } from '@nestjs/common';
import type { CommandContract, DataOf, QueryContract } from '@torch/contracts';
import { type Accepted, type Admission, DeadlineExceeded, type TorchClient } from '@torch/host';
import { TORCH_CLIENT } from '@torch/platform';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { LogWatch } from './log-watch.adapter';

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

/**
 * The owners of the partitions, as the edge asks them: with a deadline always, and without waiting for one that cannot
 * answer. A command that got no answer may have taken effect; the caller's Idempotency-Key makes asking again safe.
 */
@Injectable()
export class Owners {
  constructor(
    @Inject(TORCH_CLIENT) private readonly client: TorchClient,
    private readonly watch: LogWatch,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  deadline(): Deadline {
    return new Deadline(this.config.deadlineMs);
  }

  async command<C extends CommandContract>(
    contract: C,
    admission: Admission,
    data: DataOf<C>,
    deadline = this.deadline(),
  ): Promise<Accepted> {
    this.watch.assertAvailable();
    return this.client.command(contract, admission, data, deadline.leftMs());
  }

  async query<C extends QueryContract>(
    contract: C,
    project: string,
    data: DataOf<C>,
    deadline = this.deadline(),
  ): Promise<InstanceType<C['answer']>> {
    this.watch.assertAvailable();
    return this.client.query(contract, project, data, deadline.leftMs());
  }

  async queryPartition<C extends QueryContract>(
    contract: C,
    partition: number,
    data: DataOf<C>,
    deadline: Deadline,
  ): Promise<InstanceType<C['answer']>> {
    this.watch.assertAvailable();
    return this.client.queryPartition(contract, partition, data, deadline.leftMs());
  }

  get partitions(): readonly number[] {
    return Array.from({ length: this.client.partitions }, (_, partition) => partition);
  }

  partitionOf(project: string): number {
    return this.client.partitionOf(project);
  }
}
