import type { Durability } from '@torch/contracts';
import type { SnapshotFormat } from '@torch/kernel';
import { Conflicts } from './conflicts/conflicts.exports';
import { SharedContext } from './context/context.exports';
import { AttemptLedger, type Tallies } from './record/record.exports';
import { agentRecord, type AgentRecord, type AtWork, emptyRegistry, type RegistryLimits, type RegistryState } from './registry.state';

type EncodedAgent = Omit<AgentRecord, keyof AtWork>;

/** Everything but the ledger and the agents. */
interface EncodedHead {
  readonly createdAtMs?: number;
  readonly durability?: Durability;
  /** Oldest first. */
  readonly gone: readonly string[];
  readonly context: unknown;
  readonly conflicts: unknown;
}

interface EncodedRegistry extends EncodedHead {
  readonly ledger: unknown;
  /** By id. */
  readonly agents: readonly EncodedAgent[];
}

/** Agents of one part, which are a MiB or two. */
const AGENTS_IN_PART = 1000;

export function registrySnapshot(limits: RegistryLimits): SnapshotFormat<RegistryState> {
  return {
    version: 4,
    encode: (state): EncodedRegistry => ({
      ...encodeHead(state),
      ledger: state.ledger.encode(),
      agents: sortedById(state).map(encodeAgent),
    }),
    decode: (encoded) => {
      const { ledger, agents, ...head } = encoded as EncodedRegistry;
      return decode([head, ledger, agents], limits);
    },
    parts: { encode: encodeParts, decode: (parts) => decode(parts, limits) },
  };
}

/** The head, the ledger, then some agents at a time. */
function* encodeParts(state: RegistryState): Iterable<unknown> {
  yield encodeHead(state);
  yield state.ledger.encode();
  const agents = sortedById(state);
  for (let at = 0; at < agents.length; at += AGENTS_IN_PART) yield agents.slice(at, at + AGENTS_IN_PART).map(encodeAgent);
}

function encodeHead({ createdAtMs, durability, gone, context, conflicts }: RegistryState): EncodedHead {
  return {
    ...(createdAtMs !== undefined && { createdAtMs }),
    ...(durability && { durability }),
    gone: [...gone],
    context: context.encode(),
    conflicts: conflicts.encode(),
  };
}

const sortedById = ({ agents }: RegistryState): AgentRecord[] => [...agents.values()].sort((a, b) => (a.agentId < b.agentId ? -1 : 1));

/** Without what the ledger counts, and without what is not there. */
function encodeAgent(agent: AgentRecord): EncodedAgent {
  const encoded: Partial<Record<keyof AgentRecord, unknown>> = {};
  for (const field of Object.keys(agent) as (keyof AgentRecord)[])
    if (agent[field] !== undefined && field !== 'running' && field !== 'questions') encoded[field] = agent[field];
  encoded.record = copies(agent.record);
  return encoded as EncodedAgent;
}

const copies = (tallies: Tallies): Tallies => tallies.map((tally) => ({ ...tally }));

/** @param parts as `encodeParts` gives them. */
function decode(parts: Iterable<unknown>, limits: RegistryLimits): RegistryState {
  const all = parts[Symbol.iterator]();
  const head = all.next().value as EncodedHead;
  const ledger = AttemptLedger.decode(all.next().value, limits.tasksEndedMax);
  const state = emptyRegistry(limits, {
    ledger,
    context: SharedContext.decode(head.context, limits.context),
    conflicts: Conflicts.decode(head.conflicts, limits.conflicts),
  });
  state.createdAtMs = head.createdAtMs;
  state.durability = head.durability;
  for (const agentId of head.gone) state.gone.add(agentId);
  const counts = ledger.counts();
  for (let some = all.next(); !some.done; some = all.next())
    for (const agent of some.value as readonly EncodedAgent[]) {
      const decoded = agentRecord(agent, counts.get(agent.agentId));
      decoded.record = copies(agent.record);
      state.agents.set(decoded.agentId, decoded);
      state.pauses.add(decoded);
    }
  state.index.fill([...state.agents.values()]);
  return state;
}
