import { Inject, Injectable } from '@nestjs/common';
import type { CommandContract, DataOf } from '@torch/contracts';
import { randomUUID } from 'node:crypto';
import type { AnyEvent } from '@torch/kernel';
import { decodeCommit, type LogServer, parsePosition, samePosition } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import { entryAt } from './log-entry.adapter';
import { type EdgeAdmission, Owners } from './owners.adapter';

export interface Outcome {
  readonly position: string;
  /** What the command itself led to; empty when it changed nothing. */
  readonly events: readonly AnyEvent[];
}

/**
 * Commands that are answered with events either way: the log tells exactly what became of one, and a retry under the same
 * idempotency id is told the same.
 */
@Injectable()
export class CommandOutcomes {
  constructor(
    private readonly owners: Owners,
    @Inject(LOG_SERVER) private readonly server: LogServer,
  ) {}

  /** @throws Rejection and whatever else `Owners.command` does; Refusal 410 when it was so long ago that the log has forgotten it. */
  async of<C extends CommandContract>(contract: C, admission: EdgeAdmission, data: DataOf<C>): Promise<Outcome> {
    const idempotencyId = admission.idempotencyId ?? randomUUID();
    const { position: at } = await this.owners.command(contract, { ...admission, idempotencyId }, data);
    const position = parsePosition(at);
    const entry = await entryAt(this.server.log, this.owners.partitionOf(admission.project), position.seq);
    if (!entry || !samePosition(entry.position, position)) return { position: at, events: [] };
    const isOfCommand = ({ project, actor, causationId }: AnyEvent): boolean =>
      project === admission.project && actor === admission.actor && causationId === idempotencyId;
    return { position: at, events: decodeCommit(entry).events.filter(isOfCommand) };
  }
}
