import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { type ClaimAnswer, ClaimList, ClaimPaths, type ClaimRefused, Commands, ListClaims, Queries, ReleaseClaim } from '@torch/contracts';
import type { Admission } from '@torch/host';
import type { AnyEvent } from '@torch/kernel';
import type { Principal } from '@torch/platform';
import { CommandOutcomes } from '../adapters/command-outcome.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { derivedId } from './admission';
import { fitted, fittedWith, type JsonObject } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { bodyOf, IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { actingAgent } from './principal';
import { type Refusal, refusal } from './refusal';
import { Admitted, Caller } from './request-context';
import { PathsClaimed, ReleaseClaimBody } from './rules.contracts';

/** Paths that agents keep for themselves while they work. A person's token may claim for any agent, and then names it as `agentId`. */
@Controller('v1/projects/:project/claims')
export class ClaimsController {
  constructor(
    private readonly owners: Owners,
    private readonly outcomes: CommandOutcomes,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({
    summary: 'Claims and who holds them; with a path, those in the way of an exclusive claim of it.',
    query: ListClaims,
    answer: ClaimList,
  })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListClaims)) query: ListClaims): Promise<ClaimList> {
    return this.owners.query(Queries.ListClaims, project, query);
  }

  @Operation({
    summary: 'Claims all of the paths, or none: 409 `claim-held` names the holder. The same claimId again renews the lease.',
    body: bodySchema(ClaimPaths, { without: [], optional: ['claimId', 'agentId'] }),
    answer: PathsClaimed,
    idempotent: true,
  })
  @Post()
  async claim(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Body(JsonPipe) { agentId: named, claimId: chosen, ...body }: JsonObject,
  ): Promise<PathsClaimed> {
    const claimId = (chosen ?? derivedId('claim', admission.idempotencyId)) as string;
    const data = fittedWith(ClaimPaths, body, { claimId, agentId: actingAgent(caller, named) }, this.config);
    const { position, events } = await this.outcomes.of(Commands.ClaimPaths, admission, data);
    const { granted, leaseUntilMs, heldBy } = claimAnswer(events, claimId) ?? (await this.recall(admission.project, claimId));
    if (heldBy) throw held(claimId, heldBy);
    if (!granted) throw refusal(409, 'claim-over', `Claim "${claimId}" is over already; claim again under another id.`, { claimId });
    return { claimId, granted, position, ...(leaseUntilMs !== undefined && { leaseUntilMs }) };
  }

  @Operation({ summary: 'Gives a claim back.', status: 202, body: ReleaseClaimBody, answer: PositionAnswer, idempotent: true })
  @Post(':claimId/release')
  release(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('claimId', IdPipe) claimId: string,
    @Body(bodyOf(ReleaseClaimBody)) { agentId: named }: ReleaseClaimBody,
  ): Promise<PositionAnswer> {
    const data = fitted(ReleaseClaim, { claimId, agentId: actingAgent(caller, named) }, this.config);
    return this.owners.command(Commands.ReleaseClaim, admission, data);
  }

  /** A request that changed nothing was there before. */
  private recall(project: string, claimId: string): Promise<ClaimAnswer> {
    return this.owners.query(Queries.GetClaim, project, { claimId });
  }
}

function claimAnswer(events: readonly AnyEvent[], claimId: string): ClaimAnswer | undefined {
  for (const { type, data } of events) {
    if ((data as { claimId?: string }).claimId !== claimId) continue;
    if (type === 'claim.refused') return { granted: false, heldBy: (data as ClaimRefused).heldBy };
    if (type === 'claim.granted') return { granted: true, leaseUntilMs: (data as ClaimAnswer).leaseUntilMs };
  }
  return undefined;
}

function held(claimId: string, heldBy: NonNullable<ClaimAnswer['heldBy']>): Refusal {
  const { agentId, path, mode, taskId } = heldBy;
  const holder = taskId === undefined ? `agent "${agentId}"` : `agent "${agentId}" for task "${taskId}"`;
  const detail = `Nothing was claimed: ${path} is held by ${holder}, ${mode}. Work on something else, or ask for it again later.`;
  return refusal(409, 'claim-held', detail, { claimId, heldBy });
}
