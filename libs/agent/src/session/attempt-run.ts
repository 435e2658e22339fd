import type { FailTask } from '@torch/contracts';
import type { AttemptClient } from '../http/attempt.client';
import type { Work } from '../http/gateway.answers';
import { GatewayProblem } from '../http/gateway.errors';
import type { RequestOptions } from '../http/gateway.transport';
import { OutputUpload } from '../exec/output-upload';
import { type AgentLog, messageOf } from './agent.log';
import { AttemptSpan } from './attempt-span';
import type { Harness, WorkContext, WorkOutcome } from './harness';
import { ProgressReports } from './progress-reports';
import { reportRetry, type SessionConfig } from './session.config';

const MESSAGE_CHARS_MAX = 2000;

export interface AttemptRunOptions {
  readonly work: Work;
  readonly client: AttemptClient;
  readonly project: string;
  readonly agentId: string;
  readonly harness: Harness;
  readonly log: AgentLog;
  readonly config: SessionConfig;
  /** Aborts once the agent has no more time to report anything. */
  readonly reporting: AbortSignal;
  /** Nothing begins before: an older attempt of the task has to end first. */
  readonly after?: Promise<unknown>;
}

/** One attempt, from its start to the moment its result is accepted or refused. */
export class AttemptRun {
  private readonly abort = new AbortController();
  private readonly startedAtMs = Date.now();
  private agentStops?: string;
  private fenced = false;
  private outcome?: WorkOutcome;
  private ended: () => void = () => undefined;
  /** Resolves once nothing of the attempt is running any more. Its result may still be on its way. */
  readonly over = new Promise<void>((resolve) => (this.ended = resolve));

  constructor(private readonly options: AttemptRunOptions) {}

  is({ taskId, attempt }: { readonly taskId: string; readonly attempt?: number }): boolean {
    const { work } = this.options;
    return work.taskId === taskId && (attempt === undefined || work.attempt === attempt);
  }

  /** The attempt is over for everybody else: ends the work and reports nothing. */
  cancel(reason: string): void {
    this.abort.abort(new Error(reason));
  }

  /** The attempt is not among those that the log has for the agent: ends the work, and says so. The log knows what it means. */
  fence(reason: string): void {
    this.fenced = true;
    this.cancel(reason);
  }

  /** Ends the work and reports the attempt as failed, to be tried again by another agent. */
  stop(reason: string): void {
    this.agentStops = reason;
    this.abort.abort(new Error(reason));
  }

  /** Never rejects: what cannot be reported is logged, and the attempt's lease sees to the rest. */
  async run(): Promise<void> {
    const { work, agentId, log } = this.options;
    const span = new AttemptSpan(work, agentId);
    try {
      await this.options.after;
      if (await this.report('start', span, (request) => this.options.client.start({ agentId }, request))) {
        log('info', 'Started.', this.fields);
        this.outcome = await this.work(span);
        this.ended();
        await this.reportOutcome(this.outcome, span);
      }
      if (this.fenced) await this.report('fenced', span, (request) => this.options.client.fenced({ agentId }, request));
    } finally {
      this.ended();
      span.end(this.outcome);
    }
  }

  /** The log has the attempt as open after its result was accepted: it has lost the result. */
  async reportAgain(): Promise<void> {
    const { work, agentId } = this.options;
    if (!this.outcome) return;
    const span = new AttemptSpan(work, agentId);
    const unfinished = this.outcome.outcome === 'aborted' && this.agentStops === undefined;
    this.agentStops ??= unfinished ? messageOf(this.abort.signal.reason) : undefined;
    await this.reportOutcome(this.outcome, span).finally(() => span.end(this.outcome));
  }

  private async work(span: AttemptSpan): Promise<WorkOutcome> {
    const { work, project, agentId, harness, client, log, config } = this.options;
    const over = new AbortController();
    const upload = new OutputUpload({
      log: (level, message) => log(level, message, this.fields),
      config: config.output,
      send: (offset, chunk, signal) => client.output(offset, chunk, { ...this.request(span), signal, retry: { attemptsMax: 1 } }),
    });
    const progress = new ProgressReports(
      config.progressEveryMs,
      over.signal,
      (report) => client.progress({ agentId, ...report }, { ...this.request(span), signal: over.signal }),
      (error) => log('warn', `Progress was not reported: ${messageOf(error)}`, this.fields),
    );
    this.abort.signal.addEventListener('abort', () => upload.hurry(), { once: true });
    const context: WorkContext = {
      project,
      agentId,
      traceparent: span.traceparent,
      signal: this.abort.signal,
      stopping: () => this.agentStops !== undefined,
      progress: (report) => progress.add(report),
      output: (chunk) => upload.write(chunk),
    };
    const outcome = await harness.onWork(work, context).catch((error: unknown): WorkOutcome => ({
      outcome: 'failed',
      class: 'retryable',
      reason: 'harness',
      message: `The ${harness.name} harness failed: ${messageOf(error)}`,
    }));
    over.abort();
    const lostBytes = await upload.close();
    if (lostBytes > 0) log('warn', `${lostBytes} bytes of output were not kept.`, this.fields);
    return outcome;
  }

  private async reportOutcome(outcome: WorkOutcome, span: AttemptSpan): Promise<void> {
    const { client, agentId, log } = this.options;
    const { exitCode, outputTail, usage } = outcome;
    const measured = { agentId, exitCode, outputTail, usage, durationMs: outcome.durationMs ?? Date.now() - this.startedAtMs };
    if (outcome.outcome === 'completed') {
      if (await this.report('complete', span, (request) => client.complete(measured, request)))
        log('info', 'Completed.', { ...this.fields, exitCode });
    } else if (outcome.outcome === 'failed') {
      const failure = { class: outcome.class, reason: outcome.reason, message: outcome.message.slice(0, MESSAGE_CHARS_MAX) };
      await this.reportFailure({ ...measured, ...failure }, span);
    } else if (this.agentStops !== undefined) {
      await this.reportFailure(
        { ...measured, class: 'retryable', reason: 'harness', message: `Agent stopped: ${this.agentStops}`.slice(0, MESSAGE_CHARS_MAX) },
        span,
      );
    } else {
      log('info', `Ended before it was done: ${messageOf(this.abort.signal.reason)}`, this.fields);
    }
  }

  private async reportFailure(failure: Omit<FailTask, 'taskId' | 'attempt' | 'assignment'>, span: AttemptSpan): Promise<void> {
    if (await this.report('fail', span, (request) => this.options.client.fail(failure, request))) {
      this.options.log('warn', `Failed: ${failure.message}`, { ...this.fields, exitCode: failure.exitCode });
    }
  }

  /** Tries until the gateway accepts or refuses; always under the same key, so that it takes effect once. */
  private async report(
    what: 'start' | 'complete' | 'fail' | 'fenced',
    span: AttemptSpan,
    send: (request: RequestOptions) => Promise<unknown>,
  ): Promise<boolean> {
    const { work, log, config, reporting } = this.options;
    try {
      await send({
        ...this.request(span),
        idempotencyKey: `${work.taskId}/${work.attempt}/${work.assignment}/${what}`,
        retry: reportRetry(config),
        signal: what === 'start' ? AbortSignal.any([reporting, this.abort.signal]) : reporting,
      });
      return true;
    } catch (error) {
      if (error instanceof GatewayProblem && !error.passing)
        log('warn', `The gateway refused to take "${what}": ${error.detail}`, { ...this.fields, code: error.code });
      else if (what !== 'start' || !this.abort.signal.aborted)
        log('error', `"${what}" could not be reported and is given up: ${messageOf(error)}`, this.fields);
      return false;
    }
  }

  private request({ traceparent }: AttemptSpan): RequestOptions {
    return { traceparent, correlationId: this.options.work.correlationId };
  }

  private get fields(): Readonly<Record<string, unknown>> {
    const { work } = this.options;
    return { taskId: work.taskId, attempt: work.attempt, key: work.spec.key, correlationId: work.correlationId };
  }
}
