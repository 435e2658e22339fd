import type { Durability } from '@torch/contracts';
import { listedSnapshot, type ListsDecoder, type SnapshotFormat } from '@torch/kernel';
import { Conflicts, type EncodedConflicts } from './conflicts/conflicts.exports';
import { type EncodedContext, SharedContext } from './context/context.exports';
import { type AttemptLedger, LEDGER_SORTED_BY, type LedgerLists, type Tallies } from './record/record.exports';
import { agentRecord, type AgentRecord, type AtWork, emptyRegistry, type RegistryLimits, type RegistryState } from './registry.state';

type EncodedAgent = Omit<AgentRecord, keyof AtWork>;

/** What is said once of a project. */
interface EncodedProject {
  readonly createdAtMs?: number;
  readonly durability?: Durability;
  readonly contextFloor: number;
}

interface RegistryLists extends LedgerLists {
  readonly project: EncodedProject;
  /** Oldest first. */
  readonly gone: string;
  readonly documents: EncodedContext['documents'][number];
  readonly earlier: EncodedContext['earlier'][number];
  readonly tombstones: string;
  readonly unresolved: EncodedConflicts['unresolved'][number];
  readonly resolved: EncodedConflicts['resolved'][number];
  readonly agents: EncodedAgent;
}

export const registrySnapshot = (limits: RegistryLimits): SnapshotFormat<RegistryState> =>
  listedSnapshot<RegistryState, RegistryLists>({
    version: 5,
    lists({ createdAtMs, durability, gone, context, conflicts, ledger, agents }) {
      const { floor, ...kept } = context.encode();
      const project = { ...(createdAtMs !== undefined && { createdAtMs }), ...(durability && { durability }), contextFloor: floor };
      return { project: [project], gone, ...kept, ...conflicts.encode(), ...ledger.lists(), agents: encodeAgents(agents.values()) };
    },
    sortedBy: { ...LEDGER_SORTED_BY, agents: ({ agentId }) => agentId },
    decoder: () => decoder(limits),
  });

function* encodeAgents(agents: Iterable<AgentRecord>): Iterable<EncodedAgent> {
  for (const agent of agents) yield encodeAgent(agent);
}

/** Without what the ledger counts, and without what is not there. */
function encodeAgent(agent: AgentRecord): EncodedAgent {
  const encoded: Partial<Record<keyof AgentRecord, unknown>> = {};
  for (const field of Object.keys(agent) as (keyof AgentRecord)[])
    if (agent[field] !== undefined && field !== 'running' && field !== 'questions') encoded[field] = agent[field];
  encoded.record = copies(agent.record);
  return encoded as EncodedAgent;
}

const copies = (tallies: Tallies): Tallies => tallies.map((tally) => ({ ...tally }));

/** Indexes what it takes at once: what is left for the end is short. */
function decoder(limits: RegistryLimits): ListsDecoder<RegistryState, RegistryLists> {
  const state = emptyRegistry(limits);
  const context = { documents: [], earlier: [], tombstones: [], floor: 0 } as Growing<EncodedContext>;
  const conflicts = { unresolved: [], resolved: [] } as Growing<EncodedConflicts>;
  let counts: ReturnType<AttemptLedger['counts']> | undefined;
  return {
    take: {
      project({ contextFloor, ...project }) {
        Object.assign(state, project);
        context.floor = contextFloor;
      },
      gone: (agentId) => state.gone.add(agentId),
      documents: (document) => context.documents.push(document),
      earlier: (place) => context.earlier.push(place),
      tombstones: (key) => context.tombstones.push(key),
      unresolved: (conflict) => conflicts.unresolved.push(conflict),
      resolved: (conflict) => conflicts.resolved.push(conflict),
      ...state.ledger.taker(),
      agents(agent) {
        counts ??= state.ledger.counts();
        decodeAgent(state, agent, counts.get(agent.agentId));
      },
    },
    finish() {
      state.index.fill([...state.agents.values()]);
      const kept = {
        context: SharedContext.decode(context, limits.context),
        conflicts: Conflicts.decode(conflicts, limits.conflicts),
      };
      return { ...state, ...kept };
    },
  };
}

/** While its lists are being taken. */
type Growing<Encoded> = {
  -readonly [Field in keyof Encoded]: Encoded[Field] extends readonly (infer One)[] ? One[] : Encoded[Field];
};

function decodeAgent(state: RegistryState, agent: EncodedAgent, atWork: AtWork | undefined): void {
  const decoded = agentRecord(agent, atWork);
  decoded.record = copies(agent.record);
  state.agents.set(decoded.agentId, decoded);
  state.pauses.add(decoded);
}
