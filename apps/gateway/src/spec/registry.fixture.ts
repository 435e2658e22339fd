import type { AgentView, RegisterAgent } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { definitionOf } from './stand-in.fixture';

interface RegistryState {
  createdAtMs?: number;
  agents: Record<string, AgentView>;
}

/** Projects and agents, without presence. */
export const standInRegistry = definitionOf<RegistryState>({
  service: 'registry',
  initialState: () => ({ agents: {} }),
  decide(state, { type, project, data }, { nowMs }) {
    const { agentId } = data as { agentId: string };
    if (type === 'CreateProject') {
      if (state.createdAtMs !== undefined) throw new Rejection('project-exists', `Project "${project}" exists.`);
      return [{ type: 'project.created', subject: `project/${project}`, data: { createdAtMs: nowMs } }];
    }
    if (type === 'RegisterAgent') {
      const { name = agentId, capacity = 1, ...agent } = data as RegisterAgent;
      return [{ type: 'agent.registered', subject: `agent/${agentId}`, data: { ...agent, name, capacity, registeredAtMs: nowMs } }];
    }
    if (!state.agents[agentId]) throw new Rejection('unknown-agent', `No agent has the id "${agentId}".`);
    return [{ type: 'agent.deregistered', subject: `agent/${agentId}`, data: { ...(data as object), deregisteredAtMs: nowMs } }];
  },
  evolve(state, { type, data }) {
    const { agentId } = data as { agentId: string };
    if (type === 'project.created') state.createdAtMs = (data as { createdAtMs: number }).createdAtMs;
    if (type === 'agent.registered') state.agents[agentId] = { ...(data as AgentView), presence: 'live', completed: 0, failed: 0 };
    if (type === 'agent.deregistered') (state.agents[agentId] as AgentView).presence = 'deregistered';
  },
  queries: {
    GetProject: (_, { createdAtMs }) => ({ exists: createdAtMs !== undefined, createdAtMs }),
    ListAgents: (_, { agents }) => ({ agents: Object.values(agents) }),
    GetAgent: ({ agentId }: { agentId: string }, { agents }) => ({ agent: agents[agentId] }),
    Heartbeat: ({ agentId, instance }: { agentId: string; instance: string }, { agents }) => ({
      known: agents[agentId]?.instance === instance,
    }),
  },
});
