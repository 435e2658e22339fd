import { type DecisionContext, InvariantViolation, type NewEvent } from '@torch/kernel';
import { planAssignments } from './assignments';
import { taskCancelled } from './control';
import { type DemandClass, isNews } from './matching';
import { cut, demandChanged, inThread, runEvent } from './scheduler.facts';
import { bySeq, hasEnded, hasEndedBadly, type RunState, type SchedulerState, type TaskState } from './scheduler.state';
import { leaves, roomIn, type Settlement } from './settlement';

/** What a cancelled run's reason may take in each of its tasks' events. */
const CASCADED_REASON_CHARS_MAX = 100;

/**
 * What follows from the state: cancellations, ends of runs, assignments, news of demand. The cost depends on what there
 * is to say, not on how many tasks wait. An answer has at most `settleEventsMax` events; an empty one means that all is said.
 */
export function settle(state: SchedulerState, { nowMs, newId }: DecisionContext): readonly NewEvent[] {
  const settlement: Settlement = { state, nowMs, newId, events: [], cancelled: new Set(), left: new Map() };
  if (state.cancelling.size > 0) cancelRuns(settlement);
  if (state.doomed.size > 0 || settlement.cancelled.size > 0) cancelDependants(settlement);
  if (state.ending.size > 0 || settlement.cancelled.size > 0) endRuns(settlement);
  if (state.matching.workable.size > 0) planAssignments(settlement);
  if (roomIn(settlement) > 0) announceDemand(settlement);
  return settlement.events;
}

function cancelRuns(settlement: Settlement): void {
  for (const run of [...settlement.state.cancelling].sort(bySeq)) {
    const reason = cut(run.cancelReason ?? '', CASCADED_REASON_CHARS_MAX);
    for (const task of run.tasks) if (!hasEnded(task)) cancel(settlement, task, reason);
  }
}

/** Breadth first and without recursion: chains of dependants may be as long as a run. */
function cancelDependants(settlement: Settlement): void {
  const queue = [...settlement.state.doomed].sort(bySeq);
  for (const task of queue) {
    if (!cancel(settlement, task, brokenDependency(settlement, task))) continue;
    for (const dependant of task.dependants ?? []) if (dependant.status === 'blocked') queue.push(dependant);
  }
}

function brokenDependency({ state, cancelled }: Settlement, { spec }: TaskState): string {
  for (const id of spec.dependsOn) {
    const dependency = state.tasks.get(id);
    if (dependency && cancelled.has(dependency)) return `Its dependency ${id} is cancelled.`;
    if (dependency && hasEndedBadly(dependency.status)) return `Its dependency ${id} is ${dependency.status}.`;
  }
  throw new InvariantViolation(`Task ${spec.taskId} is to be cancelled because of a dependency, and all of them may yet complete.`);
}

function cancel(settlement: Settlement, task: TaskState, reason: string): boolean {
  if (settlement.cancelled.has(task) || roomIn(settlement) <= 0) return false;
  settlement.cancelled.add(task);
  if (task.demand) leaves(settlement, task.demand);
  settlement.events.push(inThread(task, taskCancelled(task, reason, settlement.nowMs)));
  return true;
}

function endRuns(settlement: Settlement): void {
  const cancelledIn = new Map<RunState, number>();
  for (const run of settlement.state.ending) cancelledIn.set(run, 0);
  for (const { run } of settlement.cancelled) cancelledIn.set(run, (cancelledIn.get(run) ?? 0) + 1);
  for (const [run, cancelled] of [...cancelledIn].sort(([a], [b]) => bySeq(a, b))) {
    if (run.open > cancelled || roomIn(settlement) <= 0) continue;
    settlement.events.push(inThread(run, runEnded(run, cancelled, settlement.nowMs)));
  }
}

function runEnded(run: RunState, cancelledNow: number, nowMs: number): NewEvent {
  const { id, completed, failed, deadLettered, cancelReason, tasks } = run;
  const status = completed === tasks.length ? 'completed' : cancelReason === undefined ? 'failed' : 'cancelled';
  return runEvent('run.ended', {
    runId: id,
    status,
    completed,
    failed,
    cancelled: run.cancelled + cancelledNow,
    deadLettered,
    endedAtMs: nowMs,
  });
}

/** Looks only at classes that are news already, and at those that have just moved. */
function announceDemand(settlement: Settlement): void {
  const { state, left, nowMs } = settlement;
  if (state.matching.news.size === 0 && left.size === 0) return;
  const changed: { demand: DemandClass; waiting: number }[] = [];
  for (const demand of new Set([...state.matching.news, ...left.keys()])) {
    const waiting = demand.queue.size - (left.get(demand) ?? 0);
    if (isNews(demand, waiting)) changed.push({ demand, waiting });
  }
  changed.sort((a, b) => byName(a.demand.role.name, b.demand.role.name) || byName(a.demand.key, b.demand.key));
  for (const { demand, waiting } of changed.slice(0, roomIn(settlement))) {
    let fittingAgents = 0;
    for (const { members } of demand.profiles) fittingAgents += members;
    settlement.events.push(
      demandChanged({ role: demand.role.name, skills: [...demand.skills], waiting, fittingAgents, changedAtMs: nowMs }),
    );
  }
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
