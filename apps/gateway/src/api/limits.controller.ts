import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { Commands, LIMIT_SCOPES, LimitList, type LimitScope, LimitView, Queries, SetLimit } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound, type Principal } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { fittedWith, type JsonObject } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { JsonPipe, oneOf, TextPipe } from './edge.pipes';
import { requirePerson } from './principal';
import { Admitted, Caller } from './request-context';

const LimitScopePipe = oneOf(LIMIT_SCOPES);

/** What a project may do at a time: by project, role, fairness key, agent and semaphore. */
@Controller('v1/projects/:project/limits')
export class LimitsController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Limits, how much of each is in use, and whether work is stopped.', answer: LimitList })
  @Get()
  list(@Param('project') project: string): Promise<LimitList> {
    return this.owners.query(Queries.ListLimits, project, {});
  }

  @Operation({ summary: 'One limit.', answer: LimitView })
  @Get(':scope/:name')
  async get(
    @Param('project') project: string,
    @Param('scope', LimitScopePipe) scope: LimitScope,
    @Param('name', TextPipe) name: string,
  ): Promise<LimitView> {
    const { limits } = await this.list(project);
    const found = limits.find((limit) => limit.scope === scope && limit.name === name);
    if (!found) throw new NotFound('unknown-limit', `There is no limit of ${scope} "${name}".`);
    return found;
  }

  @Operation({
    summary: 'Sets a limit, in place of what was set for the scope and name before.',
    body: bodySchema(SetLimit, { without: ['scope', 'name'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Put(':scope/:name')
  set(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('scope', LimitScopePipe) scope: LimitScope,
    @Param('name', TextPipe) name: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'set limits');
    return this.owners.command(Commands.SetLimit, admission, fittedWith(SetLimit, body, { scope, name }, this.config));
  }

  @Operation({ summary: 'Takes a limit away.', answer: PositionAnswer, idempotent: true })
  @Delete(':scope/:name')
  remove(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('scope', LimitScopePipe) scope: LimitScope,
    @Param('name', TextPipe) name: string,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'take limits away');
    return this.owners.command(Commands.RemoveLimit, admission, { scope, name });
  }
}
