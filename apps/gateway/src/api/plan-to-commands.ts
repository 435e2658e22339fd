import {
  CRASHES_MAX_DEFAULT,
  type DefinePools,
  MEMORY_MIB_DEFAULT,
  type Plan,
  type PlanAgents,
  type PoolSpec,
  type SubmitRun,
  taskSpecOf,
} from '@torch/contracts';
import { present } from '@torch/kernel';

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
export function planToCommands({ name, agents = [], tasks }: Plan, ids: RunIds, nowMs: number): RunCommands {
  const pools = agents.map((template, n) => poolSpec(template, `${ids.runId}.${template.role}.${n}`, ids.runId));
  const keys = new Set(tasks.map(({ key }) => key));
  const surroundings = { taskId: ids.taskId, hasKey: (key: string) => keys.has(key), nowMs };
  return {
    ...(pools.length > 0 && { pools: { pools } }),
    run: { runId: ids.runId, ...(name !== undefined && { name }), tasks: tasks.map((task) => taskSpecOf(task, surroundings)) },
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
    ...present({ env: template.env, cwd: template.cwd, labels: template.labels, runId }),
  };
}
