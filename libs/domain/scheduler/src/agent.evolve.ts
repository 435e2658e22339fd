import type {
  AgentDeregistered,
  AgentDraining,
  AgentLost,
  AgentPaused,
  AgentRecovered,
  AgentRegistered,
  AgentSuspected,
  AgentUpdated,
  AttemptFailure,
} from '@torch/contracts';
import { invariant } from '@torch/kernel';
import { kindOf, recordAttempt } from './matching/track-record';
import type { AgentState, SchedulerState, TaskState } from './scheduler.state';
import { weightOf } from './weight';

/** Agents of earlier attempts that a task remembers, the newest ones. */
export const PAST_AGENTS_MAX = 100;

/** Another instance takes the id over: what it is and can do is its own, the track record stays. Registering ends draining. */
export function onAgentRegistered(state: SchedulerState, data: AgentRegistered): void {
  const { agentId, role, skills, labels, capacity, instance, registeredAtMs } = data;
  const known = state.agents.get(agentId);
  if (!known) {
    const agent = newAgent({ id: agentId, role, skills, labels, capacity, instance, idleSinceMs: registeredAtMs });
    state.agents.set(agentId, agent);
    state.matching.join(agent);
    return;
  }
  state.matching.leave(known);
  if (known.instance !== instance) {
    known.idleSinceMs = registeredAtMs;
    known.pausedUntilMs = 0;
  }
  Object.assign(known, { role, skills, labels, capacity, instance, draining: false });
  comeBack(state, known);
}

export function onAgentUpdated(state: SchedulerState, { agentId, skills, labels, capacity }: AgentUpdated): void {
  const agent = state.agents.get(agentId);
  if (!agent) return;
  const isThere = agent.profile !== undefined;
  state.matching.leave(agent);
  if (skills) agent.skills = skills;
  if (labels) agent.labels = labels;
  if (capacity !== undefined) agent.capacity = capacity;
  if (isThere) state.matching.join(agent);
}

/** Gets nothing new, and finishes what it has. */
export function onAgentDraining(state: SchedulerState, { agentId }: AgentDraining): void {
  const agent = state.agents.get(agentId);
  if (!agent) return;
  agent.draining = true;
  state.matching.refreshAgent(agent);
}

/** Gets nothing new until it is told otherwise, or until the given time. */
export function onAgentPaused(state: SchedulerState, { agentId, pause, untilMs = Infinity }: AgentPaused): void {
  const agent = state.agents.get(agentId);
  if (!agent) return;
  agent.pausedUntilMs = pause === undefined ? 0 : untilMs;
  state.matching.refreshAgent(agent);
}

/** Gets nothing new, and keeps what it has: suspicion often passes. */
export function onAgentSuspected(state: SchedulerState, { agentId }: AgentSuspected): void {
  const agent = state.agents.get(agentId);
  if (agent?.presence !== 'live') return;
  agent.presence = 'suspected';
  state.matching.refreshAgent(agent);
}

export function onAgentRecovered(state: SchedulerState, { agentId }: AgentRecovered): void {
  const agent = state.agents.get(agentId);
  if (!agent || agent.presence === 'gone') return;
  if (agent.presence === 'lost') {
    comeBack(state, agent);
    return;
  }
  agent.presence = 'live';
  state.matching.refreshAgent(agent);
}

export function onAgentLost(state: SchedulerState, { agentId }: AgentLost): void {
  goAway(state, agentId, 'lost');
}

export function onAgentDeregistered(state: SchedulerState, { agentId }: AgentDeregistered): void {
  goAway(state, agentId, 'gone');
}

/** The task has left the queue, and its fairness key has had its share. */
export function attemptBegins(state: SchedulerState, task: TaskState, agentId: string): void {
  const agent = state.agents.get(agentId);
  invariant(agent, `Task ${task.spec.taskId} was assigned to agent ${agentId}, which is not registered.`);
  state.matching.charge(task, weightOf(state, task.fairnessKey));
  task.instance = agent.instance;
  agent.live.add(task);
  state.matching.refreshAgent(agent);
}

export type AttemptOutcome = 'completed' | 'failed' | 'cancelled';

/** A cancelled attempt says nothing about its agent. */
export function attemptEnds(
  state: SchedulerState,
  task: TaskState,
  { outcome, atMs }: { readonly outcome: AttemptOutcome; readonly atMs: number },
): void {
  const agent = state.agents.get(task.agentId ?? '');
  invariant(agent, `The attempt of task ${task.spec.taskId} ended at agent ${task.agentId}, which is not known.`);
  task.instance = undefined;
  agent.live.delete(task);
  agent.idleSinceMs = atMs;
  if (outcome === 'completed') agent.completed++;
  else if (outcome === 'failed') agent.failed++;
  if (outcome !== 'completed') rememberAgent(task, agent.id);
  if (outcome !== 'cancelled') recordAttempt((agent.record ??= new Map()), kindOf(task.spec), outcome);
  agent.successRate = successRate(agent);
  state.matching.refreshAgent(agent);
  forgetIfAway(state, agent);
}

/** Not the agent's doing. */
const BLAMELESS: ReadonlySet<AttemptFailure> = new Set<AttemptFailure>(['rate-limited', 'budget', 'stopped', 'deadline']);

/** What a failed attempt says about its agent. */
export const outcomeOf = (reason: AttemptFailure): AttemptOutcome => (BLAMELESS.has(reason) ? 'cancelled' : 'failed');

export function newAgent(
  given: Pick<AgentState, 'id' | 'role' | 'skills' | 'labels' | 'capacity' | 'instance' | 'idleSinceMs'>,
): AgentState {
  const { id, role, skills, labels, capacity, instance, idleSinceMs } = given;
  return {
    id,
    role,
    skills,
    labels,
    capacity,
    instance,
    presence: 'live',
    draining: false,
    pausedUntilMs: 0,
    idleSinceMs,
    completed: 0,
    failed: 0,
    record: undefined,
    lostSeq: 0,
    successRate: 0.5,
    live: new Set(),
    planned: 0,
    load: 0,
    profile: undefined,
    heapIndex: -1,
  };
}

/** Laplace's rule of succession. */
export const successRate = ({ completed, failed }: Pick<AgentState, 'completed' | 'failed'>): number =>
  (completed + 1) / (completed + failed + 2);

/** For tasks that are not to go to an agent of this one: see `notAgentOf`. */
function rememberAgent(task: TaskState, agentId: string): void {
  if (task.pastAgents?.includes(agentId)) return;
  task.pastAgents = [...(task.pastAgents ?? []), agentId].slice(-PAST_AGENTS_MAX);
}

function comeBack(state: SchedulerState, agent: AgentState): void {
  if (agent.lostSeq > 0) state.lostAgents.removeAt(agent.heapIndex);
  agent.presence = 'live';
  agent.lostSeq = 0;
  state.matching.join(agent);
}

function goAway(state: SchedulerState, agentId: string, presence: 'lost' | 'gone'): void {
  const agent = state.agents.get(agentId);
  if (!agent) return;
  state.matching.leave(agent);
  agent.presence = presence;
  forgetIfAway(state, agent);
}

/** An agent that is away is kept until its attempts are over; a lost one for longer, among a limited number of them. */
function forgetIfAway(state: SchedulerState, agent: AgentState): void {
  if (agent.live.size > 0) return;
  if (agent.presence === 'gone') {
    if (agent.lostSeq > 0) state.lostAgents.removeAt(agent.heapIndex);
    state.agents.delete(agent.id);
  }
  if (agent.presence !== 'lost' || agent.lostSeq > 0) return;
  agent.lostSeq = ++state.lastLostSeq;
  state.lostAgents.push(agent);
  if (state.lostAgents.size > state.limits.agentsLostMax) state.agents.delete(state.lostAgents.removeAt(0).id);
}
