export { RETRY_DEFAULTS, type RetryConfig } from './http/backoff';
export { EVENT_STREAM_DEFAULTS, type EventStreamConfig } from './http/event-stream';
export type {
  AgentDetails,
  AgentEvent,
  ApprovalAsked,
  AttemptName,
  Cancellation,
  CloudEvent,
  CommitView,
  ConflictOpening,
  ContextWritten,
  DigestsView,
  HistoryPage,
  HistoryQuery,
  MessageAccepted,
  OutputAppended,
  PathsClaimed,
  PoolsDefined,
  RunAccepted,
  StatusView,
  Work,
  Written,
} from './http/gateway.answers';
export { ApprovalsClient } from './http/approvals.client';
export { AttemptClient } from './http/attempt.client';
export { BudgetsClient } from './http/budgets.client';
export { ClaimsClient } from './http/claims.client';
export { ConflictsClient } from './http/conflicts.client';
export { ContextClient } from './http/context.client';
export { GatewayClient } from './http/gateway.client';
export { GatewayProblem, GatewayUnreachable, isPassing, type ProblemField } from './http/gateway.errors';
export { type GatewayOptions, REQUEST_TIMEOUT_MS_DEFAULT, type RequestOptions } from './http/gateway.transport';
export { LimitsClient } from './http/limits.client';
export { ProjectClient, type StreamOptions } from './http/project.client';
export { type ScheduleBody, SchedulesClient } from './http/schedules.client';
export { CannotStart, TaskProcess, type TaskProcessOptions } from './exec/task-process';
export { ExecHarness, type ExecOptions } from './exec/exec.harness';
export { EXIT_PERMANENT, EXIT_RATE_LIMITED, RATE_LIMIT_WAIT_MS_DEFAULT } from './exec/exit-codes';
export { INPUTS_INLINE_BYTES_MAX } from './exec/task-exchange';
export { OUTPUT_DEFAULTS, type OutputConfig } from './exec/output-upload';
export {
  endGroup,
  findProcess,
  groupLives,
  KILL_GRACE_MS_DEFAULT,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from './process/process-group';
export { bootId, isLiving, listProcesses, type ProcessEntry, readProcess, residentKib } from './process/process-table';
export { endFamily, residentMib, signalFamily, SPAWN_FOLDER_VARIABLE, SpawnFamilies } from './process/spawn-family';
export {
  endedWithNode,
  listSpawnFolders,
  noteEnd,
  notedEnd,
  notedExitCode,
  notedProcess,
  type NotedProcess,
  spawnFiles,
  type SpawnFolder,
  spawnFolder,
  writeWhole,
} from './process/spawn-folder';
export { endSpawn, runningSpawns, STOP_GRACE_MS_DEFAULT, stopAgentsOf, type StoppedAgent } from './process/stop-agents';
export { HARNESSES, runAgent, type RunAgentOptions } from './run-agent';
export { type AgentLog, jsonLinesLog } from './session/agent.log';
export { AgentSession, type AgentSessionOptions, type SessionEnd } from './session/agent.session';
export {
  type Answer,
  AttemptCalls,
  type AttemptCallsOptions,
  CLAIM_RENEWED_LEASE_MS,
  type ClaimOptions,
  type ClaimOutcome,
  type Question,
} from './session/attempt-calls';
export type { Waited } from './session/time-limit';
export type { Harness, Progress, WorkContext, WorkOutcome } from './session/harness';
export { SESSION_DEFAULTS, type SessionConfig } from './session/session.config';
