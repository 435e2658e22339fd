import type { AgentFound, AgentList, AgentView, GetAgent, Heartbeat, HeartbeatAnswer, ListAgents, ProjectView } from '@torch/contracts';
import type { AgentRecord, RegistryState } from './registry.state';

/** Agents on a page unless the question says otherwise. */
export const AGENTS_PAGE_DEFAULT = 100;

/** When an agent was last seen, epoch ms, as far as its owner knows; heartbeats are not in the log. */
export type LastSeen = (agentId: string) => number | undefined;

/** Sorted by `agentId`; `next` is there when more follow. */
export function listAgents(state: RegistryState, query: ListAgents, lastSeen: LastSeen): AgentList {
  const { limit = AGENTS_PAGE_DEFAULT, ...filter } = query;
  const agents: AgentView[] = [];
  for (const agentId of state.index.find(filter)) {
    if (agents.length === limit) return { agents, next: agents.at(-1)?.agentId };
    agents.push(agentView(state.agents.get(agentId) as AgentRecord, lastSeen(agentId)));
  }
  return { agents };
}

export function getAgent(state: RegistryState, { agentId }: GetAgent, lastSeen: LastSeen): AgentFound {
  const agent = state.agents.get(agentId);
  return agent ? { agent: agentView(agent, lastSeen(agentId)) } : {};
}

export function agentView(agent: AgentRecord, lastSeenAtMs = agent.lastSeenAtMs): AgentView {
  const { agentId, name, role, skills, capacity, harness, instance, presence, node, pid, registeredAtMs, completed, failed } = agent;
  return {
    agentId,
    name,
    role,
    skills: [...skills],
    capacity,
    harness,
    instance,
    presence,
    node,
    pid,
    registeredAtMs,
    lastSeenAtMs: Math.max(lastSeenAtMs, agent.lastSeenAtMs),
    completed,
    failed,
  };
}

export function projectView({ createdAtMs, durability }: RegistryState): ProjectView {
  return { exists: createdAtMs !== undefined, createdAtMs, ...(durability && { durability }) };
}

/** A lost agent is known too: its heartbeat is what brings it back. */
export function heartbeatAnswer(state: RegistryState, { agentId, instance }: Heartbeat): HeartbeatAnswer {
  const agent = state.agents.get(agentId);
  return { known: agent?.instance === instance && agent.presence !== 'deregistered' };
}
