import type { RegisterAgent } from '@torch/contracts';
import type { AttemptName, Cancellation, Work } from '../http/gateway.answers';
import type { ProjectClient } from '../http/project.client';
import type { AgentLog } from './agent.log';
import { AttemptRun } from './attempt-run';
import type { Harness } from './harness';
import { RecentKeys } from './recent-keys';
import type { SessionConfig } from './session.config';

export interface AttemptRunsOptions {
  readonly project: ProjectClient;
  readonly agent: RegisterAgent;
  readonly harness: Harness;
  readonly log: AgentLog;
  readonly config: SessionConfig;
  /** Aborts once the agent has no more time to report anything. */
  readonly reporting: AbortSignal;
}

/**
 * The attempts of one agent. Each assignment is taken once, and of one task at most one attempt runs at a time. What the log
 * does not have for the agent is stopped and reported.
 */
export class AttemptRuns {
  private readonly seen: RecentKeys;
  private readonly running = new Map<string, { run: AttemptRun; done: Promise<void> }>();
  /** Those that ended last, in case the log loses what they had reported. */
  private readonly finished = new Map<string, AttemptRun>();

  constructor(private readonly options: AttemptRunsOptions) {
    this.seen = new RecentKeys(options.config.rememberedMax);
  }

  take(work: Work): void {
    const key = keyOf(work);
    if (!this.seen.add(key)) {
      void this.finished.get(key)?.reportAgain();
      return;
    }
    const { project, agent, harness, log, config, reporting } = this.options;
    const run = new AttemptRun({
      work,
      harness,
      log,
      config,
      project,
      agentId: agent.agentId,
      instance: agent.instance,
      reporting,
      after: this.fenceOthersOf(work),
    });
    const done = run.run().finally(() => this.finish(key, run));
    this.running.set(key, { run, done });
  }

  cancel({ taskId, attempt, reason }: Cancellation): void {
    for (const { run } of this.running.values()) if (run.is({ taskId, attempt })) run.cancel(reason);
  }

  /** What ended while the stream was cut, nobody could say so then; and what a lost tail had assigned, nobody knows of any more. */
  fenceAllBut(open: readonly AttemptName[]): void {
    const keys = new Set(open.map(keyOf));
    for (const [key, { run }] of this.running) if (!keys.has(key)) run.fence('The attempt is not open any more.');
  }

  /** Resolves when all have ended and said so. */
  async stopAll(reason: string): Promise<void> {
    const running = [...this.running.values()];
    for (const { run } of running) run.stop(reason);
    await Promise.allSettled(running.map(({ done }) => done));
  }

  private async fenceOthersOf({ taskId }: Work): Promise<void> {
    const others = [...this.running.values()].map(({ run }) => run).filter((run) => run.is({ taskId }));
    for (const other of others) other.fence('Another attempt of the task has taken its place.');
    await Promise.all(others.map(({ over }) => over));
  }

  private finish(key: string, run: AttemptRun): void {
    this.running.delete(key);
    this.finished.set(key, run);
    if (this.finished.size > this.options.config.outcomesKeptMax) this.finished.delete(this.finished.keys().next().value as string);
  }
}

const keyOf = ({ taskId, attempt, assignment }: AttemptName): string => `${taskId}/${attempt}/${assignment}`;
