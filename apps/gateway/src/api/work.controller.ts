import { Commands } from '@torch/contracts';
import { Body, Controller, Post } from '@nestjs/common';
import type { Admission } from '@torch/host';
import type { Principal } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { PositionAnswer, ReasonBody } from './edge.contracts';
import { bodyOf } from './edge.pipes';
import { requirePerson } from './principal';
import { Admitted, Caller } from './request-context';

const WRITE = { status: 202, answer: PositionAnswer, idempotent: true } as const;

/** All work of a project at once. */
@Controller('v1/projects/:project')
export class WorkController {
  constructor(private readonly owners: Owners) {}

  @Operation({ summary: 'Stops all work: running attempts are told to stop, and nothing is lost.', body: ReasonBody, ...WRITE })
  @Post('stop')
  stop(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'stop all work');
    const data = { reason: reason ?? `Stopped by ${admission.actor}.` };
    return this.owners.command(Commands.StopWork, admission, data);
  }

  @Operation({ summary: 'Lets work go on.', ...WRITE })
  @Post('resume')
  resume(@Admitted() admission: Admission, @Caller() caller: Principal): Promise<PositionAnswer> {
    requirePerson(caller, 'let work go on');
    return this.owners.command(Commands.ResumeWork, admission, {});
  }
}
