import type { CompleteTask, TaskAssigned, TaskSpec, Usage } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { DeciderRun, type SpecCommand } from '@torch/testing';
import { registered, startTask, submitRun, task, withAssignments } from '../decider.fixture';
import type { SchedulerDecider } from '../decider';
import type { SchedulerState } from '../scheduler.state';

export type ProjectRun = DeciderRun<SchedulerState>;

/** A project with agents of capacity 1, `agent-1` and so on. */
export function projectWith({ agents = 3, decider }: { agents?: number; decider?: SchedulerDecider } = {}): ProjectRun {
  const run = new DeciderRun(withAssignments(decider));
  for (let n = 1; n <= agents; n++) run.happened(registered(`agent-${n}`));
  return run;
}

/** Submits tasks by key, and settles until there is nothing to say: the keys of those that were assigned, in order. */
export function submit(run: ProjectRun, tasks: Readonly<Record<string, Partial<TaskSpec>>>, runId = 'run-1'): readonly string[] {
  const specs = Object.entries(tasks).map(([key, part]) => ({ ...task(key, part), taskId: `${runId}.${key}` }));
  run.decide(submitRun(specs, { runId }));
  return settled(run);
}

export function settledEvents(run: ProjectRun): readonly NewEvent[] {
  const all: NewEvent[] = [];
  for (let events = run.settle(); events.length > 0; events = run.settle()) all.push(...events);
  return all;
}

export const settled = (run: ProjectRun): readonly string[] => assignedIn(settledEvents(run));

export const assignedIn = (events: readonly NewEvent[]): readonly string[] =>
  events.filter(({ type }) => type === 'task.assigned').map(({ data }) => keyOf((data as TaskAssigned).taskId));
const keyOf = (taskId: string): string => taskId.slice(taskId.indexOf('.') + 1);

export const taskIn = (run: ProjectRun, key: string, runId = 'run-1') => {
  const found = run.state.tasks.get(`${runId}.${key}`);
  if (!found) throw new Error(`No task ${key}.`);
  return found;
};

const held = (run: ProjectRun, key: string) => {
  const { attempt, agentId = 'none' } = taskIn(run, key);
  return { taskId: `run-1.${key}`, attempt, agentId };
};

export const start = (run: ProjectRun, key: string) => run.decide(startTask(key, held(run, key)));
export const progress = (run: ProjectRun, key: string, usage: Usage) =>
  run.decide({ type: 'ReportProgress', data: { ...held(run, key), usage } });
export const complete = (run: ProjectRun, key: string, part: Partial<CompleteTask> = {}) =>
  run.decide({ type: 'CompleteTask', data: { ...held(run, key), durationMs: 1, ...part } });
export const fail = (run: ProjectRun, key: string, failure: 'retryable' | 'permanent' = 'retryable') =>
  run.decide({
    type: 'FailTask',
    data: { ...held(run, key), class: failure, reason: 'exit-code', message: 'exit code 1' },
  });
export const cancel = (run: ProjectRun, key: string) =>
  run.decide({ type: 'CancelTask', data: { taskId: `run-1.${key}`, reason: 'not wanted' } });

/** The rejection's code; undefined when there is none. */
export function refusal(run: ProjectRun, command: SpecCommand): string | undefined {
  const outcome = run.tryToDecide(command);
  return outcome instanceof Rejection ? outcome.code : undefined;
}

/** The events of one turn: what is due, and what follows. */
export const turn = (run: ProjectRun, nowMs: number): readonly NewEvent[] => [...run.passTo(nowMs), ...settledEvents(run)];
export const typesOf = (events: readonly NewEvent[]): readonly string[] => events.map(({ type }) => type);
export const found = <Data>(events: readonly NewEvent[], type: string): readonly Data[] =>
  events.filter((event) => event.type === type).map(({ data }) => data as Data);
