import type { RunStatus, TaskSpec, TaskStatus } from '@torch/contracts';
import { type EncodedReports, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { newAgent, successRate } from './agent.evolve';
import { count, newRun } from './run.evolve';
import type { SchedulerLimits } from './scheduler.limits';
import {
  type AgentState,
  bySeq,
  hasEnded,
  hasEndedBadly,
  initialState,
  isLive,
  type RunState,
  type SchedulerAgentPresence,
  type SchedulerState,
  type TaskState,
  type Thread,
} from './scheduler.state';
import { addTask, newTask } from './task.evolve';

export const SNAPSHOT_VERSION = 2;

interface EncodedTask {
  readonly spec: TaskSpec;
  readonly seq: number;
  readonly at: number;
  readonly thread: Thread;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly assignments: readonly string[];
  readonly before: number;
  readonly agentId?: string;
  readonly instance?: string;
  readonly dueAtMs?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly exitCode?: number;
  readonly durationMs?: number;
  readonly reason?: string;
}

interface EncodedRun {
  readonly id: string;
  readonly name?: string;
  readonly seq: number;
  readonly total: number;
  readonly at: number;
  readonly thread: Thread;
  readonly status: RunStatus;
  readonly endedAtMs?: number;
  readonly endedSeq: number;
  readonly cancelReason?: string;
  readonly tasks: readonly EncodedTask[];
}

type EncodedAgent = Pick<
  AgentState,
  'id' | 'role' | 'skills' | 'capacity' | 'instance' | 'idleSinceMs' | 'completed' | 'failed' | 'lostSeq'
> & {
  readonly presence: SchedulerAgentPresence;
};

interface EncodedDemand {
  readonly role: string;
  readonly skills: readonly string[];
  /** Any numbers that stand for what was announced: of the same bucket, and zero or not. */
  readonly waiting: number;
  readonly fittingAgents: number;
}

interface EncodedState {
  readonly lastSeq: number;
  readonly lastEndedSeq: number;
  readonly lastLostSeq: number;
  readonly runs: readonly EncodedRun[];
  readonly agents: readonly EncodedAgent[];
  readonly announced: readonly EncodedDemand[];
  readonly fenced: EncodedReports;
}

/** Keeps what events have said, in one order whatever theirs was; every index is built again from it. */
export function snapshotFormat(limits: SchedulerLimits): SnapshotFormat<SchedulerState> {
  return { version: SNAPSHOT_VERSION, encode, decode: (encoded) => decode(encoded as EncodedState, limits) };
}

function encode(state: SchedulerState): EncodedState {
  const { lastSeq, lastEndedSeq, lastLostSeq } = state;
  const runs = [...state.runs.values()].sort(bySeq).map(encodeRun);
  const agents = [...state.agents.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(encodeAgent);
  return { lastSeq, lastEndedSeq, lastLostSeq, runs, agents, announced: encodeAnnounced(state), fenced: state.fenced.encode() };
}

function decode(encoded: EncodedState, limits: SchedulerLimits): SchedulerState {
  const state = initialState(limits, RecentReports.decode(limits.fenced, encoded.fenced));
  state.lastSeq = encoded.lastSeq;
  state.lastEndedSeq = encoded.lastEndedSeq;
  state.lastLostSeq = encoded.lastLostSeq;
  for (const agent of encoded.agents) decodeAgent(state, agent);
  for (const run of encoded.runs) decodeRun(state, run);
  for (const agent of state.agents.values()) if (agent.presence === 'live' || agent.presence === 'suspected') state.matching.join(agent);
  for (const demand of encoded.announced) state.matching.announced(demand);
  for (const task of state.tasks.values()) indexTask(state, task);
  for (const run of state.runs.values()) indexRun(state, run);
  for (const agent of state.agents.values()) if (agent.lostSeq > 0) state.lostAgents.push(agent);
  return state;
}

function encodeRun(run: RunState): EncodedRun {
  const { id, name, seq, total, submittedAtMs, thread, status, endedAtMs, endedSeq, cancelReason, tasks } = run;
  return present({
    id,
    name,
    seq,
    total,
    at: submittedAtMs,
    thread: present(thread),
    status,
    endedAtMs,
    endedSeq,
    cancelReason,
    tasks: tasks.map(encodeTask),
  });
}

function encodeTask(task: TaskState): EncodedTask {
  const {
    spec,
    seq,
    submittedAtMs,
    thread,
    status,
    attempt,
    assignments,
    attemptsBefore,
    agentId,
    instance,
    startedAtMs,
    endedAtMs,
    exitCode,
    durationMs,
    reason,
  } = task;
  const dueAtMs = task.dueAtMs === Infinity ? undefined : task.dueAtMs;
  return present({
    spec,
    seq,
    at: submittedAtMs,
    thread: present(thread),
    status,
    attempt,
    assignments,
    before: attemptsBefore,
    agentId,
    instance,
    dueAtMs,
    startedAtMs,
    endedAtMs,
    exitCode,
    durationMs,
    reason,
  });
}

function encodeAgent({
  id,
  role,
  skills,
  capacity,
  instance,
  presence,
  idleSinceMs,
  completed,
  failed,
  lostSeq,
}: AgentState): EncodedAgent {
  return { id, role, skills, capacity, instance, presence, idleSinceMs, completed, failed, lostSeq };
}

/** A class that was last announced as empty is as good as one that never was. */
function encodeAnnounced({ matching }: SchedulerState): EncodedDemand[] {
  const announced = [...matching.roles.values()]
    .flatMap((role) => [...role.demands.values()])
    .filter(({ announcedBucket }) => announcedBucket > 0);
  announced.sort((a, b) => (`${a.role.name}|${a.key}` < `${b.role.name}|${b.key}` ? -1 : 1));
  return announced.map(({ role, skills, announcedBucket, announcedFits }) => ({
    role: role.name,
    skills,
    waiting: 2 ** (announcedBucket - 1),
    fittingAgents: announcedFits ? 1 : 0,
  }));
}

function decodeAgent(state: SchedulerState, encoded: EncodedAgent): void {
  const agent = newAgent(encoded);
  const { presence, completed, failed, lostSeq } = encoded;
  Object.assign(agent, { presence, completed, failed, lostSeq, successRate: successRate(encoded) });
  state.agents.set(agent.id, agent);
}

function decodeRun(
  state: SchedulerState,
  { id, name, seq, total, at, thread, status, endedAtMs, endedSeq, cancelReason, tasks }: EncodedRun,
): void {
  const run = newRun({ id, name, seq, total, submittedAtMs: at, thread });
  Object.assign(run, { status, endedAtMs, endedSeq, cancelReason });
  state.runs.set(id, run);
  for (const encoded of tasks) decodeTask(state, run, encoded);
}

function decodeTask(state: SchedulerState, run: RunState, encoded: EncodedTask): void {
  const { spec, seq, at, thread, before, dueAtMs = Infinity, ...rest } = encoded;
  const task = newTask({ spec, run, seq, submittedAtMs: at, thread });
  Object.assign(task, rest, { attemptsBefore: before, dueAtMs });
  addTask(state, task);
  if (!hasEnded(task)) return;
  count(run, task.status, 1);
  run.open--;
  state.openTasks--;
}

function indexTask(state: SchedulerState, task: TaskState): void {
  for (const id of task.spec.dependsOn) {
    const dependency = state.tasks.get(id);
    if (dependency?.status !== 'completed') task.waitingFor++;
    if (dependency && hasEndedBadly(dependency.status)) task.broken++;
  }
  if (task.status === 'ready') state.matching.enqueue(task);
  if (task.status === 'blocked' && task.broken > 0) state.doomed.add(task);
  if (task.dueAtMs !== Infinity) state.timers.push(task);
  if (!isLive(task)) return;
  const agent = state.agents.get(task.agentId as string) as AgentState;
  agent.live.add(task);
  state.matching.refreshAgent(agent);
}

function indexRun(state: SchedulerState, run: RunState): void {
  if (run.status !== 'running') {
    state.endedRuns.push(run);
    state.endedTasks += run.tasks.length;
  } else if (run.open === 0) state.ending.add(run);
  else if (run.cancelReason !== undefined) state.cancelling.add(run);
}

/** Without the fields that have no value: JSON would drop them, and so they must not count in a comparison. */
function present<T extends object>(value: T): T {
  const kept: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) kept[key] = field;
  return kept as T;
}
