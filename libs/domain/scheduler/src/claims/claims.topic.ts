import { inOrder, type TimerContext } from '@torch/kernel';
import { gatesBesideClaims } from '../gates/gates.exports';
import { isFull, semaphoreKey, severalOf } from '../limits/limits.exports';
import type { Strand } from '../order/strand';
import { isLive, type SchedulerState, type TaskState } from '../scheduler.state';
import { roomIn, says, type Settlement } from '../settlement';
import type { DueCommand, Topic } from '../topics';
import { claimGate } from './claims.gate';
import { released } from './claims.rules';
import { taskKey } from './claims.state';
import { refuseUnclearPath } from './conflict';
import { keptPlaces } from './kept-room';
import { preceding, precedenceKey } from './precedence';
import type { Waiter } from './waiting-claims';

/** Leases that run out in one turn: what a decision leads to must fit into a commit. */
const EXPIRED_PER_TURN_MAX = 250;

export const claimsTopic: Topic = {
  taskReady: (state, task) => {
    const { claims } = state;
    wakeIfOlder(state, task);
    const { strand, readyAtMs: sinceMs = task.submittedAtMs } = task;
    const { claims: paths = [] } = task.spec;
    const semaphores = severalOf(task.spec.semaphores);
    if (!strand || (paths.length === 0 && semaphores.length === 0) || claims.waiting.of(strand)) return;
    const isAnyFull = semaphores.some((name) => isFull(state, name));
    claims.strandWaits(strand, { paths, semaphores, sinceMs, isFull: isAnyFull, ...keysOf(task, strand) });
  },
  taskLeaves: ({ claims: { waiting } }, { strand }, isAssigned) => {
    if (!strand) return;
    if (strand.size === 1) waiting.leaves(strand);
    else if (isAssigned) waiting.startsAgain(strand);
  },
  attemptBegan: ({ claims }, { spec, agentId = '' }, atMs) => {
    if (spec.claims && spec.claims.length > 0) claims.taskBegins({ taskId: spec.taskId, agentId, paths: spec.claims }, atMs);
  },
  attemptOver: ({ claims, matching }, { spec: { taskId }, agentId = '', attempt }) => {
    if (claims.taskEnds(taskId)) matching.wake(taskKey(taskId));
    for (const own of claims.ownFor(taskId)) if (own.agentId === agentId && own.attempt === attempt) claims.ends(own.id, 'attempt-ended');
  },
  agentGone: ({ claims }, agentId) => {
    for (const { id } of claims.ownOf(agentId)) if (!claims.ending.has(id)) claims.ends(id, 'agent-gone');
  },
  conclusions: [releaseEnding, wakeKeptBack],
  dueAtMs: ({ claims }) => claims.timers.peek()?.leaseUntilMs ?? Infinity,
  due,
  checkSubmitted: (_state, { key, claims = [] }) => {
    for (const { path } of claims) refuseUnclearPath(path, `Task "${key}"`);
  },
};

function releaseEnding(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  for (const [id, reason] of state.claims.endingFirst()) {
    if (roomIn(settlement) <= 0) return;
    const claim = state.claims.own.get(id);
    if (!claim) continue;
    says(settlement, claim.taskId === undefined ? undefined : state.tasks.get(claim.taskId), released(claim, reason, nowMs));
  }
}

function keysOf(task: TaskState, { demand }: Strand): Pick<Waiter, 'peersKey' | 'wishKey'> {
  const never = [...(task.spec.affinity?.notAgentOf ?? [])].sort();
  const keys = gatesBesideClaims().map((gate) => gate.gateKey(task));
  const peersKey = JSON.stringify([demand.role.name, demand.key, task.fairnessKey, ...keys, ...never]);
  return { peersKey, wishKey: [demand.role.name, claimGate.gateKey(task), ...severalOf(task.spec.semaphores)].join('\n') };
}

/** One that has been ready for longer than all beside it may go on where they are kept back. */
function wakeIfOlder({ claims: { keptPlaces }, matching }: SchedulerState, { strand, earlier, spec: { semaphores } }: TaskState): void {
  if (keptPlaces.size === 0 || !semaphores || !strand?.aside || earlier) return;
  for (const name of semaphores) if (keptPlaces.has(name)) matching.wake(semaphoreKey(name));
}

/** Nobody waits any more for a task for which nothing is kept any more, for whatever reason, unless it has the paths now. */
function wakeKeptBack({ state, nowMs }: Settlement): void {
  const { claims, matching } = state;
  const before = claims.preceding;
  if (before.length === 0 && !claims.waiting.isAnyHeld(nowMs - state.limits.claimPatienceMs)) return;
  matching.passTo(nowMs); // Whose pause has ended may have the task.
  claims.preceding = preceding(state, nowMs);
  const tasks = new Set(claims.preceding.map(({ task }) => task));
  for (const by of before) if (!tasks.has(by.task) && !isLive(by.task)) matching.wake(precedenceKey(by));
  const placesBefore = claims.keptPlaces;
  claims.keptPlaces = keptPlaces(state, claims.preceding);
  for (const [name, kept] of placesBefore) {
    const now = new Set(claims.keptPlaces.get(name)?.map(({ task }) => task));
    if (kept.some(({ task }) => !now.has(task))) matching.wake(semaphoreKey(name));
  }
}

function due({ claims }: SchedulerState, { leaseNowMs, max }: TimerContext): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  for (const { id: claimId, leaseUntilMs } of inOrder(claims.timers)) {
    if (leaseUntilMs > leaseNowMs || commands.length >= Math.min(max, EXPIRED_PER_TURN_MAX)) break;
    commands.push({ type: 'ExpireClaim', data: { claimId } });
  }
  return commands;
}
