import { GatewayProblem, type GatewayClient, type RunAccepted } from '@torch/agent';
import type { Plan } from '@torch/contracts';
import type { CliContext } from '../cli-context';
import { EXIT } from '../exit-code';
import { withWorkingDirectories } from '../plan/plan.paths';
import { BadPlan, type PlanFile } from '../plan/plan.reader';
import { duration } from '../text/format';
import { table } from '../text/table';
import { followRun, type RunWatch } from './run.follower';
import { RunProgress, watchedTasks } from './run.progress';
import { rendererFor } from './run.renderer';
import { runResult, type RunResult } from './run.result';

export interface RunPlanOptions {
  readonly detach?: boolean;
  readonly createProject?: boolean;
  readonly traceparent?: string;
}

/** How a run that was watched came out; `result` is absent when the watching ended first. */
export interface RunOutcome {
  readonly exitCode: number;
  readonly runId: string;
  readonly project: string;
  readonly result?: RunResult;
}

/**
 * Submits a plan and shows its run until it has ended.
 *
 * @throws BadPlan when the gateway refuses a field, by its place in the file; nothing was submitted then.
 */
export async function runPlan(context: CliContext, file: PlanFile, options: RunPlanOptions = {}): Promise<RunOutcome> {
  const gateway = context.gateway();
  const project = context.givenProject ?? file.plan.project ?? context.projectName;
  const plan = withWorkingDirectories({ ...file.plan, project }, context.io.cwd);
  if (options.createProject) await gateway.createProject(project);
  const accepted = await submit(gateway, project, plan, file, options.traceparent);
  if (options.detach) {
    context.answer({ runId: accepted.runId, project, tasks: accepted.tasks }, () => accepted.runId);
    if (!context.json) context.note(`Follow it with "torch run --follow ${accepted.runId}".`);
    return { exitCode: EXIT.done, runId: accepted.runId, project };
  }
  const progress = new RunProgress(accepted.runId, watchedTasks(plan, accepted));
  return watchRun(context, gateway, { accepted, project, progress, plan });
}

/** Shows a run that was submitted before, until it has ended. */
export async function watchRun(
  context: CliContext,
  gateway: GatewayClient,
  { accepted, project, progress, plan }: { accepted: RunWatch['accepted']; project: string; progress: RunProgress; plan?: Plan },
): Promise<RunOutcome> {
  const { io } = context;
  const { runId } = accepted;
  const projectClient = gateway.project(project);
  const stream = context.json ? io.stderr : io.stdout;
  stream.write(`Run ${runId} in project ${project}: ${progress.tasks.size} tasks.\n`);
  const stopped = new AbortController();
  const stopListening = io.onStopSignal(() => stopped.abort());
  const renderer = rendererFor(stream, io.env, progress);
  let ended: boolean;
  try {
    ended = await followRun({
      project: projectClient,
      accepted,
      progress,
      signal: stopped.signal,
      onStep: (step) => renderer.step(step),
      onConnection: (connected) => renderer.connection(connected),
    });
  } finally {
    renderer.close();
    stopListening();
  }
  if (!ended) {
    context.note(
      `\nStopped watching; the run goes on. Follow it with "torch run --follow ${runId}", end it with "torch run --cancel ${runId}".`,
    );
    return { exitCode: EXIT.interrupted, runId, project };
  }
  const result = await runResult(projectClient, runId, plan);
  context.answer(result, () => summary(result));
  return {
    exitCode:
      result.status === 'completed' && result.tasks.completed + result.tasks.skipped === result.tasks.total ? EXIT.done : EXIT.failed,
    runId,
    project,
    result,
  };
}

async function submit(gateway: GatewayClient, project: string, plan: Plan, file: PlanFile, traceparent?: string): Promise<RunAccepted> {
  try {
    return await gateway.project(project).submitRun(plan, { traceparent });
  } catch (error) {
    if (error instanceof GatewayProblem && error.errors.length > 0 && (error.status === 400 || error.status === 422)) {
      throw new BadPlan(error.errors.map(({ pointer, message }) => `${file.locate(pointer)}: ${message}`));
    }
    throw error;
  }
}

/** How a run came out, for people. */
export function summary({ status, durationMs, tasks, results }: RunResult): string {
  const counts = [
    `${tasks.completed} of ${tasks.total} tasks completed`,
    ...(tasks.failed > 0 ? [`${tasks.failed} failed`] : []),
    ...(tasks.deadLettered > 0 ? [`${tasks.deadLettered} given up`] : []),
    ...(tasks.cancelled > 0 ? [`${tasks.cancelled} cancelled`] : []),
    ...(tasks.skipped > 0 ? [`${tasks.skipped} skipped`] : []),
  ].join(', ');
  const bad = results.filter(({ status }) => status !== 'completed' && status !== 'skipped');
  const details = table(
    ['TASK', 'STATUS', 'ATTEMPTS', 'EXIT', 'LOOK AT'],
    bad.map(({ key, taskId, status: how, attempts, exitCode }) => [
      key,
      how,
      String(attempts),
      String(exitCode ?? ''),
      `torch task logs ${taskId}`,
    ]),
  );
  return [...(bad.length > 0 ? [details] : []), `Run ${status} in ${duration(durationMs)}: ${counts}.`].join('\n');
}
