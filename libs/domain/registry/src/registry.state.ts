import type { AgentPause, AgentPresence, Durability } from '@torch/contracts';
import { CONFLICT_LIMITS, type ConflictLimits, Conflicts } from './conflicts/conflicts.exports';
import { CONTEXT_LIMITS, type ContextLimits, SharedContext } from './context/context.exports';
import { AgentIndex } from './discovery/discovery.exports';
import { PauseTimers } from './pauses';
import { AttemptLedger, type Tallies } from './record/record.exports';

export interface RegistryLimits {
  /** Agents of a project that are live or suspected; a registration beyond it is refused. */
  readonly agentsPresentMax: number;
  /** Agents of a project that are lost or deregistered and still known; beyond it the one that has been gone for longest is forgotten. */
  readonly agentsGoneMax: number;
  /** Replaced instances that are remembered for each agent, so that none of them takes the id back. */
  readonly replacedInstancesMax: number;
  /** Kinds and skills, taken together, that an agent has a track record of; beyond it the one that was used longest ago goes. */
  readonly talliesMax: number;
  /** Tasks that have ended without success whose kind and skills are remembered, in case they are retried. */
  readonly tasksEndedMax: number;
  readonly context: ContextLimits;
  readonly conflicts: ConflictLimits;
}

export const AGENTS_PRESENT_MAX = 100_000;
export const AGENTS_GONE_MAX = 10_000;
export const REPLACED_INSTANCES_MAX = 8;

export const REGISTRY_LIMITS: RegistryLimits = {
  agentsPresentMax: AGENTS_PRESENT_MAX,
  agentsGoneMax: AGENTS_GONE_MAX,
  replacedInstancesMax: REPLACED_INSTANCES_MAX,
  talliesMax: 128,
  tasksEndedMax: 10_000,
  context: CONTEXT_LIMITS,
  conflicts: CONFLICT_LIMITS,
};

/** What an agent says of itself when it registers, as far as it can be changed afterwards. */
export interface Abilities {
  /** Sorted, each once, at the highest level that was given. */
  readonly skills: readonly string[];
  readonly labels?: Record<string, string>;
  readonly capacity: number;
  readonly model?: string;
}

export interface Pause {
  readonly pause: AgentPause;
  /** Ends by itself then; without it somebody has to end it. */
  readonly untilMs?: number;
}

export interface AgentRecord {
  readonly agentId: string;
  name: string;
  role: string;
  skills: readonly string[];
  labels?: Record<string, string>;
  capacity: number;
  model?: string;
  harness: string;
  version?: string;
  instance: string;
  node?: string;
  pid?: number;
  /** What it said of itself, where that was changed since: saying it again does not undo the change. */
  asRegistered?: Abilities;
  presence: AgentPresence;
  /** Why it is draining, while it is. */
  drainReason?: string;
  pause?: Pause;
  /** Live attempts, and open questions of them. Counts what the ledger holds. */
  running: number;
  questions: number;
  registeredAtMs: number;
  /** As the log knows it: at the registration, or at the last change of presence. */
  lastSeenAtMs: number;
  /** When it was lost or deregistered; absent while it is present. */
  goneAtMs?: number;
  /** Oldest first. */
  replacedInstances: readonly string[];
  record: Tallies;
}

export interface RegistryState {
  readonly limits: RegistryLimits;
  createdAtMs?: number;
  durability?: Durability;
  readonly agents: Map<string, AgentRecord>;
  /** Lost and deregistered agents; the one that has been gone for longest comes first. */
  readonly gone: Set<string>;
  readonly ledger: AttemptLedger;
  readonly context: SharedContext;
  readonly conflicts: Conflicts;
  /** Derived from `agents`. */
  readonly index: AgentIndex;
  /** Derived from `agents`. */
  readonly pauses: PauseTimers;
}

type Kept = Pick<RegistryState, 'ledger' | 'context' | 'conflicts'>;

export function emptyRegistry(limits: RegistryLimits, kept: Kept = nothingKept(limits)): RegistryState {
  return { limits, agents: new Map(), gone: new Set(), ...kept, index: new AgentIndex(), pauses: new PauseTimers() };
}

const nothingKept = (limits: RegistryLimits): Kept => ({
  ledger: new AttemptLedger(limits.tasksEndedMax),
  context: new SharedContext(limits.context),
  conflicts: new Conflicts(limits.conflicts),
});

export type AtWork = Pick<AgentRecord, 'running' | 'questions'>;
const NOT_AT_WORK: AtWork = { running: 0, questions: 0 };

/** All records have one shape, with what is absent as `undefined`: there are many of them, and questions read them all the time. */
export function agentRecord(given: Omit<AgentRecord, keyof AtWork>, { running, questions }: AtWork = NOT_AT_WORK): AgentRecord {
  const { agentId, name, role, skills, labels, capacity, model, harness, version, instance, node, pid, asRegistered } = given;
  const { presence, drainReason, pause, registeredAtMs, lastSeenAtMs, goneAtMs, replacedInstances, record } = given;
  return {
    agentId,
    name,
    role,
    skills,
    labels,
    capacity,
    model,
    harness,
    version,
    instance,
    node,
    pid,
    asRegistered,
    presence,
    drainReason,
    pause,
    running,
    questions,
    registeredAtMs,
    lastSeenAtMs,
    goneAtMs,
    replacedInstances,
    record,
  };
}

export const isPresent = ({ presence }: Pick<AgentRecord, 'presence'>): boolean => presence === 'live' || presence === 'suspected';
