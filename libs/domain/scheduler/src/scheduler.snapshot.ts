import { type EncodedReports, invariant, type PartsDecoder, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { decodeAgent, type EncodedAgent, encodeAgents, indexAgents } from './agent.snapshot';
import { Approvals } from './approvals/approvals.state';
import { Budgets } from './budgets/budgets.state';
import { Claims } from './claims/claims.state';
import { Quotas } from './limits/limits.state';
import { decodeMatching, type EncodedMatching, encodeMatching } from './matching.snapshot';
import { packRun, type PackedRun, unpackRun } from './run.pack';
import { decodeRun, type EncodedRun, encodeRun, indexRuns } from './run.snapshot';
import { Schedules } from './schedules/schedules.state';
import type { SchedulerLimits } from './scheduler.limits';
import { bySeq, initialState, type SchedulerState, type TopicStates } from './scheduler.state';

export const SNAPSHOT_VERSION = 7;

/** Everything but the agents and the runs. */
interface EncodedHead {
  readonly lastSeq: number;
  readonly lastEndedSeq: number;
  readonly lastLostSeq: number;
  readonly matching: EncodedMatching;
  readonly fenced: EncodedReports;
  readonly topics: Readonly<Record<'quotas' | 'claims' | 'approvals' | 'budgets' | 'schedules', unknown>>;
}

interface EncodedState extends EncodedHead {
  /** By id. */
  readonly agents: readonly EncodedAgent[];
  readonly runs: readonly EncodedRun[];
}

/** The head, then some agents at a time, then run by run. */
interface EncodedPart {
  readonly head?: EncodedHead;
  readonly agents?: readonly EncodedAgent[];
  readonly run?: PackedRun;
}

/** Agents of one part, which are some hundred KiB. */
const AGENTS_IN_PART = 1000;

/** Keeps what events have said, in one order whatever theirs was; every index is built again from it. */
export function snapshotFormat(limits: SchedulerLimits): SnapshotFormat<SchedulerState> {
  return {
    version: SNAPSHOT_VERSION,
    encode: (state): EncodedState => ({ ...encodeHead(state), agents: encodeAgents(state), runs: [...encodeRuns(state)] }),
    decode: (encoded) => {
      const { agents, runs, ...head } = encoded as EncodedState;
      const decoder = new StateDecoder(limits);
      for (const part of [{ head }, { agents }, ...runs.map((run) => ({ run: packRun(run) }))]) decoder.take(part);
      return decoder.finish();
    },
    parts: { encode: encodeParts, decoder: () => new StateDecoder(limits) },
  };
}

function* encodeParts(state: SchedulerState): Iterable<EncodedPart> {
  yield { head: encodeHead(state) };
  const agents = encodeAgents(state);
  for (let at = 0; at < agents.length; at += AGENTS_IN_PART) yield { agents: agents.slice(at, at + AGENTS_IN_PART) };
  for (const run of encodeRuns(state)) yield { run: packRun(run) };
}

/** Indexes what it takes at once: what is left for the end is short. */
class StateDecoder implements PartsDecoder<SchedulerState> {
  private decoding: SchedulerState | undefined;

  constructor(private readonly limits: SchedulerLimits) {}

  take(part: unknown): void {
    const { head, agents, run } = part as EncodedPart;
    if (head) this.decoding = decodeHead(head, this.limits);
    if (agents) for (const agent of agents) decodeAgent(this.state, agent);
    if (run) decodeRun(this.state, unpackRun(run));
  }

  finish(): SchedulerState {
    indexRuns(this.state);
    indexAgents(this.state);
    return this.state;
  }

  private get state(): SchedulerState {
    invariant(this.decoding, 'A snapshot begins with its head.');
    return this.decoding;
  }
}

function* encodeRuns(state: SchedulerState): Iterable<EncodedRun> {
  for (const run of [...state.runs.values()].sort(bySeq)) yield encodeRun(state, run);
}

function encodeHead(state: SchedulerState): EncodedHead {
  const { lastSeq, lastEndedSeq, lastLostSeq } = state;
  return {
    lastSeq,
    lastEndedSeq,
    lastLostSeq,
    matching: encodeMatching(state),
    fenced: state.fenced.encode(),
    topics: encodeTopics(state),
  };
}

const encodeTopics = ({ quotas, claims, approvals, budgets, schedules }: SchedulerState): EncodedHead['topics'] => ({
  quotas: quotas.encode(),
  claims: claims.encode(),
  approvals: approvals.encode(),
  budgets: budgets.encode(),
  schedules: schedules.encode(),
});

const decodeTopics = ({ fenced, topics }: EncodedHead, limits: SchedulerLimits): TopicStates => ({
  fenced: RecentReports.decode(limits.fenced, fenced),
  quotas: Quotas.decode(topics.quotas),
  claims: Claims.decode(topics.claims),
  approvals: Approvals.decode(topics.approvals),
  budgets: Budgets.decode(topics.budgets, limits),
  schedules: Schedules.decode(topics.schedules),
});

function decodeHead(encoded: EncodedHead, limits: SchedulerLimits): SchedulerState {
  const state = initialState(limits, decodeTopics(encoded, limits));
  state.lastSeq = encoded.lastSeq;
  state.lastEndedSeq = encoded.lastEndedSeq;
  state.lastLostSeq = encoded.lastLostSeq;
  decodeMatching(state, encoded.matching);
  return state;
}
