import { hash } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Commands, type Plan, planProblems, Queries } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { canonicalJson, Rejection } from '@torch/kernel';
import { COMMIT_BYTES_MAX, EVENT_BYTES_MAX } from '@torch/log';
import { type Committed, type Deadline, Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { partOf, runIds } from './admission';
import { invalid } from './contract.pipe';
import type { RunAccepted } from './edge.contracts';
import { planToCommands, type RunCommands } from './plan-to-commands';
import { refusal } from './refusal';

/** What an event and a command need around their data. */
const ENVELOPE_BYTES = 4096;
const RETRY_MS = 500;
const RETRY_MS_MAX = 10_000;
/** For so long the gateway keeps asking whether a run was taken whose pools are there already. */
const SETTLE_MS_MAX = 10 * 60_000;

/** Turns plans into runs: first the agents' pools, then the run, so that work never waits for agents that nobody will start. */
@Injectable()
export class RunSubmission implements OnModuleDestroy {
  private readonly logger = new Logger(RunSubmission.name);
  private readonly settling = new Set<NodeJS.Timeout>();

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws RequestInvalid naming every problem of the plan, before anything is sent. */
  async submit(admission: Admission, plan: Plan): Promise<RunAccepted> {
    const { project } = admission;
    this.check(plan, project);
    const ids = runIds(admission.idempotencyId);
    const commands = planToCommands(plan, ids, Date.now());
    checkSizes(commands);
    // A retry finds its own answer; another plan under the same key is another command, and meets the run that is there.
    const idempotencyId = admission.idempotencyId ?? ids.runId;
    const run = { ...admission, idempotencyId: `${idempotencyId}.run.${digestOf(plan)}` };
    const pools = { ...admission, idempotencyId: partOf(idempotencyId, 'pools') };
    const deadline = this.owners.deadline();
    const isThere = admission.idempotencyId !== undefined && (await this.isThere(project, ids.runId, deadline));
    if (commands.pools && !isThere) await this.owners.command(Commands.DefinePools, pools, commands.pools, deadline);
    const { position } = await this.submitRun(run, commands, isThere, deadline);
    return { runId: ids.runId, project, tasks: commands.run.tasks.map(({ key, taskId }) => ({ key, taskId })), position };
  }

  onModuleDestroy(): void {
    for (const timer of this.settling) clearTimeout(timer);
    this.settling.clear();
  }

  private check(plan: Plan, project: string): void {
    const problems = planProblems(plan);
    if (plan.project !== undefined && plan.project !== project) {
      problems.unshift({ pointer: '/project', message: `The plan is for project "${plan.project}", and was sent to "${project}".` });
    }
    if (problems.length > 0) throw invalid(problems, this.config);
  }

  private async isThere(project: string, runId: string, deadline: Deadline): Promise<boolean> {
    return (await this.owners.query(Queries.GetRun, project, { runId }, deadline)).run !== undefined;
  }

  private async submitRun(admission: Admission, commands: RunCommands, isThere: boolean, deadline: Deadline): Promise<Committed> {
    try {
      return await this.owners.command(Commands.SubmitRun, admission, commands.run, deadline);
    } catch (error) {
      if (commands.pools && !isThere) {
        if (error instanceof Rejection) await this.retirePools(admission, commands, error);
        else this.settleLater(admission, commands, RETRY_MS, Date.now() + SETTLE_MS_MAX);
      }
      throw error;
    }
  }

  /** A run that was refused leaves no pools behind. */
  private async retirePools(admission: Admission, { pools, run }: RunCommands, why: Rejection): Promise<void> {
    if (why.code === 'run-exists') return; // They are that run's.
    const reason = `Run ${run.runId} was refused: ${why.message}`.slice(0, 1000);
    const retire = async (poolId: string): Promise<void> => {
      const idempotencyId = `${admission.idempotencyId}.retire.${poolId}`;
      await this.owners.command(Commands.RetirePool, { ...admission, idempotencyId }, { poolId, reason });
    };
    const results = await Promise.allSettled((pools?.pools ?? []).map(({ poolId }) => retire(poolId)));
    for (const result of results)
      if (result.status === 'rejected') this.logger.error(`A pool of refused run ${run.runId} was not retired: ${String(result.reason)}`);
  }

  /**
   * Nobody knows whether the run was taken. Its pools are there, so it is sent again under the same idempotency id until
   * somebody does: agents are not left waiting for a run that never comes, and a run never for agents.
   */
  private settleLater(admission: Admission, commands: RunCommands, retryMs: number, untilMs: number): void {
    const timer = setTimeout(() => {
      this.settling.delete(timer);
      void this.settle(admission, commands, retryMs, untilMs);
    }, retryMs);
    this.settling.add(timer);
  }

  private async settle(admission: Admission, commands: RunCommands, retryMs: number, untilMs: number): Promise<void> {
    try {
      await this.owners.command(Commands.SubmitRun, admission, commands.run);
      this.logger.log(`Run ${commands.run.runId} was taken after its answer had been lost.`);
    } catch (error) {
      if (error instanceof Rejection) await this.retirePools(admission, commands, error);
      else if (Date.now() < untilMs) this.settleLater(admission, commands, Math.min(retryMs * 2, RETRY_MS_MAX), untilMs);
      else this.logger.error(`Nobody knows whether run ${commands.run.runId} was taken; its pools are still there.`);
    }
  }
}

/** Of the plan and not of its commands, which say when it was sent: a retry is the same plan. */
const digestOf = (plan: Plan): string => hash('sha256', canonicalJson(plan)).slice(0, 16);

/** What the log would refuse is refused here, where the field can be named. */
function checkSizes({ run }: RunCommands): void {
  const sizes = run.tasks.map((task) => Buffer.byteLength(JSON.stringify(task)));
  const large = sizes.findIndex((bytes) => bytes > EVENT_BYTES_MAX - ENVELOPE_BYTES);
  if (large >= 0) {
    const message = `Task "${run.tasks[large]?.key}" has ${sizes[large]} bytes; a task may have ${EVENT_BYTES_MAX - ENVELOPE_BYTES}.`;
    throw refusal(413, 'task-too-large', message, { errors: [{ pointer: `/tasks/${large}`, message }] });
  }
  const bytes = sizes.reduce((sum, size) => sum + size + 1, 0);
  if (bytes > COMMIT_BYTES_MAX - ENVELOPE_BYTES) {
    throw refusal(
      413,
      'plan-too-large',
      `With its defaults filled in, the plan has ${bytes} bytes; ${COMMIT_BYTES_MAX - ENVELOPE_BYTES} are the most. Split it into several runs.`,
    );
  }
}
