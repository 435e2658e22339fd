import type { AgentPresence, Durability } from '@torch/contracts';
import { AgentIndex } from './agent-index';

export interface RegistryLimits {
  /** Agents of a project that are live or suspected; a registration beyond it is refused. */
  readonly agentsPresentMax: number;
  /** Agents of a project that are lost or deregistered and still known; beyond it the one that has been gone for longest is forgotten. */
  readonly agentsGoneMax: number;
  /** Replaced instances that are remembered for each agent, so that none of them takes the id back. */
  readonly replacedInstancesMax: number;
}

export const AGENTS_PRESENT_MAX = 100_000;
export const AGENTS_GONE_MAX = 10_000;
export const REPLACED_INSTANCES_MAX = 8;

export const REGISTRY_LIMITS: RegistryLimits = {
  agentsPresentMax: AGENTS_PRESENT_MAX,
  agentsGoneMax: AGENTS_GONE_MAX,
  replacedInstancesMax: REPLACED_INSTANCES_MAX,
};

export interface AgentRecord {
  readonly agentId: string;
  name: string;
  role: string;
  /** Sorted, each once. */
  skills: readonly string[];
  capacity: number;
  harness: string;
  instance: string;
  node?: string;
  pid?: number;
  presence: AgentPresence;
  registeredAtMs: number;
  /** As the log knows it: at the registration, or at the last change of presence. */
  lastSeenAtMs: number;
  /** When it was lost or deregistered; absent while it is present. */
  goneAtMs?: number;
  /** Oldest first. */
  replacedInstances: readonly string[];
  /** Attempts that it completed, and that it failed. */
  completed: number;
  failed: number;
}

export interface RegistryState {
  createdAtMs?: number;
  durability?: Durability;
  readonly agents: Map<string, AgentRecord>;
  /** Lost and deregistered agents; the one that has been gone for longest comes first. */
  readonly gone: Set<string>;
  /** Derived from `agents`. */
  readonly index: AgentIndex;
}

export function emptyRegistry(): RegistryState {
  return { agents: new Map(), gone: new Set(), index: new AgentIndex() };
}

export const isPresent = ({ presence }: Pick<AgentRecord, 'presence'>): boolean => presence === 'live' || presence === 'suspected';
