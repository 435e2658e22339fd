import type { Durability } from '@torch/contracts';
import type { SnapshotFormat } from '@torch/kernel';
import { Conflicts } from './conflicts/conflicts.exports';
import { SharedContext } from './context/context.exports';
import { AttemptLedger } from './record/record.exports';
import { agentRecord, type AgentRecord, emptyRegistry, type RegistryLimits, type RegistryState } from './registry.state';

interface EncodedRegistry {
  readonly createdAtMs?: number;
  readonly durability?: Durability;
  /** By id. */
  readonly agents: readonly Omit<AgentRecord, 'running' | 'questions'>[];
  /** Oldest first. */
  readonly gone: readonly string[];
  readonly ledger: unknown;
  readonly context: unknown;
  readonly conflicts: unknown;
}

export function registrySnapshot(limits: RegistryLimits): SnapshotFormat<RegistryState> {
  return { version: 3, encode, decode: (encoded) => decode(encoded as EncodedRegistry, limits) };
}

function encode({ createdAtMs, durability, agents, gone, ledger, context, conflicts }: RegistryState): EncodedRegistry {
  const byId = (a: { agentId: string }, b: { agentId: string }): number => (a.agentId < b.agentId ? -1 : 1);
  return {
    ...(createdAtMs !== undefined && { createdAtMs }),
    ...(durability && { durability }),
    agents: [...agents.values()].map(encodeAgent).sort(byId),
    gone: [...gone],
    ledger: ledger.encode(),
    context: context.encode(),
    conflicts: conflicts.encode(),
  };
}

/** Without what the ledger counts, and without what is not there. */
function encodeAgent({ running: _running, questions: _questions, ...agent }: AgentRecord): Omit<AgentRecord, 'running' | 'questions'> {
  const record = agent.record.map((tally) => ({ ...tally }));
  const present = Object.entries({ ...agent, record }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Omit<AgentRecord, 'running' | 'questions'>;
}

function decode(encoded: EncodedRegistry, limits: RegistryLimits): RegistryState {
  const ledger = AttemptLedger.decode(encoded.ledger, limits.tasksEndedMax);
  const state = emptyRegistry(limits, {
    ledger,
    context: SharedContext.decode(encoded.context, limits.context),
    conflicts: Conflicts.decode(encoded.conflicts, limits.conflicts),
  });
  state.createdAtMs = encoded.createdAtMs;
  state.durability = encoded.durability;
  for (const agentId of encoded.gone) state.gone.add(agentId);
  const counts = ledger.counts();
  for (const agent of encoded.agents) {
    const record = agent.record.map((tally) => ({ ...tally }));
    const decoded = agentRecord({ ...agent, record, ...(counts.get(agent.agentId) ?? { running: 0, questions: 0 }) });
    state.agents.set(decoded.agentId, decoded);
    state.index.put(decoded);
    state.pauses.add(decoded);
  }
  return state;
}
