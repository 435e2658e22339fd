import { contractsOf } from '../contract';
import { DURABILITIES, type Durability } from '../durability';
import { AtMs, Flag, Id, ListOf, Name, Names, Nested, OneOf, Optional, Text, Whole } from '../field';

export const AGENT_PRESENCES = ['live', 'suspected', 'lost', 'deregistered'] as const;
export type AgentPresence = (typeof AGENT_PRESENCES)[number];

export class ListAgents {
  @Optional() @Name() role?: string;
  /** Agents that have all of these. */
  @Optional() @Names({ max: 64 }) skills?: string[];
  @Optional() @OneOf(AGENT_PRESENCES) presence?: AgentPresence;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
  /** The `agentId` after which the page starts. */
  @Optional() @Id() after?: string;
}

export class AgentView {
  @Id() agentId!: string;
  @Text({ min: 1, max: 128 }) name!: string;
  @Name() role!: string;
  @Names({ max: 64 }) skills!: string[];
  @Whole({ min: 1, max: 1000 }) capacity!: number;
  @Name() harness!: string;
  @Id() instance!: string;
  @OneOf(AGENT_PRESENCES) presence!: AgentPresence;
  @Optional() @Text({ max: 255 }) node?: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
  @AtMs() registeredAtMs!: number;
  @Optional() @AtMs() lastSeenAtMs?: number;
  /** Attempts that the agent completed, and that it failed. */
  @Whole() completed!: number;
  @Whole() failed!: number;
}

export class AgentList {
  @ListOf(() => AgentView, { max: 1000 }) agents!: AgentView[];
  @Optional() @Id() next?: string;
}

export class GetAgent {
  @Id() agentId!: string;
}

export class AgentFound {
  @Optional() @Nested(() => AgentView) agent?: AgentView;
}

export class GetProject {}

export class ProjectView {
  @Flag() exists!: boolean;
  @Optional() @AtMs() createdAtMs?: number;
  /** What acknowledgements promise unless a request says otherwise; absent: as the installation is set. */
  @Optional() @OneOf(DURABILITIES) durability?: Durability;
}

/** Sent over the request lane, batched, and never appended: only changes of presence are events. */
export class Heartbeat {
  @Id() agentId!: string;
  @Id() instance!: string;
}

export class HeartbeatAnswer {
  /** False: the registry does not know this agent and instance as present; register again. */
  @Flag() known!: boolean;
}

const { query } = contractsOf('registry');

export const registryQueries = [
  query('ListAgents', ListAgents, AgentList),
  query('GetAgent', GetAgent, AgentFound),
  query('GetProject', GetProject, ProjectView),
  query('Heartbeat', Heartbeat, HeartbeatAnswer),
] as const;
