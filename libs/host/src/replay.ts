import { createHash } from 'node:crypto';
import { canonicalJson, type Decider } from '@torch/kernel';
import { type Log, type LogEntry } from '@torch/log';
import { HOST_DEFAULTS } from './host.config';
import { PartitionState } from './partition-state';

/** SHA-256 of the canonical JSON of a project's state, hex: equal states have equal digests. */
export function stateDigest<State>(decider: Decider<State>, state: State): string {
  return createHash('sha256')
    .update(canonicalJson(decider.snapshot.encode(state)))
    .digest('hex');
}

/** As `stateDigest`; of a suspended project, what says so, since its state counts for nothing until it is released. */
export function projectDigest<State>(state: PartitionState<State>, project: string): string {
  const suspension = state.suspensions.get(project);
  if (suspension) return createHash('sha256').update(canonicalJson({ suspension })).digest('hex');
  return stateDigest(state.decider, state.state(project));
}

export interface ReplayRequest<State> {
  readonly log: Pick<Log, 'read'>;
  readonly decider: Decider<State>;
  readonly service: string;
  readonly partition: number;
  readonly project: string;
  /** Where the state to compare with stands; absent: the end of the log. */
  readonly through?: { readonly ownSeq: number; readonly foreignSeq: number };
  readonly entriesAtATime?: number;
  /** Called after every page with the seq reached. */
  readonly onProgress?: (seq: number) => void;
}

export interface Replayed<State> {
  readonly state: State;
  /** False when nothing has happened in the project that this service takes notice of. */
  readonly isKnown: boolean;
  readonly digest: string;
  readonly ownSeq: number;
  readonly foreignSeq: number;
}

/**
 * Rebuilds one project's state from the first entry of the log, without a snapshot and without effects.
 *
 * @throws Gap, InvariantViolation when the log has a hole or holds what cannot be read.
 */
export async function replayProject<State>(request: ReplayRequest<State>): Promise<Replayed<State>> {
  const { log, decider, service, partition, project, through, entriesAtATime = 500, onProgress } = request;
  const state = new PartitionState(service, decider, HOST_DEFAULTS);
  const lastSeq = through ? Math.max(through.ownSeq, through.foreignSeq) : Infinity;
  while (state.read.seq < lastSeq) {
    const entries = await log.read(partition, state.read.seq, Math.min(entriesAtATime, lastSeq - state.read.seq));
    if (entries.length === 0) break;
    for (const entry of entries) takeInWithin(state, entry, through);
    onProgress?.(state.read.seq);
  }
  state.drain();
  if (!state.suspensions.has(project) && state.inDoubt.has(project)) throw state.inDoubt.get(project);
  return {
    state: state.state(project),
    isKnown: state.projectNames().includes(project),
    digest: projectDigest(state, project),
    ownSeq: state.ownSeq,
    foreignSeq: state.foreignSeq,
  };
}

/** A live state has its own commits and the foreign events up to two different places: beyond them, entries only count as read. */
function takeInWithin<State>(state: PartitionState<State>, entry: LogEntry, through: ReplayRequest<State>['through']): void {
  if (!through || entry.position.seq <= Math.min(through.ownSeq, through.foreignSeq)) state.takeIn(entry);
  else state.takeInPart(entry, through);
}
