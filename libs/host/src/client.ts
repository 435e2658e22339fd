import type { CommandContract, DataOf, QueryContract } from '@torch/contracts';
import type { Actor } from '@torch/kernel';

/** On whose behalf, and as part of what. */
export interface Admission {
  readonly project: string;
  readonly actor: Actor;
  /** Default: a fresh one. Give the caller's own to make its retries safe. */
  readonly idempotencyId?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export interface Accepted {
  /** The commit that holds the command's events: `<seq>-<generation>`. */
  readonly position: string;
  readonly partition: number;
}

/** No answer within the deadline. The command may still take effect: send it again under the same idempotency id. */
export class DeadlineExceeded extends Error {
  constructor(
    readonly what: string,
    readonly deadlineMs: number,
  ) {
    super(`${what} was not answered within ${deadlineMs} ms.`);
    this.name = 'DeadlineExceeded';
  }
}

/**
 * Sends commands and queries to whoever owns the project's partition.
 *
 * Commands sent in the same tick to one owner travel together. A command whose answer does not come is sent again under
 * its idempotency id until the deadline.
 */
export interface TorchClient {
  /**
   * Resolves once the command's events are in the log.
   * @throws Rejection when a rule said no; QueueFull, LogUnavailable, DeadlineExceeded when it may be tried again.
   */
  command<C extends CommandContract>(contract: C, admission: Admission, data: DataOf<C>, deadlineMs?: number): Promise<Accepted>;
  /**
   * Answered from the owner's memory.
   * @throws Rejection for a question that makes no sense; LogUnavailable, DeadlineExceeded.
   */
  query<C extends QueryContract>(contract: C, project: string, data: DataOf<C>, deadlineMs?: number): Promise<InstanceType<C['answer']>>;
  /** As `query`, by partition: for questions about the owner itself. */
  queryPartition<C extends QueryContract>(
    contract: C,
    partition: number,
    data: DataOf<C>,
    deadlineMs?: number,
  ): Promise<InstanceType<C['answer']>>;
  readonly partitions: number;
  partitionOf(project: string): number;
}
