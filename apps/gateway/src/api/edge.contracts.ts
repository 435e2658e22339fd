import {
  Describe,
  DURABILITIES,
  type Durability,
  ERASED_KEYS_MAX,
  EVENT_ID_CHARS,
  FIND_TYPES_MAX,
  Flag,
  FOUND_EVENTS_MAX,
  Id,
  Ids,
  ListOf,
  LogTrimmed,
  Name,
  Names,
  Nested,
  OneOf,
  Optional,
  PartitionArchiveStatus,
  PlanAgents,
  ProjectName,
  RUN_TASKS_MAX,
  SERVICE_NAMES,
  type ServiceName,
  SUSPENDED_NAMED_MAX,
  SuspendedProject,
  Text,
  Whole,
} from '@torch/contracts';

/** Request and answer bodies that only the edge knows; everything else is a contract of its context. */

const POSITION = { min: 3, max: 41 };

export class CreateProjectBody {
  @ProjectName() project!: string;
}

export class ProjectSettingsBody {
  @Describe('What acknowledgements of tasks and messages promise unless the header Torch-Durability says otherwise.')
  @OneOf(DURABILITIES)
  durability!: Durability;
}

export class ProjectAnswer {
  @ProjectName() project!: string;
  @Flag() exists!: boolean;
  @Optional() @Whole() createdAtMs?: number;
  @Optional() @OneOf(DURABILITIES) durability?: Durability;
}

export class ReleasedService {
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @Text(POSITION) position!: string;
}

export class ProjectReleaseAnswer {
  @ProjectName() project!: string;
  @Describe('The services that had quarantined the project, and try it again.')
  @ListOf(() => ReleasedService, { max: 8 })
  services!: ReleasedService[];
}

/** Why something is stopped or cancelled. */
export class ReasonBody {
  @Optional() @Text({ min: 1, max: 1000 }) reason?: string;
}

export class PositionAnswer {
  @Describe('The commit that holds what was asked for: <seq>-<generation>.') @Text(POSITION) position!: string;
}

export class RunTask {
  @Id() key!: string;
  @Id() taskId!: string;
}

export class RunAccepted {
  @Id() runId!: string;
  @ProjectName() project!: string;
  @ListOf(() => RunTask, { min: 1, max: RUN_TASKS_MAX }) tasks!: RunTask[];
  @Text(POSITION) position!: string;
}

export class HeartbeatBody {
  @Id() instance!: string;
}

export class StreamQuery {
  @Describe('The instance under which the agent has registered.') @Id() instance!: string;
}

/** Messages that one request acknowledges. */
export const ACKS_MAX = 500;

export class AcksBody {
  @Ids({ min: 1, max: ACKS_MAX }) messageIds!: string[];
}

export class AckRefused {
  @Id() messageId!: string;
  @Id() code!: string;
  @Text({ max: 2000 }) detail!: string;
}

export class AcksAnswer {
  @ListOf(() => AckRefused, { max: ACKS_MAX }) refused!: AckRefused[];
}

export class MessageAccepted {
  @Id() messageId!: string;
  @Text(POSITION) position!: string;
}

export class InboxQuery {
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}

export class PoolsBody {
  @ListOf(() => PlanAgents, { min: 1, max: 64 }) agents!: PlanAgents[];
}

export class PoolsAccepted {
  @Ids({ min: 1, max: 64 }) pools!: string[];
  @Text(POSITION) position!: string;
}

export class OutputChunkQuery {
  @Describe("Of the agent's `work`: whose output it is.") @Id() assignment!: string;
  @Describe('Bytes of output that came before this chunk.') @Whole() offset!: number;
}

export class OutputAppended {
  @Describe('Bytes that are kept of the output.') @Whole() size!: number;
  @Describe('The output has reached its ceiling, and what came after is not kept.') @Optional() @Flag() truncated?: boolean;
}

export class OutputQuery {
  @Describe('Default: the latest.') @Optional() @Whole({ min: 1 }) attempt?: number;
  @Describe('Bytes to leave out; default 0.') @Optional() @Whole() offset?: number;
  @Describe('Stay until the attempt has ended; default false.') @Optional() @Flag() follow?: boolean;
}

export class HistoryQuery {
  @Describe('The `next` of the page before.') @Optional() @Whole() after?: number;
}

/** Longest text of a time that a request names. */
const MOMENT_CHARS = { min: 10, max: 40 };

export class HistoryFilter {
  @Describe('Event types parted by commas; default: all.') @Optional() @Ids({ min: 1, max: FIND_TYPES_MAX }) types?: string[];
  @Describe('Who caused the event: `user:operator`, `agent:<id>`, `service:<name>`.')
  @Optional()
  @Text({ min: 1, max: 200 })
  actor?: string;
  @Describe('Exact, or with `*` at its end whatever begins with what stands before it: `task/*`.')
  @Optional()
  @Text({ min: 1, max: 200 })
  subject?: string;
  @Optional() @Text({ min: 1, max: 200 }) correlationId?: string;
  @Describe('Recorded at or after: ISO 8601, UTC unless it says otherwise.') @Optional() @Text(MOMENT_CHARS) from?: string;
  @Describe('Recorded before.') @Optional() @Text(MOMENT_CHARS) to?: string;
  @Describe('Only what comes behind this event, or `next` or `through` of the page before.')
  @Optional()
  @Text(EVENT_ID_CHARS)
  after?: string;
}

export class HistoryPageQuery extends HistoryFilter {
  @Describe('Default 100.') @Optional() @Whole({ min: 1, max: FOUND_EVENTS_MAX }) limit?: number;
}

export class EventsQuery {
  @Describe('Event types parted by commas; default: all.') @Optional() @Ids({ min: 1, max: 100 }) types?: string[];
  @Optional() @Text({ min: 1, max: 200 }) subject?: string;
  @Describe('The seq after which to begin; default: what comes from now on. `Last-Event-ID` goes before it.')
  @Optional()
  @Whole()
  after?: number;
}

export class LogHealth {
  @Flag() ok!: boolean;
}

export class PartitionStatus {
  @Whole() partition!: number;
  @Describe('No owner answers for the partition.') @Optional() @Flag() missing?: boolean;
  @Optional() @Name() service?: string;
  @Optional() @Id() holder?: string;
  @Optional() @Whole() epoch?: number;
  @Optional() @Whole() ownSeq?: number;
  @Optional() @Whole() headSeq?: number;
  @Optional() @Flag() catchingUp?: boolean;
  @Optional() @Whole() commandsDecided?: number;
  @Optional() @Text({ min: 3, max: 41 }) decidedThrough?: string;
  @Optional() @Whole() suspendedCount?: number;
  @Optional() @ListOf(() => SuspendedProject, { max: SUSPENDED_NAMED_MAX }) suspended?: SuspendedProject[];
}

export class ServiceStatus {
  @Name() service!: string;
  @ListOf(() => PartitionStatus, { max: 1024 }) partitions!: PartitionStatus[];
}

export class StatusAnswer {
  @Text({ max: 128 }) version!: string;
  @Nested(() => LogHealth) log!: LogHealth;
  @Whole({ min: 1 }) partitions!: number;
  @ListOf(() => ServiceStatus, { max: 8 }) services!: ServiceStatus[];
  @Describe('How far each partition is archived, of those whose archive answers.')
  @ListOf(() => PartitionArchiveStatus, { max: 1024 })
  archive!: PartitionArchiveStatus[];
}

export class ServiceDigest {
  @Name() service!: string;
  @Text({ min: 64, max: 64 }) digest!: string;
  @Whole() ownSeq!: number;
  @Whole() foreignSeq!: number;
}

export class DigestsAnswer {
  @Whole() partition!: number;
  @ListOf(() => ServiceDigest, { max: 8 }) services!: ServiceDigest[];
}

export class TrimBody {
  @Describe('The lowest seq that is to be left in every partition.') @Whole({ min: 1 }) belowSeq!: number;
}

export class TrimAnswer {
  @ListOf(() => LogTrimmed, { max: 1024 }) partitions!: LogTrimmed[];
}

export class ApplyRetentionBody {
  @Describe('Only count what would be pruned.') @Flag() dryRun!: boolean;
}

export class ErasureBody {
  @Describe('user:<name> or agent:<id>.') @Text({ min: 1, max: 256 }) subject!: string;
  @Describe('Only the texts in this project; absent: in all of them.') @Optional() @ProjectName() project?: string;
  @Optional() @Text({ min: 1, max: 2000 }) reason?: string;
}

export class ErasureAccepted {
  @Text({ max: 41 }) position!: string;
  @Describe('Where the subject has written something.') @Names({ max: ERASED_KEYS_MAX }) projects!: string[];
}
