import type { SchedulerCommand, TaskSpec, Usage } from '@torch/contracts';
import type { NewEvent, TimerContext } from '@torch/kernel';
import { approvalsTopic } from './approvals/approvals.exports';
import { budgetsTopic } from './budgets/budgets.exports';
import { claimsTopic } from './claims/claims.exports';
import { limitsTopic } from './limits/limits.exports';
import { schedulesTopic } from './schedules/schedules.exports';
import type { SchedulerState, TaskState } from './scheduler.state';
import type { Conclusion } from './settlement';

export type DueCommand = Pick<SchedulerCommand, 'type' | 'data'>;

/** What the agent brings when it says that its work is done. */
export interface BroughtResult {
  readonly usage?: Usage;
}

/** A part of the rules with state of its own, as the life of tasks and attempts concerns it. Every part has its folder. */
export interface Topic {
  /** For `evolve`: the task waits for an agent; `task.strand` says beside which others. */
  taskReady?(state: SchedulerState, task: TaskState): void;
  /** For `evolve`: it waits no more, since it is assigned, or for another reason. `task.strand` is still that of it. */
  taskLeaves?(state: SchedulerState, task: TaskState, isAssigned: boolean): void;
  /** For `evolve`: the task has its next attempt; `task.agentId` and `task.attempt` are those of it. */
  attemptBegan?(state: SchedulerState, task: TaskState, atMs: number): void;
  /**
   * For `evolve`: the live attempt is over, however. `task.agentId`, `startedAtMs` and `usage` are still those of it, and its
   * status is still `assigned` or `running`.
   */
  attemptOver?(state: SchedulerState, task: TaskState, atMs: number): void;
  /** For `evolve`: usage of the live attempt was reported; `task.usage` is all that is known of it now. */
  usageSeen?(state: SchedulerState, task: TaskState, atMs: number): void;
  /** For `evolve`: the task is open, for the first time or again. */
  taskOpened?(state: SchedulerState, task: TaskState): void;
  /** For `evolve`: the task is open no more; its status says how it ended. */
  taskEnded?(state: SchedulerState, task: TaskState, atMs: number): void;
  /** For `evolve`: the agent is lost, gone, or replaced by another instance. Its attempts end by events of their own. */
  agentGone?(state: SchedulerState, agentId: string): void;
  /** What follows by itself, in the order of precedence. */
  readonly conclusions?: readonly Conclusion[];
  /** When `due` has something next, or `settle` may decide otherwise; `Infinity` for never. */
  dueAtMs?(state: SchedulerState): number;
  due?(state: SchedulerState, context: TimerContext): readonly DueCommand[];
  /** A task that a run brings, before anything of the run is accepted: @throws Rejection that names the field and the way out. */
  checkSubmitted?(state: SchedulerState, spec: TaskSpec, nowMs: number): void;
  /** A run as a whole, once each of its tasks has passed: @throws Rejection, `open-tasks-limit` for one. */
  checkRun?(state: SchedulerState, specs: readonly TaskSpec[], actor: string): void;
  /** For `decide`: what reported usage leads to, behind the report's own event; the live attempt may end by it. */
  usageReported?(state: SchedulerState, task: TaskState, usage: Usage, nowMs: number): readonly NewEvent[];
  /** For `decide`: events that take the place of the task's completion, such as the attempt's failure; none to accept it. */
  resultBrought?(state: SchedulerState, task: TaskState, result: BroughtResult, nowMs: number): readonly NewEvent[];
}

let all: readonly Topic[] | undefined;
/** In the order in which they are told and asked. A function, because topics may import what imports this file. */
export const topics = (): readonly Topic[] => (all ??= [limitsTopic, claimsTopic, approvalsTopic, budgetsTopic, schedulesTopic]);

/** For `evolve`, and for a state that is restored. */
export function enqueue(state: SchedulerState, task: TaskState): void {
  state.matching.enqueue(task);
  for (const topic of topics()) topic.taskReady?.(state, task);
}

/** Nothing to do for a task that waits for no agent. */
export function dequeue(state: SchedulerState, task: TaskState, { isAssigned = false } = {}): void {
  if (!task.strand) return;
  for (const topic of topics()) topic.taskLeaves?.(state, task, isAssigned);
  state.matching.dequeue(task);
}

export function agentGone(state: SchedulerState, { agentId }: { readonly agentId: string }): void {
  for (const topic of topics()) topic.agentGone?.(state, agentId);
}
