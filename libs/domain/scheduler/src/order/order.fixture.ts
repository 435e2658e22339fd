import type { TaskSpec } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import type { SchedulerDecider } from '../decider';
import { completeTask, registered, submitRun, task, withAssignments } from '../decider.fixture';
import type { SchedulerState } from '../scheduler.state';

export type Agent = readonly [id: string, part?: Parameters<typeof registered>[1]];

export function runWith(...agents: readonly Agent[]): DeciderRun<SchedulerState> {
  return new DeciderRun(withAssignments()).happened(...agents.map(([id, part]) => registered(id, part)));
}

export const runUnder = (decider: SchedulerDecider, ...agents: readonly Agent[]): DeciderRun<SchedulerState> =>
  new DeciderRun(withAssignments(decider)).happened(...agents.map(([id, part]) => registered(id, part)));

let runs = 0;

/** Submits tasks of the given keys, alike in everything else, in a run of their own. */
export function submit(run: DeciderRun<SchedulerState>, keys: readonly string[], part: Partial<TaskSpec> = {}): void {
  const tasks = keys.map((key) => task(key, part));
  run.decide(submitRun(tasks, { runId: `run-${++runs}` }));
}

export const keyOf = (taskId: string): string => taskId.slice('run-1.'.length);

/** `a → agent-1` for each assignment of one answer. */
export function assigned(run: DeciderRun<SchedulerState>): string[] {
  return run.settle().flatMap(({ type, data }) => {
    const { taskId, agentId } = data as { taskId: string; agentId: string };
    return type === 'task.assigned' ? [`${keyOf(taskId)} → ${agentId}`] : [];
  });
}

/** Completes whatever is in flight and lets the next be assigned, until nothing is; keys in the order of assignment. */
export function workedOff(run: DeciderRun<SchedulerState>, turnsMax = Infinity): string[] {
  const keys: string[] = [];
  for (let turn = 0; turn < turnsMax; turn++) {
    const next = assigned(run).map((line) => line.split(' → ') as [string, string]);
    if (next.length === 0) break;
    keys.push(...next.map(([key]) => key));
    for (const [key, agentId] of next) run.decide(completeTask(key, { agentId }));
  }
  return keys;
}
