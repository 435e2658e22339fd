import { HeapWalk } from '../heap';
import { inThread } from '../scheduler.facts';
import type { SchedulerState } from '../scheduler.state';
import { roomIn, type Settlement } from '../settlement';
import type { DueCommand, Topic } from '../topics';
import { released } from './claims.rules';
import { taskKey } from './claims.state';
import { refuseUnclearPath } from './conflict';

/** Leases that run out in one turn: what a decision leads to must fit into a commit. */
const EXPIRED_PER_TURN_MAX = 250;

export const claimsTopic: Topic = {
  attemptBegan: ({ claims }, { spec, agentId = '' }) => {
    if (spec.claims && spec.claims.length > 0) claims.taskBegins({ taskId: spec.taskId, agentId, paths: spec.claims });
  },
  attemptOver: ({ claims, matching }, { spec: { taskId }, agentId = '', attempt }) => {
    if (claims.taskEnds(taskId)) matching.wake(taskKey(taskId));
    for (const own of claims.ownOf(agentId))
      if (own.taskId === taskId && own.attempt === attempt) claims.ending.set(own.id, 'attempt-ended');
  },
  agentGone: ({ claims }, agentId) => {
    for (const { id } of claims.ownOf(agentId)) if (!claims.ending.has(id)) claims.ending.set(id, 'agent-gone');
  },
  settle: releaseEnding,
  dueAtMs: ({ claims }) => claims.timers.peek()?.leaseUntilMs ?? Infinity,
  due,
  checkSubmitted: (_state, { key, claims = [] }) => {
    for (const { path } of claims) refuseUnclearPath(path, `Task "${key}"`);
  },
};

function releaseEnding(settlement: Settlement): void {
  const { state, events, nowMs } = settlement;
  for (const [id, reason] of [...state.claims.ending].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const claim = state.claims.own.get(id);
    if (!claim || roomIn(settlement) <= 0) continue;
    const task = claim.taskId === undefined ? undefined : state.tasks.get(claim.taskId);
    const event = released(claim, reason, nowMs);
    events.push(task ? inThread(task, event) : event);
  }
}

function due({ claims }: SchedulerState, nowMs: number): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  const walk = new HeapWalk(claims.timers);
  for (
    let next = walk.peek();
    next && next.leaseUntilMs <= nowMs && commands.length < EXPIRED_PER_TURN_MAX;
    walk.next(), next = walk.peek()
  )
    commands.push({ type: 'ExpireClaim', data: { claimId: next.id } });
  return commands;
}
