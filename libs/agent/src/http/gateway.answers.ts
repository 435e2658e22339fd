import type {
  AgentView,
  EvidenceSeen,
  InboxEntry,
  OwnerView,
  PartitionArchiveStatus,
  ServiceName,
  StateDigest,
  TaskInput,
  TaskSpec,
  TrackRecord,
} from '@torch/contracts';

/** Acknowledgements that were refused, and why; all others were accepted. */
export interface AcksAnswer {
  readonly refused: readonly { readonly messageId: string; readonly code: string; readonly detail: string }[];
}

/** Accepted: in the log at `<seq>-<generation>`. */
export interface Written {
  readonly position: string;
}

export interface RunAccepted extends Written {
  readonly runId: string;
  readonly project: string;
  readonly tasks: readonly { readonly key: string; readonly taskId: string }[];
}

export interface PoolsDefined extends Written {
  readonly pools: readonly string[];
}

export interface MessageAccepted extends Written {
  readonly messageId: string;
}

export interface PathsClaimed extends Written {
  readonly claimId: string;
  readonly granted: true;
  /** The claim ends then unless it is renewed. */
  readonly leaseUntilMs?: number;
}

export interface ApprovalAsked extends Written {
  readonly approvalId: string;
}

export interface ContextWritten extends Written {
  readonly key: string;
  /** The version that was made. */
  readonly version: number;
}

export interface ConflictOpening extends Written {
  readonly conflictId: string;
}

/** One agent with how its attempts went, and when it was seen. */
export type AgentDetails = AgentView & { readonly record?: readonly TrackRecord[]; readonly seen?: EvidenceSeen };

export interface OutputAppended {
  /** Bytes kept of this attempt. */
  readonly size: number;
  /** True once nothing more of this attempt is kept. */
  readonly truncated?: boolean;
}

/** An event of the log as it leaves Torch: CloudEvents 1.0. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  /** `<partition>/<seq>-<generation>/<index>`. */
  readonly id: string;
  /** `torch/<partition>`. */
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly time: string;
  readonly datacontenttype: string;
  readonly dataschema: string;
  readonly torchproject: string;
  readonly torchactor: string;
  readonly torchcorrelationid: string;
  readonly torchcausationid?: string;
  readonly traceparent?: string;
  readonly data: Data;
}

/** A page of a project's history, oldest first. It may be short, and even empty, and name where to go on all the same. */
export interface HistoryPage {
  readonly events: readonly CloudEvent[];
  /** The `after` to go on with; absent when everything there is has been searched. */
  readonly next?: string;
  /** Everything up to here has been searched. */
  readonly through?: string;
  /** Commits on the way that retention has emptied: nobody can say whether they held what was looked for. */
  readonly pruned: number;
}

/** Which events are looked for; everything that is given must fit. */
export interface HistoryQuery {
  readonly types?: readonly string[];
  readonly actor?: string;
  /** Exact, or a beginning that ends with `*`. */
  readonly subject?: string;
  readonly correlationId?: string;
  /** ISO 8601: recorded at or after. */
  readonly from?: string;
  /** ISO 8601: recorded before. */
  readonly to?: string;
  /** Behind this event: `<partition>/<seq>-<generation>/<index>`. */
  readonly after?: string;
  /** 1 to 1000; default 100. */
  readonly limit?: number;
}

/** The services that try a project again, each with the position at which it says so. */
export interface ProjectReleaseView {
  readonly project: string;
  readonly services: readonly { readonly service: ServiceName; readonly position: string }[];
}

export interface StatusView {
  readonly version: string;
  readonly log: { readonly ok: boolean };
  readonly partitions: number;
  readonly services: readonly {
    readonly service: ServiceName;
    readonly partitions: readonly (OwnerView | { readonly partition: number; readonly missing: true })[];
  }[];
  /** How far each partition is archived; of those whose archive answers. */
  readonly archive?: readonly PartitionArchiveStatus[];
}

export interface DigestsView {
  readonly partition: number;
  readonly services: readonly ({ readonly service: ServiceName } & StateDigest)[];
}

/** One commit's header, and the project's events in it. */
export interface CommitView {
  readonly position: string;
  readonly service: string;
  readonly epoch: number;
  readonly recordedAtMs: number;
  readonly events: readonly CloudEvent[];
  readonly [field: string]: unknown;
}

/** An attempt that an agent is to work on. */
export interface Work {
  readonly taskId: string;
  /** From 1. */
  readonly attempt: number;
  /** Of the event that made the attempt; every report names it. Tells it from one of the same number in a history that was lost. */
  readonly assignment: string;
  readonly runId: string;
  /** The agent must have started by then. */
  readonly leaseUntilMs: number;
  readonly spec: TaskSpec;
  /** How the task's dependencies ended, and their results. */
  readonly inputs?: readonly TaskInput[];
  readonly correlationId: string;
  readonly traceparent?: string;
}

/** Names one attempt, in whatever history. */
export type AttemptName = Pick<Work, 'taskId' | 'attempt' | 'assignment'>;

export interface Cancellation {
  readonly taskId: string;
  readonly attempt: number;
  readonly reason: string;
}

/** What the gateway sends an agent. After every connect everything open comes again. */
export type AgentEvent =
  | { readonly type: 'work'; readonly data: Work }
  | { readonly type: 'cancel'; readonly data: Cancellation }
  | { readonly type: 'message'; readonly data: InboxEntry }
  /** Everything open has been sent: attempts that are not among these are over, or of a history that was lost. */
  | { readonly type: 'open'; readonly data: { readonly attempts: readonly AttemptName[] } }
  | { readonly type: 'stop'; readonly data: { readonly reason: string } };
