import type { SubmitRun, TaskSpec } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { refuseContradictions } from './check-spec';
import { edgesOf } from './dependencies';
import { runEvent, taskSubmitted } from './scheduler.facts';
import type { SchedulerState } from './scheduler.state';
import { topics } from './topics';

/** @throws Rejection and submits nothing, when any of the tasks cannot be taken. */
export function submitRun(state: SchedulerState, data: SubmitRun, nowMs: number, actor: string): readonly NewEvent[] {
  const { runId, name, tasks } = data;
  refuseUnfitRun(state, data, nowMs, actor);
  const header = runEvent('run.submitted', { runId, ...(name === undefined ? {} : { name }), tasks: tasks.length, submittedAtMs: nowMs });
  return [header, ...tasks.map((spec) => taskSubmitted({ runId, spec, submittedAtMs: nowMs }))];
}

/** @throws Rejection when the run cannot be taken as it is, or not now. */
export function refuseUnfitRun(state: SchedulerState, { runId, tasks }: SubmitRun, nowMs: number, actor: string): void {
  if (state.runs.has(runId)) throw new Rejection('run-exists', `Run ${runId} has been submitted before.`);
  refuseDoubles(state, tasks);
  for (const spec of tasks) {
    refuseContradictions(spec, nowMs);
    for (const topic of topics()) topic.checkSubmitted?.(state, spec, nowMs);
  }
  refuseUnknownTasks(state, tasks);
  refuseCycle(tasks);
  if (state.openTasks + tasks.length > state.limits.tasksOpenMax) {
    throw new Rejection(
      'open-tasks-limit',
      `Run ${runId} has ${tasks.length} tasks, and the project's ${state.openTasks} open ones leave no room for them: ${state.limits.tasksOpenMax} is the limit.`,
    );
  }
  for (const topic of topics()) topic.checkRun?.(state, tasks, actor);
}

function refuseDoubles(state: SchedulerState, tasks: readonly TaskSpec[]): void {
  const ids = new Set<string>();
  const keys = new Set<string>();
  for (const { taskId, key } of tasks) {
    if (state.tasks.has(taskId)) throw new Rejection('task-exists', `Task id ${taskId} is already that of a task of another run.`);
    if (ids.has(taskId)) throw new Rejection('duplicate-task', `Two tasks of the run have the id ${taskId}.`);
    if (keys.has(key)) throw new Rejection('duplicate-key', `Two tasks of the run have the key "${key}".`);
    ids.add(taskId);
    keys.add(key);
  }
}

/** Of this run, or of one that is remembered: a task that ended long ago has been forgotten. */
function refuseUnknownTasks(state: SchedulerState, tasks: readonly TaskSpec[]): void {
  const ids = new Set(tasks.map(({ taskId }) => taskId));
  const isKnown = (id: string): boolean => ids.has(id) || state.tasks.has(id);
  for (const spec of tasks) {
    const unknown = edgesOf(spec).find(({ taskId }) => !isKnown(taskId));
    if (unknown) {
      throw new Rejection(
        'unknown-dependency',
        `Task "${spec.key}" depends on ${unknown.taskId}, which is not a task of the run, nor of another that the project remembers.`,
      );
    }
    const { sameAgentAs = [], notAgentOf = [] } = spec.affinity ?? {};
    const stranger = [...sameAgentAs, ...notAgentOf].find((id) => !isKnown(id));
    if (stranger !== undefined) {
      throw new Rejection('unknown-affinity', `The affinity of task "${spec.key}" names ${stranger}, which is not a task of the project.`);
    }
  }
}

/**
 * Kahn's algorithm: what cannot be put in order is in a circle, or behind one. Tasks of other runs were there before, and so
 * depend on none of these.
 */
function refuseCycle(tasks: readonly TaskSpec[]): void {
  const ids = new Set(tasks.map(({ taskId }) => taskId));
  const within = new Map<string, readonly string[]>();
  const dependants = new Map<string, string[]>();
  for (const spec of tasks) {
    const dependencies = edgesOf(spec).flatMap(({ taskId }) => (ids.has(taskId) ? [taskId] : []));
    if (dependencies.length > 0) within.set(spec.taskId, dependencies);
    for (const id of dependencies) {
      const found = dependants.get(id);
      if (found) found.push(spec.taskId);
      else dependants.set(id, [spec.taskId]);
    }
  }
  const waitsFor = new Map([...within].map(([id, dependencies]) => [id, dependencies.length]));
  const free = tasks.filter(({ taskId }) => !waitsFor.has(taskId)).map(({ taskId }) => taskId);
  for (let id = free.pop(); id !== undefined && waitsFor.size > 0; id = free.pop()) {
    for (const dependant of dependants.get(id) ?? []) {
      const left = (waitsFor.get(dependant) as number) - 1;
      waitsFor.set(dependant, left);
      if (left > 0) continue;
      waitsFor.delete(dependant);
      free.push(dependant);
    }
  }
  if (waitsFor.size === 0) return;
  throw new Rejection('dependency-cycle', `Tasks depend on each other in a circle: ${circle(tasks, within, waitsFor).join(' → ')}.`);
}

function circle(
  tasks: readonly TaskSpec[],
  within: ReadonlyMap<string, readonly string[]>,
  stuck: ReadonlyMap<string, number>,
): readonly string[] {
  const keyOf = new Map(tasks.map(({ taskId, key }) => [taskId, key]));
  const placeOf = new Map<string, number>();
  const path: string[] = [];
  let id = stuck.keys().next().value as string;
  while (!placeOf.has(id)) {
    placeOf.set(id, path.length);
    path.push(id);
    id = within.get(id)?.find((dependency) => stuck.has(dependency)) as string;
  }
  return [...path.slice(placeOf.get(id)), id].map((step) => keyOf.get(step) as string);
}
