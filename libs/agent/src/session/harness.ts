import type { Evidence, FailTask, FailureClass, InboxEntry, ReportProgress, Usage } from '@torch/contracts';
import type { Work } from '../http/gateway.answers';
import type { AttemptCalls } from './attempt-calls';
import type { Waited } from './time-limit';

export type Progress = Pick<ReportProgress, 'note' | 'percent' | 'usage'>;

interface Measured {
  readonly exitCode?: number;
  readonly durationMs?: number;
  /** At most `OUTPUT_TAIL_CHARS_MAX` characters. */
  readonly outputTail?: string;
  /** Everything since the attempt began. */
  readonly usage?: Usage;
}

/** How an attempt went. `aborted`: it was told to end before it was done. */
export type WorkOutcome = Measured &
  (
    | {
        readonly outcome: 'completed';
        /** For the tasks that depend on this one; at most `RESULT_BYTES_MAX` as JSON. */
        readonly result?: object;
        /** Where a larger result is. */
        readonly resultRef?: string;
        /** What the spec asks for is looked for by the session once the harness is done; a harness leaves this out. */
        readonly evidence?: Evidence;
      }
    | {
        readonly outcome: 'failed';
        /** `permanent`: no retry can mend it. `rate-limited`: again at `retryAtMs`. `budget`: there is nothing left to spend. */
        readonly class: FailureClass;
        readonly reason: FailTask['reason'];
        readonly message: string;
        /** Epoch ms; needed by `rate-limited`. */
        readonly retryAtMs?: number;
      }
    | { readonly outcome: 'aborted' }
  );

/** What a harness may use while it works on one attempt. */
export interface WorkContext {
  readonly project: string;
  readonly agentId: string;
  /** Of this start of the agent. */
  readonly instance: string;
  /** Of the span that covers the attempt; for what the harness starts. */
  readonly traceparent?: string;
  /** Aborts when the attempt is over for Torch (cancelled, stopped, out of time or budget) or the agent is stopped. */
  readonly signal: AbortSignal;
  /** What the work may ask of Torch: paths for itself, people's answers, a pause. */
  readonly calls: AttemptCalls;
  /** True when little time is left to end in: the agent itself is being stopped, or nothing is left to spend. */
  stopping(): boolean;
  /** Time for which the attempt has waited for people's answers: it does not count against its time-out. */
  waited(): Promise<Waited>;
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
