import { newAgent, successRate } from './agent.evolve';
import { decodeRecord, type EncodedRecord, encodeRecord } from './matching/track-record';
import type { AgentState, SchedulerAgentPresence, SchedulerState } from './scheduler.state';

export type EncodedAgent = Pick<
  AgentState,
  'id' | 'role' | 'skills' | 'capacity' | 'instance' | 'idleSinceMs' | 'completed' | 'failed' | 'lostSeq'
> & {
  readonly presence: SchedulerAgentPresence;
  readonly labels?: Readonly<Record<string, string>>;
  readonly draining?: true;
  /** -1: until it is told otherwise. */
  readonly pausedUntilMs?: number;
  readonly record?: EncodedRecord;
};

export function encodeAgents({ agents }: SchedulerState): readonly EncodedAgent[] {
  return [...agents.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(encodeAgent);
}

function encodeAgent(agent: AgentState): EncodedAgent {
  const { id, role, skills, labels, capacity, instance, presence, idleSinceMs, completed, failed, lostSeq } = agent;
  const { draining, pausedUntilMs, record } = agent;
  return {
    ...{ id, role, skills, capacity, instance, presence, idleSinceMs, completed, failed, lostSeq },
    ...(labels && { labels }),
    ...(draining && { draining: true as const }),
    ...(pausedUntilMs !== 0 && { pausedUntilMs: pausedUntilMs === Infinity ? -1 : pausedUntilMs }),
    ...(record && { record: encodeRecord(record) }),
  };
}

export function decodeAgent(state: SchedulerState, encoded: EncodedAgent): void {
  const { id, role, skills, labels, capacity, instance, idleSinceMs } = encoded;
  const { presence, completed, failed, lostSeq, draining = false, pausedUntilMs = 0, record } = encoded;
  const agent = newAgent({ id, role, skills, labels, capacity, instance, idleSinceMs });
  Object.assign(agent, { presence, completed, failed, lostSeq, draining, successRate: successRate(encoded) });
  agent.pausedUntilMs = pausedUntilMs === -1 ? Infinity : pausedUntilMs;
  agent.record = record && decodeRecord(record);
  state.agents.set(agent.id, agent);
  if (presence === 'live' || presence === 'suspected') state.matching.join(agent);
}

/** Once all tasks are there. */
export function indexAgents(state: SchedulerState): void {
  for (const agent of state.agents.values()) if (agent.lostSeq > 0) state.lostAgents.push(agent);
}
