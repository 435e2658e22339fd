import { type PoolSpec, type ProcessState, skillLevel } from '@torch/contracts';
import { RecentReports, type ReportLimits } from '@torch/kernel';

export interface SpawnerLimits {
  /** Pools of a project, retired ones with processes included. */
  readonly poolsMax: number;
  /** One pool in the log, and all pools of one command. */
  readonly poolBytesMax: number;
  readonly poolsBytesMax: number;
  /** Agent processes of a project on its node, whatever their pools would allow. */
  readonly agentsPerNodeMax: number;
  /** Kinds of demand that are remembered; beyond it the one that changed longest ago counts again from its next change on. */
  readonly demandKindsMax: number;
  /** Running runs that are remembered; beyond it the oldest is forgotten. */
  readonly runsMax: number;
  /** How long a new process may take to register as an agent before it is stopped, which counts as a crash. */
  readonly startMsMax: number;
  /** How long an agent that has just registered counts as an answer to demand before the scheduler must have said so. */
  readonly freshMs: number;
  /** How long a run's pool waits for its run to be submitted before it is retired. */
  readonly runAwaitedMs: number;
  /** A life of at least this ends a series of crashes. */
  readonly provenLifeMs: number;
  /** Pause of a pool after an agent ended unasked: first, and longest. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** Reports of nodes on processes that the log does not know. */
  readonly fenced: ReportLimits;
}

export const POOLS_MAX = 1000;
export const AGENTS_PER_NODE_MAX = 32;

export const SPAWNER_LIMITS: SpawnerLimits = {
  poolsMax: POOLS_MAX,
  poolBytesMax: 60 * 1024,
  poolsBytesMax: 512 * 1024,
  agentsPerNodeMax: AGENTS_PER_NODE_MAX,
  demandKindsMax: 10_000,
  runsMax: 10_000,
  startMsMax: 120_000,
  freshMs: 15_000,
  runAwaitedMs: 600_000,
  provenLifeMs: 60_000,
  backoffMs: 1000,
  backoffMsMax: 60_000,
  fenced: { perReporterMax: 1000, windowMs: 3_600_000, reportersMax: 100 },
};

/** The work that something was asked for as part of: what follows from it by itself belongs to that work too. */
export interface Thread {
  readonly correlationId: string;
  readonly traceparent?: string;
}

export interface Pool {
  spec: PoolSpec;
  /** Of its definition. */
  thread: Thread;
  definedAtMs: number;
  retired: boolean;
  quarantined: boolean;
  /** Crashes since an agent of the pool last lived for `provenLifeMs`. */
  crashes: number;
  nextSpawnAtMs: number;
  /** The pool serves a run that nobody has submitted yet. */
  runAwaited: boolean;
}

export interface AgentProcess {
  readonly agentId: string;
  readonly poolId: string;
  readonly spawnId: string;
  /** Tasks that the agent takes at a time, as its pool said when it was requested. */
  readonly capacity: number;
  readonly requestedAtMs: number;
  state: ProcessState;
  sinceMs: number;
  node?: string;
  pid?: number;
  pidStartTicks?: number;
  spawnedAtMs?: number;
  stopRequestedAtMs?: number;
  /** When it registered as an agent. */
  readyAtMs?: number;
  /** Tasks that it could take when it registered and of which demand has not yet said that somebody took them. */
  freshUnits: number;
}

export interface Demand {
  readonly role: string;
  readonly skills: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  waiting: number;
}

export interface SpawnerState {
  readonly pools: Map<string, Pool>;
  readonly processes: Map<string, AgentProcess>;
  /** Tasks that no agent could take, by kind; the kind that changed longest ago comes first. */
  readonly demand: Map<string, Demand>;
  /** Runs that are running, oldest first. */
  readonly runs: Set<string>;
  /** What nodes reported of processes that are not here. */
  readonly fenced: RecentReports;
  /** When `settle` has something to start; worked out when it is asked for, and forgotten with every event. */
  spawnDueAtMs?: number;
}

export function emptySpawner(limits: SpawnerLimits): SpawnerState {
  return { pools: new Map(), processes: new Map(), demand: new Map(), runs: new Set(), fenced: new RecentReports(limits.fenced) };
}

type Kind = Pick<Demand, 'role' | 'skills' | 'labels'>;

export const demandKey = ({ role, skills, labels = {} }: Kind): string =>
  [
    role,
    ...skills,
    ...Object.entries(labels)
      .sort(byName)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ].join(' ');

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);

/** Agents of the pool can do that kind of work: they have its skills, each at least at its level, and its labels. */
export function serves({ role, skills, labels = {} }: PoolSpec, demand: Kind): boolean {
  return (
    role === demand.role &&
    demand.skills.every((needed) => skills.some((skill) => covers(skill, needed))) &&
    Object.entries(demand.labels ?? {}).every(([name, value]) => labels[name] === value)
  );
}

function covers(skill: string, needed: string): boolean {
  const [has, needs] = [skillLevel(skill), skillLevel(needed)];
  return has.name === needs.name && has.level >= needs.level;
}

export function processesOf(state: SpawnerState, poolId: string): AgentProcess[] {
  return [...state.processes.values()].filter((process) => process.poolId === poolId);
}
