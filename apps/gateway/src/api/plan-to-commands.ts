import {
  CRASHES_MAX_DEFAULT,
  type DefinePools,
  durationMs,
  MEMORY_MIB_DEFAULT,
  type Plan,
  type PlanAgents,
  type PlanTask,
  type PoolSpec,
  PRIORITY_DEFAULT,
  RETRIES_DEFAULT,
  type SubmitRun,
  type TaskSpec,
  TIMEOUT_MS_DEFAULT,
} from '@torch/contracts';

/** What the tasks and the run of a plan are called. */
export interface RunIds {
  readonly runId: string;
  readonly taskId: (key: string) => string;
}

export interface RunCommands {
  /** Absent when the plan brings no agents of its own. */
  readonly pools?: DefinePools;
  readonly run: SubmitRun;
}

/** A valid plan with every default filled in, as the commands that carry it out: first the pools, then the run. */
export function planToCommands({ name, agents = [], tasks }: Plan, ids: RunIds): RunCommands {
  const pools = agents.map((template, n) => poolSpec(template, `${ids.runId}.${template.role}.${n}`, ids.runId));
  return {
    ...(pools.length > 0 && { pools: { pools } }),
    run: { runId: ids.runId, ...(name !== undefined && { name }), tasks: tasks.map((task) => taskSpec(task, ids)) },
  };
}

/** An agent template with every default filled in. Without a run it belongs to the project. */
export function poolSpec(template: PlanAgents, poolId: string, runId?: string): PoolSpec {
  const min = template.count ?? template.min ?? 0;
  return {
    poolId,
    role: template.role,
    skills: template.skills ?? [],
    runtime: template.runtime ?? 'process',
    harness: template.harness ?? 'exec',
    min,
    max: template.max ?? Math.max(min, 1),
    capacity: template.capacity ?? 1,
    memoryMib: template.memoryMib ?? MEMORY_MIB_DEFAULT,
    crashesMax: CRASHES_MAX_DEFAULT,
    ...present({ env: template.env, cwd: template.cwd, runId }),
  };
}

function taskSpec(task: PlanTask, { taskId }: RunIds): TaskSpec {
  return {
    taskId: taskId(task.key),
    key: task.key,
    title: task.title ?? task.key,
    role: task.role,
    skills: task.skills ?? [],
    prefer: task.prefer ?? [],
    dependsOn: (task.dependsOn ?? []).map(taskId),
    priority: task.priority ?? PRIORITY_DEFAULT,
    timeoutMs: (task.timeout === undefined ? undefined : durationMs(task.timeout)) ?? TIMEOUT_MS_DEFAULT,
    retries: task.retries ?? RETRIES_DEFAULT,
    ...present({ run: task.run, prompt: task.prompt, cwd: task.cwd, env: task.env }),
  };
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
