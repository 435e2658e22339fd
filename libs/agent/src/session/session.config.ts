import type { RetryConfig } from '../http/backoff';
import type { EventStreamConfig } from '../http/event-stream';
import type { OutputConfig } from '../exec/output-upload';

/** Every limit of an agent's session. Times in milliseconds. */
export interface SessionConfig {
  readonly heartbeatMs: number;
  /** For one heartbeat's answer. */
  readonly heartbeatTimeoutMs: number;
  /** How long a result, a start or a registration is tried again while the gateway or the log server is away. */
  readonly reportMs: number;
  readonly reportPauseMsMax: number;
  /** Progress of one attempt is reported at most this often; in between the newest is kept. */
  readonly progressEveryMs: number;
  /** For ending what runs and reporting it when the agent is stopped, and then for deregistering. */
  readonly closeMs: number;
  readonly deregisterMs: number;
  /** Attempts and messages that are remembered, so that they are taken once. */
  readonly rememberedMax: number;
  /** Ended attempts whose results are kept, to be reported again should the log lose them. */
  readonly outcomesKeptMax: number;
  readonly stream: Partial<EventStreamConfig>;
  readonly output: Partial<OutputConfig>;
}

export const SESSION_DEFAULTS: SessionConfig = {
  heartbeatMs: 3000,
  heartbeatTimeoutMs: 2500,
  reportMs: 15 * 60_000,
  reportPauseMsMax: 5000,
  progressEveryMs: 1000,
  closeMs: 3000,
  deregisterMs: 1000,
  rememberedMax: 10_000,
  outcomesKeptMax: 100,
  stream: {},
  output: {},
};

/** Retries that only the budget ends: what is reported must not be lost while the gateway is away. */
export const reportRetry = ({ reportMs, reportPauseMsMax }: SessionConfig): RetryConfig => ({
  attemptsMax: Number.POSITIVE_INFINITY,
  budgetMs: reportMs,
  pauseMs: 100,
  pauseMsMax: reportPauseMsMax,
});
