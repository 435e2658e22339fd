import type { EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { DURABILITIES, type Durability } from '../durability';
import { AtMs, Id, Name, Names, OneOf, Optional, Text, Whole } from '../field';

export class ProjectCreated {
  @AtMs() createdAtMs!: number;
}

/** What acknowledgements of the project's tasks and messages promise, unless a request says otherwise. */
export class ProjectDurabilitySet {
  @OneOf(DURABILITIES) durability!: Durability;
  @AtMs() setAtMs!: number;
}

export class AgentRegistered {
  @Id() agentId!: string;
  @Text({ min: 1, max: 128 }) name!: string;
  @Name() role!: string;
  @Names({ max: 64 }) skills!: string[];
  /** Tasks that the agent takes at a time. */
  @Whole({ min: 1, max: 1000 }) capacity!: number;
  /** What drives the agent: `exec`, a coding CLI, an SDK of one's own. */
  @Name() harness!: string;
  /** Changes with every start of the agent: two processes under one id are told apart by it. */
  @Id() instance!: string;
  @Optional() @Text({ min: 1, max: 255 }) node?: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
  @AtMs() registeredAtMs!: number;
}

export class AgentSuspected {
  @Id() agentId!: string;
  @AtMs() lastSeenAtMs!: number;
  @AtMs() suspectedAtMs!: number;
}

export class AgentLost {
  @Id() agentId!: string;
  @Text({ max: 1000 }) reason!: string;
  @AtMs() lastSeenAtMs!: number;
  @AtMs() lostAtMs!: number;
}

export class AgentRecovered {
  @Id() agentId!: string;
  @AtMs() recoveredAtMs!: number;
}

export class AgentDeregistered {
  @Id() agentId!: string;
  @Text({ max: 1000 }) reason!: string;
  @AtMs() deregisteredAtMs!: number;
}

const { event } = contractsOf('registry');

export const registryEvents = [
  event('project.created', ProjectCreated),
  event('project.durability-set', ProjectDurabilitySet),
  event('agent.registered', AgentRegistered),
  event('agent.suspected', AgentSuspected),
  event('agent.lost', AgentLost),
  event('agent.recovered', AgentRecovered),
  event('agent.deregistered', AgentDeregistered),
] as const;

export type RegistryEvent =
  | EventEnvelope<'project.created', ProjectCreated>
  | EventEnvelope<'project.durability-set', ProjectDurabilitySet>
  | EventEnvelope<'agent.registered', AgentRegistered>
  | EventEnvelope<'agent.suspected', AgentSuspected>
  | EventEnvelope<'agent.lost', AgentLost>
  | EventEnvelope<'agent.recovered', AgentRecovered>
  | EventEnvelope<'agent.deregistered', AgentDeregistered>;
