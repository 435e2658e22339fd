import type { InboxEntry, ReportProgress, Usage } from '@torch/contracts';
import type { Work } from '../http/gateway.answers';

export type Progress = Pick<ReportProgress, 'note' | 'percent' | 'usage'>;

interface Measured {
  readonly exitCode?: number;
  readonly durationMs?: number;
  /** At most `OUTPUT_TAIL_CHARS_MAX` characters. */
  readonly outputTail?: string;
  readonly usage?: Usage;
}

/** How an attempt went. `aborted`: it was told to end before it was done. */
export type WorkOutcome = Measured &
  (
    | { readonly outcome: 'completed' }
    | {
        readonly outcome: 'failed';
        /** `permanent`: no retry can mend it. */
        readonly class: 'retryable' | 'permanent';
        readonly reason: 'exit-code' | 'timeout' | 'harness';
        readonly message: string;
      }
    | { readonly outcome: 'aborted' }
  );

/** What a harness may use while it works on one attempt. */
export interface WorkContext {
  readonly project: string;
  readonly agentId: string;
  /** Of the span that covers the attempt; for what the harness starts. */
  readonly traceparent?: string;
  /** Aborts when the attempt is cancelled or the agent is stopped. */
  readonly signal: AbortSignal;
  /** True when the agent itself is being stopped: little time is left. */
  stopping(): boolean;
  /** Best effort and in order; reports that cannot be sent in time give way to newer ones. */
  progress(report: Progress): void;
  /** Resolves once there was room for the chunk and it is taken over. One at a time. */
  output(chunk: Buffer): Promise<void>;
}

/** What drives the actual work of an agent. */
export interface Harness {
  readonly name: string;
  /** Resolves when nothing of the attempt is running any more. A rejection counts as a failure that may be tried again. */
  onWork(work: Work, context: WorkContext): Promise<WorkOutcome>;
  /** Resolves when the message has been dealt with: it is then acknowledged. A rejection leaves it in the inbox. */
  onMessage(message: InboxEntry): Promise<void>;
}
