import type { FailTask } from '@torch/contracts';
import { AttemptEvidence } from '../evidence/attempt.evidence';
import type { AttemptClient, Reported } from '../http/attempt.client';
import type { Work } from '../http/gateway.answers';
import { GatewayProblem } from '../http/gateway.errors';
import type { RequestOptions } from '../http/gateway.transport';
import type { ProjectClient } from '../http/project.client';
import { OutputUpload } from '../exec/output-upload';
import { type AgentLog, messageOf } from './agent.log';
import { AttemptCalls } from './attempt-calls';
import { AttemptSpan } from './attempt-span';
import type { Harness, WorkContext, WorkOutcome } from './harness';
import { ProgressReports } from './progress-reports';
import { reportRetry, type SessionConfig } from './session.config';
import { waitedForAnswers } from './waited-for-answers';

const MESSAGE_CHARS_MAX = 2000;
/** Why the gateway told an agent to end an attempt, when there is nothing left to spend. */
const BUDGET = 'budget';
/** Answers to a result that does not fit: it never will, and the attempt would stay open until its lease runs out. */
const RESULT_REFUSED: readonly number[] = [400, 409, 413, 422];

export interface AttemptRunOptions {
  readonly work: Work;
  readonly project: ProjectClient;
  readonly agentId: string;
  readonly instance: string;
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
  private readonly client: AttemptClient;
  private readonly startedAtMs = Date.now();
  private agentStops?: string;
  private budgetOver = false;
  private fenced = false;
  private outcome?: WorkOutcome;
  private ended: () => void = () => undefined;
  /** Resolves once nothing of the attempt is running any more. Its result may still be on its way. */
  readonly over = new Promise<void>((resolve) => (this.ended = resolve));

  constructor(private readonly options: AttemptRunOptions) {
    this.client = options.project.attempt(options.work);
  }

  is({ taskId, attempt }: { readonly taskId: string; readonly attempt?: number }): boolean {
    const { work } = this.options;
    return work.taskId === taskId && (attempt === undefined || work.attempt === attempt);
  }

  /** The attempt is over for everybody else: ends the work and reports nothing. */
  cancel(reason: string): void {
    this.budgetOver = reason === BUDGET;
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
      if ((await this.report('start', span, (request) => this.client.start({ agentId }, request))) === true) {
        log('info', 'Started.', this.fields);
        this.outcome = await this.work(span);
        this.ended();
        await this.reportOutcome(this.outcome, span);
      }
      if (this.fenced) await this.report('fenced', span, (request) => this.client.fenced({ agentId }, request));
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
    const { agentId, log, config } = this.options;
    const over = new AbortController();
    const upload = new OutputUpload({
      log: (level, message) => log(level, message, this.fields),
      config: config.output,
      send: (offset, chunk, signal) => this.client.output(offset, chunk, { ...this.request(span), signal, retry: { attemptsMax: 1 } }),
    });
    const going = AbortSignal.any([over.signal, this.abort.signal]);
    const progress = new ProgressReports(
      config.progressEveryMs,
      going,
      (report) => this.client.progress({ agentId, ...report }, { ...this.request(span), signal: going }),
      (error) => log('warn', `Progress was not reported: ${messageOf(error)}`, this.fields),
    );
    this.abort.signal.addEventListener('abort', () => upload.hurry(), { once: true });
    const outcome = await this.workWithEvidence(this.contextOf({ span, upload, progress, going }));
    over.abort();
    const lostBytes = await upload.close();
    if (lostBytes > 0) log('warn', `${lostBytes} bytes of output were not kept.`, this.fields);
    return outcome;
  }

  private contextOf(parts: { span: AttemptSpan; upload: OutputUpload; progress: ProgressReports; going: AbortSignal }): WorkContext {
    const { work, project, agentId, instance } = this.options;
    const { span, upload, progress, going } = parts;
    return {
      project: project.project,
      agentId,
      instance,
      traceparent: span.traceparent,
      signal: this.abort.signal,
      calls: new AttemptCalls({ project, attempt: work, agentId, instance, signal: going }),
      stopping: () => this.agentStops !== undefined || this.budgetOver,
      waited: () => waitedForAnswers(project, work),
      progress: (report) => progress.add(report),
      output: (chunk) => upload.write(chunk),
    };
  }

  private async workWithEvidence(context: WorkContext): Promise<WorkOutcome> {
    const { work, harness } = this.options;
    try {
      const evidence = await AttemptEvidence.begin(work, context);
      return await evidence.addTo(await harness.onWork(work, context));
    } catch (error) {
      return {
        outcome: 'failed',
        class: 'retryable',
        reason: 'harness',
        message: `The ${harness.name} harness failed: ${messageOf(error)}`,
      };
    }
  }

  private async reportOutcome(outcome: WorkOutcome, span: AttemptSpan): Promise<void> {
    const { agentId, log } = this.options;
    const { exitCode, outputTail, usage } = outcome;
    const measured = { agentId, exitCode, outputTail, usage, durationMs: outcome.durationMs ?? Date.now() - this.startedAtMs };
    if (outcome.outcome === 'completed') {
      const { result, resultRef, evidence } = outcome;
      const body = { ...measured, result, resultRef, evidence };
      const reported = await this.report('complete', span, (request) => this.client.complete(body, request));
      if (reported === true) log('info', 'Completed.', { ...this.fields, exitCode });
      else if (reported && RESULT_REFUSED.includes(reported.status))
        await this.reportFailure({ ...measured, ...harnessFailure(`The result was refused: ${reported.detail}`) }, span);
    } else if (outcome.outcome === 'failed') {
      const { class: failureClass, reason, message, retryAtMs } = outcome;
      const failure = { class: failureClass, reason, message: message.slice(0, MESSAGE_CHARS_MAX), retryAtMs };
      await this.reportFailure({ ...measured, ...failure }, span);
    } else if (this.agentStops !== undefined) {
      await this.reportFailure({ ...measured, ...harnessFailure(`Agent stopped: ${this.agentStops}`) }, span);
    } else {
      log('info', `Ended before it was done: ${messageOf(this.abort.signal.reason)}`, this.fields);
    }
  }

  private async reportFailure(failure: Reported<FailTask>, span: AttemptSpan): Promise<void> {
    if ((await this.report('fail', span, (request) => this.client.fail(failure, request))) === true) {
      this.options.log('warn', `Failed: ${failure.message}`, { ...this.fields, exitCode: failure.exitCode });
    }
  }

  /**
   * Tries until the gateway accepts or refuses; always under the same key, so that it takes effect once.
   *
   * @returns the refusal, if there was one, and false when it was given up.
   */
  private async report(
    what: 'start' | 'complete' | 'fail' | 'fenced',
    span: AttemptSpan,
    send: (request: RequestOptions) => Promise<unknown>,
  ): Promise<boolean | GatewayProblem> {
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
      if (error instanceof GatewayProblem && !error.passing) {
        log('warn', `The gateway refused to take "${what}": ${error.detail}`, { ...this.fields, code: error.code });
        return error;
      }
      if (what !== 'start' || !this.abort.signal.aborted)
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

const harnessFailure = (message: string) =>
  ({ class: 'retryable', reason: 'harness', message: message.slice(0, MESSAGE_CHARS_MAX) }) as const;
