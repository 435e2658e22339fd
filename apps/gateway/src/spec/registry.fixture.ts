import type {
  AgentView,
  ContextDocument,
  ContextUpdated,
  NoteHeartbeats,
  OpenConflict,
  RegisterAgent,
  UpdateContext,
} from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { definitionOf } from './stand-in.fixture';

interface RegistryState {
  createdAtMs?: number;
  agents: Record<string, AgentView>;
  /** Versions of each document, oldest first. */
  documents: Record<string, ContextDocument[]>;
  conflicts: Record<string, OpenConflict>;
}

const AGENT_EVENTS: Readonly<Record<string, readonly [type: string, at: string]>> = {
  UpdateAgent: ['agent.updated', 'updatedAtMs'],
  DrainAgent: ['agent.draining', 'drainingAtMs'],
  PauseAgent: ['agent.paused', 'pausedAtMs'],
  DeregisterAgent: ['agent.deregistered', 'deregisteredAtMs'],
};

/** Projects, agents and what they share, without presence. */
export const standInRegistry = definitionOf<RegistryState>({
  service: 'registry',
  initialState: () => ({ agents: {}, documents: {}, conflicts: {} }),
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
    if (type === 'UpdateContext' || type === 'RemoveContext') return writeContext(state, type, data, nowMs);
    if (type === 'OpenConflict' || type === 'ResolveConflict') return conflict(state, type, data, nowMs);
    const [event, at] = AGENT_EVENTS[type] ?? [];
    if (!state.agents[agentId] || !event || !at) throw new Rejection('unknown-agent', `No agent has the id "${agentId}".`);
    const { instance: _checked, ...said } = data as { instance?: string };
    return [{ type: event, subject: `agent/${agentId}`, data: { ...said, [at]: nowMs } }];
  },
  evolve(state, { type, data, actor }) {
    const { agentId } = data as { agentId: string };
    if (type === 'project.created') state.createdAtMs = (data as { createdAtMs: number }).createdAtMs;
    if (type === 'agent.registered') state.agents[agentId] = { ...(data as AgentView), presence: 'live', completed: 0, failed: 0 };
    if (type === 'agent.deregistered') (state.agents[agentId] as AgentView).presence = 'deregistered';
    if (type === 'conflict.opened') state.conflicts[(data as OpenConflict).conflictId] = data;
    if (type !== 'context.updated' && type !== 'context.removed') return;
    const { updatedAtMs: atMs, ...document } = data as ContextUpdated;
    (state.documents[document.key] ??= []).push({ ...document, removed: type === 'context.removed', by: actor, atMs });
  },
  queries: {
    GetProject: (_, { createdAtMs }) => ({ exists: createdAtMs !== undefined, createdAtMs }),
    ListAgents: (query: { labels?: object }, { agents }) => ({
      agents: Object.values(agents).filter(({ labels }) => Object.entries(query.labels ?? {}).every(([n, v]) => labels?.[n] === v)),
    }),
    GetAgent: ({ agentId }: { agentId: string }, { agents }) => ({ agent: agents[agentId] }),
    NoteHeartbeats: ({ heartbeats }: NoteHeartbeats, { agents }) => ({
      answers: heartbeats.map(({ agentId, instance }) => ({ known: agents[agentId]?.instance === instance })),
    }),
    Heartbeat: ({ agentId, instance }: { agentId: string; instance: string }, { agents }) => ({
      known: agents[agentId]?.instance === instance,
    }),
    GetContext: ({ key, version }: { key: string; version?: number }, { documents }) => ({
      document: version === undefined ? documents[key]?.at(-1) : documents[key]?.find((document) => document.version === version),
    }),
    ListContext: (_, { documents }) => ({ documents: Object.values(documents).flatMap((versions) => versions.slice(-1)) }),
    GetContextHistory: ({ key }: { key: string }, { documents }) => ({ versions: [...(documents[key] ?? [])].reverse() }),
    CompareContext: ({ key, base, text }: { key: string; base: number; text: string }, { documents }) => {
      if (base === 0) throw new Rejection('context-text-gone', 'The stand-in has forgotten what there was at first.');
      const newest = documents[key]?.at(-1);
      return { base, newest: newest?.version ?? 0, clean: true, merged: `${newest?.text}${text}`, clashes: [] };
    },
    ListConflicts: (_, { conflicts }) => ({ conflicts: Object.values(conflicts) }),
    GetConflict: ({ conflictId }: { conflictId: string }, { conflicts }) => ({ conflict: conflicts[conflictId] }),
  },
});

function writeContext({ documents }: RegistryState, type: string, data: object, nowMs: number): NewEvent[] {
  const { key, version: base, text } = data as UpdateContext;
  const newest = documents[key]?.at(-1);
  const { version = 0, by = 'user:nobody' } = newest ?? {};
  const of = (event: string, said: object): NewEvent[] => [{ type: event, subject: `context/${key}`, data: { key, ...said } }];
  if (newest && newest.text === text && base === version) return [];
  if (base !== version) return of('context.conflicted', { base, newest: version, newestBy: by, conflictedAtMs: nowMs });
  if (type === 'RemoveContext') return of('context.removed', { version: version + 1, removedAtMs: nowMs });
  return of('context.updated', { ...data, version: version + 1, updatedAtMs: nowMs });
}

function conflict({ conflicts }: RegistryState, type: string, data: object, nowMs: number): NewEvent[] {
  const { conflictId, deadlineMs: _asked, ...opened } = data as OpenConflict;
  const subject = `conflict/${conflictId}`;
  if (type === 'ResolveConflict') {
    if (!conflicts[conflictId]) throw new Rejection('unknown-conflict', `No conflict has the id "${conflictId}".`);
    return [{ type: 'conflict.resolved', subject, data: { ...data, resolvedAtMs: nowMs } }];
  }
  return [{ type: 'conflict.opened', subject, data: { conflictId, ...opened, deadlineAtMs: nowMs + 1000, openedAtMs: nowMs } }];
}
