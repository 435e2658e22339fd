import type { EdgeCondition, TaskSpec } from '@torch/contracts';
import { hasEnded, isEnd, type RunState, type SchedulerState, type TaskEnd, type TaskState } from './scheduler.state';

export interface Edge {
  readonly taskId: string;
  readonly on: EdgeCondition;
}

/** What the task waits for: each dependency once. A circle cannot form, since a dependency is there before what depends on it. */
export function edgesOf({ dependsOn, after }: Pick<TaskSpec, 'dependsOn' | 'after'>): readonly Edge[] {
  if (dependsOn.length === 0) return after ?? NO_EDGES;
  const edges: Edge[] = [...new Set(dependsOn)].map((taskId) => ({ taskId, on: 'success' }));
  return after === undefined ? edges : [...edges, ...after];
}
const NO_EDGES: readonly Edge[] = [];
const NOBODY: readonly string[] = [];
const NOTHING_ENDS: ReadonlyMap<TaskState, TaskEnd> = new Map();

/** A cancelled task has not failed, and neither has a skipped one: of edges, they satisfy `completion` only. */
export function satisfies(status: TaskEnd, on: EdgeCondition): boolean {
  if (on === 'completion') return true;
  return on === 'success' ? status === 'completed' : status === 'failed' || status === 'dead-lettered';
}

/** Every dependency has ended as the task waits for it; or has ended at all, when its policy is to go on. */
export const isUnblocked = (task: TaskState): boolean => task.waitingFor === (goesOn(task) ? task.broken : 0);

/** A dependency has ended so that the task cannot start any more. */
export const isDoomed = (task: TaskState): boolean => task.broken > 0 && !goesOn(task);

const goesOn = ({ spec }: TaskState): boolean => spec.onDependencyFailure === 'continue';

/** The first dependency that has ended, or is about to end as `ending` says, otherwise than the task waits for. */
export function brokenDependency(
  { tasks }: SchedulerState,
  { spec }: TaskState,
  ending: ReadonlyMap<TaskState, TaskEnd> = NOTHING_ENDS,
): TaskState | undefined {
  for (const { taskId, on } of edgesOf(spec)) {
    const dependency = tasks.get(taskId);
    const status = dependency && (ending.get(dependency) ?? dependency.status);
    if (status !== undefined && isEnd(status) && !satisfies(status, on)) return dependency;
  }
  return undefined;
}

/**
 * Counts what the task waits for, and makes it known to its dependencies. One may come later in its run's list.
 *
 * @returns the runs that it keeps from being forgotten, and that nobody has kept so far.
 */
export function linkDependencies(state: SchedulerState, task: TaskState): readonly RunState[] {
  const { run, spec } = task;
  for (const { taskId, on } of edgesOf(spec)) {
    task.waitingFor++;
    const dependency = state.tasks.get(taskId);
    if (!dependency) expectDependency(run, taskId, task);
    else {
      (dependency.dependants ??= new Set()).add(task);
      if (isEnd(dependency.status)) edgeEnded(task, satisfies(dependency.status, on));
    }
  }
  task.dependants = run.awaited?.get(spec.taskId);
  run.awaited?.delete(spec.taskId);
  if (run.awaited?.size === 0) run.awaited = undefined;
  if (isEnd(task.status)) dependencyEnded(task, task.status);
  return hasEnded(task) ? [] : pinDependencies(state, task, 1);
}

function expectDependency(run: RunState, taskId: string, dependant: TaskState): void {
  run.awaited ??= new Map();
  const awaiting = run.awaited.get(taskId);
  if (awaiting) awaiting.add(dependant);
  else run.awaited.set(taskId, new Set([dependant]));
}

/** What is still awaited once a run is complete was forgotten long ago, and holds nobody back. */
export function forgetAwaited(run: RunState): void {
  for (const awaiting of run.awaited?.values() ?? []) for (const dependant of awaiting) dependant.waitingFor--;
  run.awaited = undefined;
}

/** The task has ended: adjusts what its dependants wait for. */
export function dependencyEnded(task: TaskState, status: TaskEnd): void {
  for (const dependant of task.dependants ?? []) edgeEnded(dependant, satisfies(status, edgeOn(dependant, task)));
}

/** The task, which had ended with `status`, is open again. */
export function dependencyReopened(task: TaskState, status: TaskEnd): void {
  for (const dependant of task.dependants ?? []) {
    if (satisfies(status, edgeOn(dependant, task))) dependant.waitingFor++;
    else dependant.broken--;
  }
}

/**
 * The open task keeps the runs of its dependencies, and of tasks whose agents it avoids, from being forgotten, or does so no more.
 *
 * @returns the runs for which that makes a difference.
 */
export function pinDependencies(state: SchedulerState, task: TaskState, by: 1 | -1): readonly RunState[] {
  const edges = edgesOf(task.spec);
  const avoided = task.spec.affinity?.notAgentOf ?? NOBODY;
  const changed: RunState[] = [];
  if (edges.length + avoided.length === 0) return changed;
  for (const taskId of [...edges.map((edge) => edge.taskId), ...avoided]) {
    const run = state.tasks.get(taskId)?.run;
    if (!run || run === task.run) continue;
    run.pins += by;
    if (run.pins === (by === 1 ? 1 : 0)) changed.push(run);
  }
  return changed;
}

/** The task is forgotten, and nobody open depends on it: it counts for those that do as if they had never waited for it. */
export function unlinkForgotten(state: SchedulerState, task: TaskState): void {
  for (const { taskId } of edgesOf(task.spec)) state.tasks.get(taskId)?.dependants?.delete(task);
  for (const dependant of task.dependants ?? []) {
    if (dependant.run === task.run || satisfies(task.status as TaskEnd, edgeOn(dependant, task))) continue;
    dependant.broken--;
    dependant.waitingFor--;
  }
}

function edgeEnded(dependant: TaskState, isSatisfied: boolean): void {
  if (isSatisfied) dependant.waitingFor--;
  else dependant.broken++;
}

function edgeOn({ spec }: TaskState, { spec: { taskId } }: TaskState): EdgeCondition {
  return spec.after?.find((edge) => edge.taskId === taskId)?.on ?? 'success';
}

/** The dependency's ending means that the dependant cannot start. */
export const breaks = (dependant: TaskState, dependency: TaskState, endedAs: TaskEnd): boolean =>
  !goesOn(dependant) && !satisfies(endedAs, edgeOn(dependant, dependency));
