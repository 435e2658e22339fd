import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { Commands, ConflictList, ConflictView, ListConflicts, OpenConflict, Queries, ResolveConflict } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { derivedId } from './admission';
import { fittedWith, type JsonObject } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { Admitted } from './request-context';
import { ConflictOpening } from './rules.contracts';

/** Disagreements that somebody has to settle. Who may, the registry decides: it knows the parties and the agents' roles. */
@Controller('v1/projects/:project/conflicts')
export class ConflictsController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Conflicts, those that nobody has settled first.', query: ListConflicts, answer: ConflictList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListConflicts)) query: ListConflicts): Promise<ConflictList> {
    return this.owners.query(Queries.ListConflicts, project, query);
  }

  @Operation({ summary: 'One conflict.', answer: ConflictView })
  @Get(':conflictId')
  async get(@Param('project') project: string, @Param('conflictId', IdPipe) conflictId: string): Promise<ConflictView> {
    const { conflict } = await this.owners.query(Queries.GetConflict, project, { conflictId });
    if (!conflict) throw new NotFound('unknown-conflict', `There is no conflict "${conflictId}".`);
    return conflict;
  }

  @Operation({
    summary: 'Opens a conflict about results that contradict each other.',
    status: 202,
    body: bodySchema(OpenConflict, { without: [], optional: ['conflictId'] }),
    answer: ConflictOpening,
    idempotent: true,
  })
  @Post()
  async open(@Admitted() admission: Admission, @Body(JsonPipe) { conflictId: chosen, ...body }: JsonObject): Promise<ConflictOpening> {
    const conflictId = (chosen ?? derivedId('conflict', admission.idempotencyId)) as string;
    const data = fittedWith(OpenConflict, body, { conflictId }, this.config);
    const { position } = await this.owners.command(Commands.OpenConflict, admission, data);
    return { conflictId, position };
  }

  @Operation({
    summary: 'Settles a conflict: its parties, project managers and orchestrators may; once it is escalated, people only.',
    status: 202,
    body: bodySchema(ResolveConflict, { without: ['conflictId'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':conflictId/resolve')
  resolve(
    @Admitted() admission: Admission,
    @Param('conflictId', IdPipe) conflictId: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    const data = fittedWith(ResolveConflict, body, { conflictId }, this.config);
    return this.owners.command(Commands.ResolveConflict, admission, data);
  }
}
