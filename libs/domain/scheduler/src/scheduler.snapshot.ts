import { type EncodedReports, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { decodeAgent, type EncodedAgent, encodeAgents, indexAgents } from './agent.snapshot';
import { Approvals } from './approvals/approvals.state';
import { Budgets } from './budgets/budgets.state';
import { Claims } from './claims/claims.state';
import { Quotas } from './limits/limits.state';
import { decodeMatching, type EncodedMatching, encodeMatching } from './matching.snapshot';
import { decodeRun, type EncodedRun, encodeRun, indexRuns } from './run.snapshot';
import { Schedules } from './schedules/schedules.state';
import type { SchedulerLimits } from './scheduler.limits';
import { bySeq, initialState, type SchedulerState, type TopicStates } from './scheduler.state';

export const SNAPSHOT_VERSION = 4;

/** Everything but the runs. */
interface EncodedHead {
  readonly lastSeq: number;
  readonly lastEndedSeq: number;
  readonly lastLostSeq: number;
  readonly agents: readonly EncodedAgent[];
  readonly matching: EncodedMatching;
  readonly fenced: EncodedReports;
  readonly topics: Readonly<Record<'quotas' | 'claims' | 'approvals' | 'budgets' | 'schedules', unknown>>;
}

interface EncodedState extends EncodedHead {
  readonly runs: readonly EncodedRun[];
}

/** Keeps what events have said, in one order whatever theirs was; every index is built again from it. */
export function snapshotFormat(limits: SchedulerLimits): SnapshotFormat<SchedulerState> {
  return {
    version: SNAPSHOT_VERSION,
    encode: (state): EncodedState => ({ ...encodeHead(state), runs: [...encodeRuns(state)] }),
    decode: (encoded) => {
      const { runs, ...head } = encoded as EncodedState;
      return decode(head, runs, limits);
    },
    parts: { encode: encodeParts, decode: (parts) => decodeParts(parts, limits) },
  };
}

/** The head, then run by run. */
function* encodeParts(state: SchedulerState): Iterable<EncodedHead | EncodedRun> {
  yield encodeHead(state);
  yield* encodeRuns(state);
}

function decodeParts(parts: Iterable<unknown>, limits: SchedulerLimits): SchedulerState {
  const all = parts[Symbol.iterator]();
  const head = all.next().value as EncodedHead;
  return decode(head, { [Symbol.iterator]: () => all } as Iterable<EncodedRun>, limits);
}

function* encodeRuns(state: SchedulerState): Iterable<EncodedRun> {
  for (const run of [...state.runs.values()].sort(bySeq)) yield encodeRun(run);
}

function encodeHead(state: SchedulerState): EncodedHead {
  const { lastSeq, lastEndedSeq, lastLostSeq } = state;
  return {
    lastSeq,
    lastEndedSeq,
    lastLostSeq,
    agents: encodeAgents(state),
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

function decode(encoded: EncodedHead, runs: Iterable<EncodedRun>, limits: SchedulerLimits): SchedulerState {
  const state = initialState(limits, decodeTopics(encoded, limits));
  state.lastSeq = encoded.lastSeq;
  state.lastEndedSeq = encoded.lastEndedSeq;
  state.lastLostSeq = encoded.lastLostSeq;
  for (const agent of encoded.agents) decodeAgent(state, agent);
  for (const run of runs) decodeRun(state, run);
  for (const agent of state.agents.values()) if (agent.presence === 'live' || agent.presence === 'suspected') state.matching.join(agent);
  decodeMatching(state, encoded.matching);
  indexRuns(state);
  indexAgents(state);
  return state;
}
