import { contractsOf } from '../contract';
import { DURABILITIES, type Durability } from '../durability';
import { AtMs, Decimal, Flag, Id, Labels, ListOf, Name, Nested, OneOf, Optional, Skills, Text, Whole } from '../field';
import { conflictQueries } from './conflicts.contracts';
import { contextQueries } from './context.contracts';

export const AGENT_PRESENCES = ['live', 'suspected', 'lost', 'deregistered'] as const;
export type AgentPresence = (typeof AGENT_PRESENCES)[number];

export const AGENT_STATES = [
  'starting',
  'idle',
  'busy',
  'blocked-on-human',
  'rate-limited',
  'suspected',
  'lost',
  'draining',
  'stopped',
] as const;
/** The one state that an agent is in. `starting`: registered, and no sign of life since. */
export type AgentState = (typeof AGENT_STATES)[number];

export const AGENT_ORDERS = ['id', 'score'] as const;
export type AgentOrder = (typeof AGENT_ORDERS)[number];

export class ListAgents {
  @Optional() @Name() role?: string;
  /** Agents that have all of these, each at least at its level. */
  @Optional() @Skills({ max: 64 }) skills?: string[];
  /** Agents that have at least one of these. */
  @Optional() @Skills({ max: 64 }) anySkill?: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @OneOf(AGENT_PRESENCES) presence?: AgentPresence;
  @Optional() @OneOf(AGENT_STATES) state?: AgentState;
  /** Agents that can take at least so many more tasks. */
  @Optional() @Whole({ min: 1, max: 1000 }) free?: number;
  @Optional() @Text({ min: 1, max: 128 }) namePrefix?: string;
  /** Default `id`. `score`: the best record first; its first page only. */
  @Optional() @OneOf(AGENT_ORDERS) order?: AgentOrder;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
  /** The `agentId` after which the page starts. */
  @Optional() @Id() after?: string;
}

export class AgentView {
  @Id() agentId!: string;
  @Text({ min: 1, max: 128 }) name!: string;
  @Name() role!: string;
  @Skills({ max: 64 }) skills!: string[];
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
  @OneOf(AGENT_STATES) state!: AgentState;
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Text({ max: 128 }) model?: string;
  @Optional() @Text({ max: 64 }) version?: string;
  /** Live attempts. */
  @Whole() running!: number;
  /** Smoothed, over all kinds of tasks: see `TrackRecord`. */
  @Decimal({ min: 0, max: 1 }) successRate!: number;
}

/** How attempts of one sort went: older ones count less with each further one. */
export class TrackRecord {
  /** `kind:review`, `skill:typescript`, `role:developer`, or `all`. */
  @Text({ min: 1, max: 128 }) of!: string;
  @Whole() completed!: number;
  @Whole() failed!: number;
  @Decimal({ min: 0, max: 1 }) successRate!: number;
  /** Mean of completed attempts, older ones counting less. */
  @Optional() @Decimal({ min: 0, max: 1e12 }) durationMs?: number;
  /** Failed attempts by reason. */
  @ListOf(() => FailureCount, { max: 32 }) failures!: FailureCount[];
}
export class FailureCount {
  @Name() reason!: string;
  @Whole({ min: 1 }) count!: number;
}
/** Which signs of life its owner has had from an agent; absent: none. */
export class EvidenceSeen {
  @Optional() @AtMs() heartbeatAtMs?: number;
  @Optional() @AtMs() connectionAtMs?: number;
  @Optional() @AtMs() processAtMs?: number;
  @Optional() @AtMs() progressAtMs?: number;
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
  /** Best known first: all, role, kinds, skills. */
  @Optional() @ListOf(() => TrackRecord, { max: 256 }) record?: TrackRecord[];
  @Optional() @Nested(() => EvidenceSeen) seen?: EvidenceSeen;
}

export class GetProject {}

export class ProjectView {
  @Flag() exists!: boolean;
  @Optional() @AtMs() createdAtMs?: number;
  /** What acknowledgements promise unless a request says otherwise; absent: as the installation is set. */
  @Optional() @OneOf(DURABILITIES) durability?: Durability;
}

export const EVIDENCE_KINDS = ['heartbeat', 'connection', 'process', 'progress'] as const;
/** By whom an agent was seen: itself, the gateway that it is connected to, the node that its process is on, or its own reports. */
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Sent over the request lane, batched, and never appended: only changes of presence are events. */
export class Heartbeat {
  @Id() agentId!: string;
  @Id() instance!: string;
  /** Default `heartbeat`. */
  @Optional() @OneOf(EVIDENCE_KINDS) evidence?: EvidenceKind;
  /** With `connection` and `process`: it was seen to be gone. */
  @Optional() @Flag() gone?: boolean;
}

export class HeartbeatAnswer {
  /** False: the registry does not know this agent and instance as present; register again. */
  @Flag() known!: boolean;
}

export const HEARTBEATS_MAX = 1000;

/** Many at once, from a gateway or a node. */
export class NoteHeartbeats {
  @ListOf(() => Heartbeat, { min: 1, max: HEARTBEATS_MAX }) heartbeats!: Heartbeat[];
}

/** By place in the list. */
export class HeartbeatAnswers {
  @ListOf(() => HeartbeatAnswer, { max: HEARTBEATS_MAX }) answers!: HeartbeatAnswer[];
}

const { query } = contractsOf('registry');

export const registryQueries = [
  query('ListAgents', ListAgents, AgentList),
  query('GetAgent', GetAgent, AgentFound),
  query('GetProject', GetProject, ProjectView),
  query('Heartbeat', Heartbeat, HeartbeatAnswer),
  query('NoteHeartbeats', NoteHeartbeats, HeartbeatAnswers),
  ...contextQueries,
  ...conflictQueries,
] as const;
