import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Body, Controller, Get, Inject, Post, Put } from '@nestjs/common';
import {
  type ApplyRetention,
  Commands,
  type PartitionPruned,
  PlaceHold,
  PROJECT_PATTERN,
  Queries,
  ReleaseHold,
  RetentionOutcome,
  RetentionView,
  SetRetention,
} from '@torch/contracts';
import { type Admission, SYSTEM_PROJECT } from '@torch/host';
import { ALL_PROJECTS, Forbidden, type Principal, type SubjectKeys } from '@torch/platform';
import { Deadline, Owners } from '../adapters/owners.adapter';
import { SUBJECT_KEYS } from '../adapters/personal-data.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Operation } from '../openapi/operation.decorator';
import { ApplyRetentionBody, ErasureAccepted, ErasureBody, PositionAnswer, TrimAnswer, TrimBody } from './edge.contracts';
import { bodyOf } from './edge.pipes';
import { requirePerson } from './principal';
import { AdmittedToSystem, Caller } from './request-context';

/** Between two questions whether a pruning is done. */
const PRUNING_POLL_MS = 250;

const WRITE = { status: 202, idempotent: true } as const;

/** What is kept how long, what is held, and whose texts are erased. Decided in the system's project, for all others. */
@Controller('v1/audit')
export class RetentionController {
  constructor(
    private readonly owners: Owners,
    @Inject(SUBJECT_KEYS) private readonly keys: SubjectKeys,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Rules of retention, legal holds and erasures.', answer: RetentionView })
  @Get('retention')
  show(@Caller() caller: Principal): Promise<RetentionView> {
    requireAll(caller, 'see what is held and erased');
    return this.owners.query(Queries.GetRetention, SYSTEM_PROJECT, {});
  }

  @Operation({
    summary: 'How long the archive keeps a project; without `days`, for ever.',
    ...WRITE,
    body: SetRetention,
    answer: PositionAnswer,
  })
  @Put('retention')
  set(@AdmittedToSystem() admission: Admission, @Caller() caller: Principal, @Body(bodyOf(SetRetention)) body: SetRetention) {
    requirePerson(caller, 'set retention');
    caller.requireProject(body.project);
    return this.owners.command(Commands.SetRetention, admission, body);
  }

  @Operation({
    summary: 'Prunes what has expired from the archive; with `dryRun`, only counts it.',
    body: ApplyRetentionBody,
    answer: RetentionOutcome,
  })
  @Post('retention/apply')
  async apply(@Caller() caller: Principal, @Body(bodyOf(ApplyRetentionBody)) { dryRun }: ApplyRetentionBody): Promise<RetentionOutcome> {
    requireAll(caller, 'apply retention');
    const deadline = new Deadline(this.config.verifyDeadlineMs);
    const request = { pruningId: randomUUID(), dryRun };
    const pruned = await Promise.all(this.owners.partitions.map((partition) => this.pruned(partition, request, deadline)));
    return { dryRun, done: true, partitions: pruned.flat().sort((a, b) => a.partition - b.partition) };
  }

  @Operation({ summary: 'Forgets on the log server what is archived and no longer needed there.', body: TrimBody, answer: TrimAnswer })
  @Post('trim')
  async trim(@Caller() caller: Principal, @Body(bodyOf(TrimBody)) { belowSeq }: TrimBody): Promise<TrimAnswer> {
    requireAll(caller, 'trim the log');
    const deadline = this.owners.deadline();
    const trims = this.owners.partitions.map((partition) => this.owners.queryPartition(Queries.TrimLog, partition, { belowSeq }, deadline));
    return { partitions: await Promise.all(trims) };
  }

  private async pruned(partition: number, request: ApplyRetention, deadline: Deadline): Promise<PartitionPruned[]> {
    for (;;) {
      const { done, partitions } = await this.owners.queryPartition(Queries.ApplyRetention, partition, request, deadline);
      if (done) return partitions;
      await pause(Math.min(PRUNING_POLL_MS, deadline.leftMs()));
    }
  }

  @Operation({
    summary: 'Keeps a project, or a data subject, from being pruned and erased.',
    ...WRITE,
    body: PlaceHold,
    answer: PositionAnswer,
  })
  @Post('holds')
  hold(@AdmittedToSystem() admission: Admission, @Caller() caller: Principal, @Body(bodyOf(PlaceHold)) body: PlaceHold) {
    requireHeld(caller, body.on);
    return this.owners.command(Commands.PlaceHold, admission, body);
  }

  @Operation({ summary: 'Ends a legal hold.', ...WRITE, body: ReleaseHold, answer: PositionAnswer })
  @Post('holds/release')
  release(@AdmittedToSystem() admission: Admission, @Caller() caller: Principal, @Body(bodyOf(ReleaseHold)) body: ReleaseHold) {
    requireHeld(caller, body.on);
    return this.owners.command(Commands.ReleaseHold, admission, body);
  }

  @Operation({
    summary: "Erases a data subject's texts by destroying its keys. `GET /v1/audit/retention` says when that is done.",
    ...WRITE,
    body: ErasureBody,
    answer: ErasureAccepted,
  })
  @Post('erasures')
  async erase(
    @AdmittedToSystem() admission: Admission,
    @Caller() caller: Principal,
    @Body(bodyOf(ErasureBody)) { subject, project, reason }: ErasureBody,
  ): Promise<ErasureAccepted> {
    requirePerson(caller, 'erase a data subject');
    if (project === undefined) requireAll(caller, 'erase a data subject in all projects');
    else caller.requireProject(project);
    const kept = await this.keys.keptFor(subject);
    const keys = kept
      .filter((key) => project === undefined || key.project === project)
      .map((key) => ({ project: key.project, keyId: key.id }));
    const { position } = await this.owners.command(Commands.RequestErasure, admission, {
      subject,
      keys,
      ...(reason !== undefined && { reason }),
    });
    return { position, projects: keys.map((key) => key.project) };
  }
}

/** @throws Forbidden unless the caller is a person with a token for every project. */
function requireAll(caller: Principal, what: string): void {
  requirePerson(caller, what);
  if (!caller.projects.includes(ALL_PROJECTS))
    throw new Forbidden(`The token of ${caller.actor} is not for all projects, and so not to ${what}.`);
}

/** A data subject may have texts in any project. */
function requireHeld(caller: Principal, on: string): void {
  requirePerson(caller, 'place or release holds');
  if (PROJECT_PATTERN.test(on)) caller.requireProject(on);
  else requireAll(caller, 'hold a data subject');
}
