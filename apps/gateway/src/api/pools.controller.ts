import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { Commands, PoolList, Queries } from '@torch/contracts';
import type { Admission } from '@torch/host';
import type { Principal } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { derivedId } from './admission';
import { PoolsAccepted, PoolsBody, PositionAnswer, ReasonBody } from './edge.contracts';
import { bodyOf, IdPipe } from './edge.pipes';
import { poolSpec } from './plan-to-commands';
import { requirePerson } from './principal';
import { Admitted, Caller } from './request-context';

/** The project's own agent templates: where no plan brings agents, they are started from these. */
@Controller('v1/projects/:project/pools')
export class PoolsController {
  constructor(private readonly owners: Owners) {}

  @Operation({ summary: 'Pools with their processes.', answer: PoolList })
  @Get()
  list(@Param('project') project: string): Promise<PoolList> {
    return this.owners.query(Queries.ListPools, project, {});
  }

  @Operation({
    summary: 'Defines pools of the project: all of them, or none.',
    status: 202,
    body: PoolsBody,
    answer: PoolsAccepted,
    idempotent: true,
  })
  @Post()
  async define(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Body(bodyOf(PoolsBody)) { agents }: PoolsBody,
  ): Promise<PoolsAccepted> {
    requirePerson(caller, 'define pools');
    const prefix = derivedId('pool', admission.idempotencyId);
    const pools = agents.map((template, n) => poolSpec(template, `${prefix}.${template.role}.${n}`));
    const { position } = await this.owners.command(Commands.DefinePools, admission, { pools });
    return { pools: pools.map(({ poolId }) => poolId), position };
  }

  @Operation({ summary: 'Lets a quarantined pool start agents again.', status: 202, answer: PositionAnswer, idempotent: true })
  @Post(':poolId/release')
  release(@Admitted() admission: Admission, @Caller() caller: Principal, @Param('poolId', IdPipe) poolId: string): Promise<PositionAnswer> {
    requirePerson(caller, 'release pools');
    return this.owners.command(Commands.ReleaseQuarantine, admission, { poolId });
  }

  @Operation({
    summary: 'Retires a pool: it starts nothing any more, and its agents are asked to stop.',
    status: 202,
    body: ReasonBody,
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':poolId/retire')
  retire(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('poolId', IdPipe) poolId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'retire pools');
    return this.owners.command(Commands.RetirePool, admission, {
      poolId,
      reason: reason ?? `Retired by ${admission.actor}.`,
    });
  }
}
