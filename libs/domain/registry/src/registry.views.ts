import type {
  AgentFound,
  AgentList,
  AgentView,
  EvidenceSeen,
  GetAgent,
  Heartbeat,
  HeartbeatAnswer,
  ListAgents,
  ProjectView,
} from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { findAgents } from './discovery/discovery.exports';
import { ALL, successRate, tallyOf, trackRecord } from './record/record.exports';
import type { AgentRecord, RegistryState } from './registry.state';

/** Agents on a page unless the question says otherwise. */
export const AGENTS_PAGE_DEFAULT = 100;

/** The signs of life that an agent's owner has had, as far as it is the owner; they are not in the log. */
export type Seen = (agentId: string) => EvidenceSeen | undefined;

/**
 * Sorted by `agentId`, or the best first; `next` is there when more follow.
 *
 * @throws Rejection `score-has-one-page`: scores move while pages are turned.
 */
export function listAgents(state: RegistryState, { limit = AGENTS_PAGE_DEFAULT, ...filter }: ListAgents, seen: Seen): AgentList {
  if (filter.order === 'score' && filter.after !== undefined) {
    throw new Rejection(
      'score-has-one-page',
      `order is "score", and after is "${filter.after}": by score there is one page; leave one of them out.`,
    );
  }
  const found = findAgents(state.index, filter, limit + 1);
  const agents = found.slice(0, limit).map((agent) => agentView(state, agent, seen));
  return found.length > limit && filter.order !== 'score' ? { agents, next: agents.at(-1)?.agentId } : { agents };
}

export function getAgent(state: RegistryState, { agentId }: GetAgent, seen: Seen): AgentFound {
  const agent = state.agents.get(agentId);
  if (!agent) return {};
  const evidence = seen(agentId);
  return { agent: agentView(state, agent, seen), record: trackRecord(agent.record), ...(evidence && { seen: evidence }) };
}

export function agentView({ index }: RegistryState, agent: AgentRecord, seen: Seen): AgentView {
  const all = tallyOf(agent.record, ALL);
  // One shape for all, absent fields included: a page has up to a thousand of them.
  return {
    agentId: agent.agentId,
    name: agent.name,
    role: agent.role,
    skills: agent.skills as string[],
    capacity: agent.capacity,
    harness: agent.harness,
    instance: agent.instance,
    presence: agent.presence,
    node: agent.node,
    pid: agent.pid,
    registeredAtMs: agent.registeredAtMs,
    lastSeenAtMs: lastSeenAtMs(agent, seen(agent.agentId)),
    completed: all?.completed ?? 0,
    failed: all?.failed ?? 0,
    state: index.stateOf(agent),
    labels: agent.labels,
    model: agent.model,
    version: agent.version,
    running: agent.running,
    successRate: successRate(all),
  };
}

function lastSeenAtMs({ lastSeenAtMs }: AgentRecord, seen: EvidenceSeen | undefined): number {
  if (!seen) return lastSeenAtMs;
  const { heartbeatAtMs = 0, connectionAtMs = 0, processAtMs = 0, progressAtMs = 0 } = seen;
  return Math.max(lastSeenAtMs, heartbeatAtMs, connectionAtMs, processAtMs, progressAtMs);
}

export function projectView({ createdAtMs, durability }: RegistryState): ProjectView {
  return { exists: createdAtMs !== undefined, createdAtMs, ...(durability && { durability }) };
}

/** A lost agent is known too: its heartbeat is what brings it back. */
export function heartbeatAnswer(state: RegistryState, { agentId, instance }: Heartbeat): HeartbeatAnswer {
  const agent = state.agents.get(agentId);
  return { known: agent?.instance === instance && agent.presence !== 'deregistered' };
}
