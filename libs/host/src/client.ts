import type { CommandContract, DataOf, Durability, QueryContract } from '@torch/contracts';
import type { Actor } from '@torch/kernel';

/** On whose behalf, and as part of what. */
export interface Admission {
  readonly project: string;
  readonly actor: Actor;
  /** Default: a fresh one. Give the caller's own to make its retries safe. */
  readonly idempotencyId?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** What the acknowledgement is to promise; default `memory`. */
  readonly durability?: Durability;
  /** Rather acknowledge what holds than refuse, when that much cannot be confirmed; default false. */
  readonly orLess?: boolean;
}

export interface Accepted {
  /** The commit that holds the command's events: `<seq>-<generation>`. */
  readonly position: string;
  readonly partition: number;
  /** What is confirmed. */
  readonly durability: Durability;
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
 * its idempotency id until the deadline, after longer and longer pauses, and not while it is still in the owner's queue.
 */
export interface TorchClient {
  /**
   * Resolves once the command's events are in the log, as durably as was asked for. If the log server loses them before,
   * the command is sent again under its id.
   * @throws Rejection when a rule said no; QueueFull, LogUnavailable, DeadlineExceeded when it may be tried again; NotDurable.
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
