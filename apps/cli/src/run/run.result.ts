import type { ProjectClient } from '@torch/agent';
import type { Plan, RunView, TaskStatus, TaskView } from '@torch/contracts';

const PAGE = 500;

/** What `torch run --json` ends with. */
export interface RunResult {
  readonly runId: string;
  readonly project: string;
  readonly status: RunView['status'];
  readonly durationMs: number;
  readonly tasks: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly deadLettered: number;
    readonly skipped: number;
  };
  readonly results: readonly {
    readonly key: string;
    readonly taskId: string;
    readonly status: TaskStatus;
    readonly attempts: number;
    readonly agentId?: string;
    readonly exitCode?: number;
    readonly durationMs?: number;
  }[];
}

/** The outcome of a run, its tasks in the order of the plan where there is one. */
export async function runResult(project: ProjectClient, runId: string, plan?: Plan): Promise<RunResult> {
  const run = await project.getRun(runId);
  const tasks = await allTasks(project, runId);
  const order = new Map(plan?.tasks.map(({ key }, index) => [key, index]));
  const place = ({ spec }: TaskView): number => order.get(spec.key) ?? order.size;
  return {
    runId,
    project: project.project,
    status: run.status,
    durationMs: (run.endedAtMs ?? Date.now()) - run.submittedAtMs,
    tasks: {
      total: run.total,
      completed: run.completed,
      failed: run.failed,
      cancelled: run.cancelled,
      deadLettered: run.deadLettered,
      skipped: run.skipped,
    },
    results: [...tasks]
      .sort((a, b) => place(a) - place(b))
      .map(({ spec, status, attempt, agentId, exitCode, durationMs }) => ({
        key: spec.key,
        taskId: spec.taskId,
        status,
        attempts: attempt,
        agentId,
        exitCode,
        durationMs,
      })),
  };
}

/** All pages of a run's tasks. */
export async function allTasks(project: ProjectClient, runId: string): Promise<readonly TaskView[]> {
  const tasks: TaskView[] = [];
  for (let after: string | undefined; ;) {
    const page = await project.listTasks({ runId, limit: PAGE, after });
    tasks.push(...page.tasks);
    if (page.next === undefined) return tasks;
    after = page.next;
  }
}
