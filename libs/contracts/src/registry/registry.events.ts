import type { EventEnvelope } from '@torch/kernel';
import { asItWas, contractsOf } from '../contract';
import { DURABILITIES, type Durability } from '../durability';
import { AtMs, Id, Labels, Name, OneOf, Optional, Skills, Text, Whole } from '../field';
import { conflictEvents, type ConflictEvent } from './conflicts.contracts';
import { contextEvents, type ContextEvent } from './context.contracts';

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
  @Skills({ max: 64 }) skills!: string[];
  /** Tasks that the agent takes at a time. */
  @Whole({ min: 1, max: 1000 }) capacity!: number;
  /** What drives the agent: `exec`, a coding CLI, an SDK of one's own. */
  @Name() harness!: string;
  /** Changes with every start of the agent: two processes under one id are told apart by it. */
  @Id() instance!: string;
  @Optional() @Text({ min: 1, max: 255 }) node?: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Text({ min: 1, max: 128 }) model?: string;
  /** Of what drives the agent. */
  @Optional() @Text({ min: 1, max: 64 }) version?: string;
  @AtMs() registeredAtMs!: number;
}

/** What an agent can do has changed; absent fields stay as they were. */
export class AgentUpdated {
  @Id() agentId!: string;
  @Optional() @Skills({ max: 64 }) skills?: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Whole({ min: 1, max: 1000 }) capacity?: number;
  @Optional() @Text({ min: 1, max: 128 }) model?: string;
  @AtMs() updatedAtMs!: number;
}

/** The agent is to finish what it has and gets nothing new. A new registration of it ends that. */
export class AgentDraining {
  @Id() agentId!: string;
  @Text({ max: 1000 }) reason!: string;
  @AtMs() drainingAtMs!: number;
}

export const AGENT_PAUSES = ['blocked-on-human', 'rate-limited'] as const;
export type AgentPause = (typeof AGENT_PAUSES)[number];
/** The agent cannot go on for now, or (without `pause`) can again. A paused agent gets nothing new. */
export class AgentPaused {
  @Id() agentId!: string;
  @Optional() @OneOf(AGENT_PAUSES) pause?: AgentPause;
  @Optional() @AtMs() untilMs?: number;
  @AtMs() pausedAtMs!: number;
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
  event('agent.registered', AgentRegistered, { v: 2, upcasters: [asItWas] }),
  event('agent.suspected', AgentSuspected),
  event('agent.lost', AgentLost),
  event('agent.recovered', AgentRecovered),
  event('agent.deregistered', AgentDeregistered),
  event('agent.updated', AgentUpdated),
  event('agent.draining', AgentDraining),
  event('agent.paused', AgentPaused),
  ...contextEvents,
  ...conflictEvents,
] as const;

export type RegistryEvent =
  | EventEnvelope<'project.created', ProjectCreated>
  | EventEnvelope<'project.durability-set', ProjectDurabilitySet>
  | EventEnvelope<'agent.registered', AgentRegistered>
  | EventEnvelope<'agent.suspected', AgentSuspected>
  | EventEnvelope<'agent.lost', AgentLost>
  | EventEnvelope<'agent.recovered', AgentRecovered>
  | EventEnvelope<'agent.deregistered', AgentDeregistered>
  | EventEnvelope<'agent.updated', AgentUpdated>
  | EventEnvelope<'agent.draining', AgentDraining>
  | EventEnvelope<'agent.paused', AgentPaused>
  | ContextEvent
  | ConflictEvent;
