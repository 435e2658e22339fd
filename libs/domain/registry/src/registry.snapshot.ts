import type { SnapshotFormat } from '@torch/kernel';
import { type AgentRecord, emptyRegistry, type RegistryState } from './registry.state';

interface EncodedRegistry {
  readonly createdAtMs?: number;
  /** By id. */
  readonly agents: readonly AgentRecord[];
  /** Oldest first. */
  readonly gone: readonly string[];
}

export const registrySnapshot: SnapshotFormat<RegistryState> = {
  version: 1,
  encode({ createdAtMs, agents, gone }): EncodedRegistry {
    const byId = (a: AgentRecord, b: AgentRecord): number => (a.agentId < b.agentId ? -1 : 1);
    return { createdAtMs, agents: [...agents.values()].sort(byId).map((agent) => ({ ...agent })), gone: [...gone] };
  },
  decode(encoded) {
    const { createdAtMs, agents, gone } = encoded as EncodedRegistry;
    const state: RegistryState = { ...emptyRegistry(), createdAtMs, gone: new Set(gone) };
    for (const agent of agents) {
      const record = { ...agent };
      state.agents.set(record.agentId, record);
      state.index.add(record);
    }
    return state;
  },
};
