import { KIND_DEFAULT, REDRIVE_MAX, type RedriveTasks } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { taskOf } from './attempt';
import { retryAsked } from './control';
import { isDoomed } from './dependencies';
import { hasEnded, type SchedulerState, type TaskState } from './scheduler.state';

/**
 * Takes dead letters up again, as a retry does. Those that have been taken up already, or whose dependencies have failed, are
 * passed over: the first need nothing, the others would only be skipped.
 *
 * @throws Rejection `not-dead-lettered` for a task that is named, and has ended in another way than completed.
 */
export function redriveTasks(state: SchedulerState, data: RedriveTasks, nowMs: number): readonly NewEvent[] {
  const found = data.taskIds ? named(state, data.taskIds) : deadLetters(state);
  return found
    .filter((task) => fits(task, data) && !isDoomed(task))
    .slice(0, data.limit ?? REDRIVE_MAX)
    .map((task) => retryAsked(task, nowMs));
}

function named(state: SchedulerState, taskIds: readonly string[]): readonly TaskState[] {
  const tasks = [...new Set(taskIds)].map((taskId) => taskOf(state, taskId));
  for (const task of tasks) {
    if (!hasEnded(task) || task.status === 'completed' || task.status === 'dead-lettered') continue;
    throw new Rejection('not-dead-lettered', `Task ${task.spec.taskId} is ${task.status}, and no dead letter: retry it by itself.`);
  }
  return tasks.filter(({ status }) => status === 'dead-lettered').sort(byEnd);
}

const deadLetters = (state: SchedulerState): readonly TaskState[] => [...state.deadLetters].sort(byEnd);

const byEnd = (a: TaskState, b: TaskState): number => (a.endedAtMs as number) - (b.endedAtMs as number) || a.seq - b.seq;

function fits({ run, spec, reason: said = '' }: TaskState, { runId, role, kind, reason }: RedriveTasks): boolean {
  return (
    (runId === undefined || run.id === runId) &&
    (role === undefined || spec.role === role) &&
    (kind === undefined || (spec.kind ?? KIND_DEFAULT) === kind) &&
    (reason === undefined || said.includes(reason))
  );
}
