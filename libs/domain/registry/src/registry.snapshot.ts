import type { Durability } from '@torch/contracts';
import type { SnapshotFormat } from '@torch/kernel';
import { type AgentRecord, emptyRegistry, type RegistryState } from './registry.state';

interface EncodedRegistry {
  readonly createdAtMs?: number;
  readonly durability?: Durability;
  /** By id. */
  readonly agents: readonly AgentRecord[];
  /** Oldest first. */
  readonly gone: readonly string[];
}

export const registrySnapshot: SnapshotFormat<RegistryState> = {
  version: 2,
  encode({ createdAtMs, durability, agents, gone }): EncodedRegistry {
    const byId = (a: AgentRecord, b: AgentRecord): number => (a.agentId < b.agentId ? -1 : 1);
    return { createdAtMs, durability, agents: [...agents.values()].sort(byId).map((agent) => ({ ...agent })), gone: [...gone] };
  },
  decode(encoded) {
    const { createdAtMs, durability, agents, gone } = encoded as EncodedRegistry;
    const state: RegistryState = { ...emptyRegistry(), createdAtMs, durability, gone: new Set(gone) };
    for (const agent of agents) {
      const record = { ...agent };
      state.agents.set(record.agentId, record);
      state.index.add(record);
    }
    return state;
  },
};
