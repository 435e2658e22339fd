import type { Durability } from '@torch/contracts';
import { invariant, type PartsDecoder, type SnapshotFormat } from '@torch/kernel';
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

/** The head with the ledger, then some agents at a time. */
interface EncodedPart {
  readonly head?: EncodedHead;
  readonly ledger?: unknown;
  readonly agents?: readonly EncodedAgent[];
}

/** Agents of one part, which are some hundred KiB. */
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
      const decoder = new RegistryDecoder(limits);
      for (const part of [{ head, ledger }, { agents }]) decoder.take(part);
      return decoder.finish();
    },
    parts: { encode: encodeParts, decoder: () => new RegistryDecoder(limits) },
  };
}

function* encodeParts(state: RegistryState): Iterable<EncodedPart> {
  yield { head: encodeHead(state), ledger: state.ledger.encode() };
  const agents = sortedById(state);
  for (let at = 0; at < agents.length; at += AGENTS_IN_PART) yield { agents: agents.slice(at, at + AGENTS_IN_PART).map(encodeAgent) };
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

class RegistryDecoder implements PartsDecoder<RegistryState> {
  private decoding: RegistryState | undefined;
  private counts: ReturnType<AttemptLedger['counts']> | undefined;

  constructor(private readonly limits: RegistryLimits) {}

  take(part: unknown): void {
    const { head, ledger, agents = [] } = part as EncodedPart;
    if (head) {
      this.decoding = decodeHead(head, AttemptLedger.decode(ledger, this.limits.tasksEndedMax), this.limits);
      this.counts = this.decoding.ledger.counts();
    }
    for (const agent of agents) {
      const decoded = agentRecord(agent, this.counts?.get(agent.agentId));
      decoded.record = copies(agent.record);
      this.state.agents.set(decoded.agentId, decoded);
      this.state.pauses.add(decoded);
    }
  }

  finish(): RegistryState {
    this.state.index.fill([...this.state.agents.values()]);
    return this.state;
  }

  private get state(): RegistryState {
    invariant(this.decoding, 'A snapshot begins with its head.');
    return this.decoding;
  }
}

function decodeHead(head: EncodedHead, ledger: AttemptLedger, limits: RegistryLimits): RegistryState {
  const state = emptyRegistry(limits, {
    ledger,
    context: SharedContext.decode(head.context, limits.context),
    conflicts: Conflicts.decode(head.conflicts, limits.conflicts),
  });
  state.createdAtMs = head.createdAtMs;
  state.durability = head.durability;
  for (const agentId of head.gone) state.gone.add(agentId);
  return state;
}
