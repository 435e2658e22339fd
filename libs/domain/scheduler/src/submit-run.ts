import type { SubmitRun, TaskSpec } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { runEvent, taskSubmitted } from './scheduler.facts';
import type { SchedulerState } from './scheduler.state';

/** @throws Rejection and submits nothing, when any of the tasks cannot be taken. */
export function submitRun(state: SchedulerState, { runId, name, tasks }: SubmitRun, nowMs: number): readonly NewEvent[] {
  if (state.runs.has(runId)) throw new Rejection('run-exists', `Run ${runId} has been submitted before.`);
  refuseUnclearTasks(state, tasks);
  refuseUnknownDependencies(tasks);
  refuseCycle(tasks);
  if (state.openTasks + tasks.length > state.limits.tasksOpenMax) {
    throw new Rejection(
      'queue-full',
      `Run ${runId} has ${tasks.length} tasks, and the project's ${state.openTasks} open ones leave no room for them: ${state.limits.tasksOpenMax} is the limit.`,
    );
  }
  const header = runEvent('run.submitted', { runId, ...(name === undefined ? {} : { name }), tasks: tasks.length, submittedAtMs: nowMs });
  return [header, ...tasks.map((spec) => taskSubmitted({ runId, spec, submittedAtMs: nowMs }))];
}

function refuseUnclearTasks(state: SchedulerState, tasks: readonly TaskSpec[]): void {
  const ids = new Set<string>();
  const keys = new Set<string>();
  for (const { taskId, key, run, prompt } of tasks) {
    if (state.tasks.has(taskId)) throw new Rejection('task-exists', `Task id ${taskId} is already that of a task of another run.`);
    if (ids.has(taskId)) throw new Rejection('duplicate-task', `Two tasks of the run have the id ${taskId}.`);
    if (keys.has(key)) throw new Rejection('duplicate-key', `Two tasks of the run have the key "${key}".`);
    if ((run === undefined) === (prompt === undefined))
      throw new Rejection('unclear-work', `Task "${key}" needs exactly one of "run" and "prompt".`);
    ids.add(taskId);
    keys.add(key);
  }
}

function refuseUnknownDependencies(tasks: readonly TaskSpec[]): void {
  if (tasks.every(({ dependsOn }) => dependsOn.length === 0)) return;
  const ids = new Set(tasks.map(({ taskId }) => taskId));
  for (const { key, dependsOn } of tasks) {
    const unknown = dependsOn.find((id) => !ids.has(id));
    if (unknown !== undefined)
      throw new Rejection('unknown-dependency', `Task "${key}" depends on ${unknown}, which is not a task of the run.`);
  }
}

/** Kahn's algorithm: what cannot be put in order is in a circle, or behind one. */
function refuseCycle(tasks: readonly TaskSpec[]): void {
  const waitsFor = new Map(
    tasks.filter(({ dependsOn }) => dependsOn.length > 0).map(({ taskId, dependsOn }) => [taskId, dependsOn.length]),
  );
  if (waitsFor.size === 0) return;
  const dependants = new Map<string, string[]>();
  for (const { taskId, dependsOn } of tasks) {
    for (const id of dependsOn) {
      const found = dependants.get(id);
      if (found) found.push(taskId);
      else dependants.set(id, [taskId]);
    }
  }
  const free = tasks.filter(({ dependsOn }) => dependsOn.length === 0).map(({ taskId }) => taskId);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    for (const dependant of dependants.get(id) ?? []) {
      const left = (waitsFor.get(dependant) as number) - 1;
      waitsFor.set(dependant, left);
      if (left === 0) {
        waitsFor.delete(dependant);
        free.push(dependant);
      }
    }
  }
  if (waitsFor.size > 0)
    throw new Rejection('dependency-cycle', `Tasks depend on each other in a circle: ${circle(tasks, waitsFor).join(' → ')}.`);
}

function circle(tasks: readonly TaskSpec[], stuck: ReadonlyMap<string, number>): readonly string[] {
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const placeOf = new Map<string, number>();
  const path: string[] = [];
  let id = stuck.keys().next().value as string;
  while (!placeOf.has(id)) {
    placeOf.set(id, path.length);
    path.push(id);
    id = byId.get(id)?.dependsOn.find((dependency) => stuck.has(dependency)) as string;
  }
  return [...path.slice(placeOf.get(id)), id].map((step) => byId.get(step)?.key as string);
}
