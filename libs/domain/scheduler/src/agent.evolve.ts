import type { AgentDeregistered, AgentLost, AgentRecovered, AgentRegistered, AgentSuspected } from '@torch/contracts';
import { invariant } from '@torch/kernel';
import type { AgentState, SchedulerState, TaskState } from './scheduler.state';

/** Another instance takes the id over: capacity, skills and idleness are its own, the track record stays. */
export function onAgentRegistered(state: SchedulerState, data: AgentRegistered): void {
  const { agentId, role, skills, capacity, instance, registeredAtMs } = data;
  const known = state.agents.get(agentId);
  if (!known) {
    const agent = newAgent({ id: agentId, role, skills, capacity, instance, idleSinceMs: registeredAtMs });
    state.agents.set(agentId, agent);
    state.matching.join(agent);
    return;
  }
  state.matching.leave(known);
  if (known.instance !== instance) known.idleSinceMs = registeredAtMs;
  Object.assign(known, { role, skills, capacity, instance });
  comeBack(state, known);
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

export function attemptBegins({ agents, matching }: SchedulerState, task: TaskState, agentId: string): void {
  const agent = agents.get(agentId);
  invariant(agent, `Task ${task.spec.taskId} was assigned to agent ${agentId}, which is not registered.`);
  task.instance = agent.instance;
  agent.live.add(task);
  matching.refreshAgent(agent);
}

/** A cancelled attempt says nothing about its agent. */
export function attemptEnds(
  state: SchedulerState,
  task: TaskState,
  { outcome, atMs }: { outcome: 'completed' | 'failed' | 'cancelled'; atMs: number },
): void {
  const agent = state.agents.get(task.agentId ?? '');
  invariant(agent, `The attempt of task ${task.spec.taskId} ended at agent ${task.agentId}, which is not known.`);
  task.instance = undefined;
  agent.live.delete(task);
  agent.idleSinceMs = atMs;
  if (outcome === 'completed') agent.completed++;
  else if (outcome === 'failed') agent.failed++;
  agent.successRate = successRate(agent);
  state.matching.refreshAgent(agent);
  forgetIfAway(state, agent);
}

export function newAgent(given: Pick<AgentState, 'id' | 'role' | 'skills' | 'capacity' | 'instance' | 'idleSinceMs'>): AgentState {
  return {
    ...given,
    presence: 'live',
    completed: 0,
    failed: 0,
    lostSeq: 0,
    successRate: 0.5,
    live: new Set(),
    profile: undefined,
    heapIndex: -1,
  };
}

/** Laplace's rule of succession. */
export const successRate = ({ completed, failed }: Pick<AgentState, 'completed' | 'failed'>): number =>
  (completed + 1) / (completed + failed + 2);

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
