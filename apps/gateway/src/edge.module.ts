import { join } from 'node:path';
import { type ExecutionContext, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { requireTokenSecret, SubjectKeyFiles, TORCH_ENV, type TorchEnv } from '@torch/platform';
import type { FastifyRequest } from 'fastify';
import { AgentEvidence } from './adapters/agent-evidence.adapter';
import { AttemptAccess } from './adapters/attempt-access.adapter';
import { CommandOutcomes } from './adapters/command-outcome.adapter';
import { ContextWrites } from './adapters/context-writes.adapter';
import { HistoryExports } from './adapters/history-exports.adapter';
import { HistorySearch } from './adapters/history-search.adapter';
import { KnownProjects } from './adapters/known-projects.adapter';
import { LogWatch } from './adapters/log-watch.adapter';
import { OpenStreams } from './adapters/open-streams.adapter';
import { OutputStore } from './adapters/output-store.adapter';
import { Owners } from './adapters/owners.adapter';
import { PersonalData, SUBJECT_KEYS } from './adapters/personal-data.adapter';
import { TaskHistory } from './adapters/task-history.adapter';
import { TokenCheck } from './adapters/token-check.adapter';
import { WindowCounts } from './adapters/window-counts.adapter';
import { AuthGuard, ProjectGuard } from './api/access.guards';
import { AgentsController } from './api/agents.controller';
import { ApprovalsController } from './api/approvals.controller';
import { AttemptsController } from './api/attempts.controller';
import { AuditController } from './api/audit.controller';
import { BudgetsController } from './api/budgets.controller';
import { ClaimsController } from './api/claims.controller';
import { ConflictsController } from './api/conflicts.controller';
import { ContextController } from './api/context.controller';
import { EdgeFilter } from './api/edge.filter';
import { EventsController } from './api/events.controller';
import { HistoryController } from './api/history.controller';
import { LimitsController } from './api/limits.controller';
import { LogController } from './api/log.controller';
import { MessagesController } from './api/messages.controller';
import { OpenApiController, OpenApiHolder } from './api/openapi.controller';
import { OutputsController } from './api/outputs.controller';
import { PoolsController } from './api/pools.controller';
import { ProjectsController } from './api/projects.controller';
import { isPublic, isRead, principalOf } from './api/request-context';
import { RetentionController } from './api/retention.controller';
import { RunSubmission } from './api/run-submission';
import { RunsController } from './api/runs.controller';
import { SchedulesController } from './api/schedules.controller';
import { StatusController } from './api/status.controller';
import { TasksController } from './api/tasks.controller';
import { WorkController } from './api/work.controller';
import { GATEWAY_CONFIG, type GatewayConfig, gatewayConfig } from './gateway.config';
import { AccessRecorder } from './reactors/access-recorder.reactor';
import { AgentStreams } from './reactors/agent-streams.reactor';
import { DispatchRecorder } from './reactors/dispatch-recorder.reactor';
import { ErasureEffects } from './reactors/erasure.effects';
import { EventStreams } from './reactors/event-streams.reactor';
import { OutputFollower } from './reactors/output-follower.reactor';

@Module({
  providers: [{ provide: GATEWAY_CONFIG, useFactory: () => gatewayConfig(process.env) }],
  exports: [GATEWAY_CONFIG],
})
export class GatewayConfigModule {}

/** Requests of one caller in a second: those that read and those that write are counted apart. */
function rateLimits({ readsPerSecondMax, writesPerSecondMax, callersMax }: GatewayConfig): ThrottlerModuleOptions {
  const reads = (context: ExecutionContext): boolean => isRead(context.switchToHttp().getRequest<FastifyRequest>());
  return {
    throttlers: [{ ttl: 1000, limit: (context) => (reads(context) ? readsPerSecondMax : writesPerSecondMax), skipIf: isPublic }],
    storage: new WindowCounts(callersMax),
    setHeaders: false,
    getTracker: (request) => principalOf(request as FastifyRequest).actor,
    generateKey: (context, caller) => `${reads(context) ? 'reads' : 'writes'} ${caller}`,
    errorMessage: 'There are too many requests of this caller; wait and try again',
  };
}

/** The HTTP side of the gateway: guards in the order in which they are listed, then the controllers. */
@Module({
  imports: [
    GatewayConfigModule,
    ThrottlerModule.forRootAsync({ imports: [GatewayConfigModule], inject: [GATEWAY_CONFIG], useFactory: rateLimits }),
  ],
  controllers: [
    ProjectsController,
    RunsController,
    TasksController,
    AttemptsController,
    OutputsController,
    AgentsController,
    LimitsController,
    WorkController,
    ClaimsController,
    ApprovalsController,
    BudgetsController,
    SchedulesController,
    ContextController,
    ConflictsController,
    MessagesController,
    PoolsController,
    EventsController,
    HistoryController,
    LogController,
    StatusController,
    AuditController,
    RetentionController,
    ErasureEffects,
    OpenApiController,
  ],
  providers: [
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_GUARD, useClass: ThrottlerGuard },
    { provide: APP_GUARD, useClass: ProjectGuard },
    { provide: TokenCheck, inject: [TORCH_ENV], useFactory: (env: TorchEnv) => new TokenCheck(requireTokenSecret(env)) },
    {
      provide: OutputStore,
      inject: [TORCH_ENV, GATEWAY_CONFIG],
      useFactory: ({ dataDir }: TorchEnv, { outputBytesMax }: GatewayConfig) => new OutputStore(join(dataDir, 'output'), outputBytesMax),
    },
    {
      provide: SUBJECT_KEYS,
      inject: [TORCH_ENV],
      useFactory: ({ dataDir }: TorchEnv) => new SubjectKeyFiles(join(dataDir, 'keys', 'subjects')),
    },
    PersonalData,
    LogWatch,
    AgentEvidence,
    Owners,
    CommandOutcomes,
    ContextWrites,
    KnownProjects,
    OpenStreams,
    TaskHistory,
    HistorySearch,
    HistoryExports,
    AttemptAccess,
    RunSubmission,
    AccessRecorder,
    EdgeFilter,
    OpenApiHolder,
    AgentStreams,
    DispatchRecorder,
    EventStreams,
    OutputFollower,
  ],
})
export class EdgeModule {}
