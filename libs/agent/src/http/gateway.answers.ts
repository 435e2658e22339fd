import type { InboxEntry, OwnerView, ServiceName, StateDigest, TaskSpec } from '@torch/contracts';

/** Accepted: in the log at `<seq>-<generation>`. */
/** Acknowledgements that were refused, and why; all others were accepted. */
export interface AcksAnswer {
  readonly refused: readonly { readonly messageId: string; readonly code: string; readonly detail: string }[];
}

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

export interface StatusView {
  readonly version: string;
  readonly log: { readonly ok: boolean };
  readonly partitions: number;
  readonly services: readonly {
    readonly service: ServiceName;
    readonly partitions: readonly (OwnerView | { readonly partition: number; readonly missing: true })[];
  }[];
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
  readonly runId: string;
  /** The agent must have started by then. */
  readonly leaseUntilMs: number;
  readonly spec: TaskSpec;
  readonly correlationId: string;
  readonly traceparent?: string;
}

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
  /** Everything open has been sent: attempts that are not among these are over. */
  | { readonly type: 'open'; readonly data: { readonly attempts: readonly { readonly taskId: string; readonly attempt: number }[] } }
  | { readonly type: 'stop'; readonly data: { readonly reason: string } };
