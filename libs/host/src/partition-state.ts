import { EVENTS } from '@torch/contracts';
import type { AnyEvent, Decider, PartsDecoder } from '@torch/kernel';
import { type Commit, type Consumed, decodeCommit, type LogEntry, type Position, START } from '@torch/log';
import { AnsweredCommands, type AnsweredLimits } from './answered-commands';

export const NOTHING_CONSUMED: Consumed = { entry: '0-0', commands: 0, seq: 0 };

/** Those of another service's commit that the decider subscribes to. */
export type ForeignEvents = Pick<Commit, 'position' | 'events' | 'indexes'>;

/**
 * What one service knows of one partition: the fold of the log.
 *
 * The order of the fold is the order in which the owner took things in, and the log says what that was: each own
 * commit names the last seq whose foreign events were taken in before it was decided. So foreign events wait until the
 * next own commit says so, or until an owner drains them at the end of the log. Live owners, standbys and replays
 * come to the same state at every position.
 */
export class PartitionState<State> {
  private readonly projects = new Map<string, State>();
  private pending: ForeignEvents[] = [];
  /** The project whose parts are being taken from a snapshot. */
  private restoring: { readonly project: string; readonly decoder: PartsDecoder<State> } | undefined;
  private readonly foreign: ReadonlySet<string>;
  /** A commit may also hold what the host itself wrote, which is no business of the decider's. */
  private readonly own: ReadonlySet<string>;
  readonly answered: AnsweredCommands;
  /** What the last own commit had consumed. */
  consumed: Consumed = NOTHING_CONSUMED;
  /** Seq of the last own commit in the state. */
  ownSeq = 0;
  /** Last seq whose foreign events are in the state. */
  foreignSeq = 0;
  /** How far the log has been read, own commits included. */
  read: Position = START;

  constructor(
    readonly service: string,
    readonly decider: Decider<State>,
    answeredLimits: AnsweredLimits,
  ) {
    this.foreign = new Set(decider.foreign);
    this.own = new Set(EVENTS.filter((contract) => contract.service === service).map(({ type }) => type));
    this.answered = new AnsweredCommands(answeredLimits);
  }

  projectNames(): readonly string[] {
    return [...this.projects.keys()];
  }

  /** The project's state; of a project that nothing happened in, the initial one. */
  state(project: string): State {
    return this.projects.get(project) ?? this.decider.initialState();
  }

  evolve(event: AnyEvent): void {
    this.projects.set(event.project, this.decider.evolve(this.state(event.project), event));
  }

  /** Reads one commit on, as a standby or a replay does. */
  takeIn(entry: LogEntry): void {
    const commit = decodeCommit(entry, this.wants);
    if (commit.service === this.service) this.takeInOwn(commit);
    else this.hold(commit);
    this.read = commit.position;
  }

  /** As `takeIn`, but of what is behind these places only the position. */
  takeInPart(entry: LogEntry, through: { readonly ownSeq: number; readonly foreignSeq: number }): void {
    const { service } = decodeCommit(entry, () => false);
    if (entry.position.seq <= (service === this.service ? through.ownSeq : through.foreignSeq)) this.takeIn(entry);
    else this.read = entry.position;
  }

  /** Of its own commits everything but what the host itself wrote; of others' what the decider subscribes to. */
  private readonly wants = (type: string, service: string): boolean =>
    service === this.service ? this.own.has(type) : this.foreign.has(type);

  private takeInOwn(commit: Commit): void {
    const { position, consumed, events, answers, recordedAtMs } = commit;
    if (position.seq <= this.ownSeq) return; // Already in the snapshot.
    this.applyPending(consumed.seq);
    this.foreignSeq = Math.max(this.foreignSeq, consumed.seq);
    for (const event of events) this.evolve(event);
    for (const answer of answers) this.answered.record(position, answer, recordedAtMs);
    this.consumed = consumed;
    this.ownSeq = position.seq;
  }

  private hold({ position, events, indexes }: Commit): void {
    if (position.seq <= this.foreignSeq) return;
    if (events.length > 0) this.pending.push({ position, events, indexes });
  }

  private applyPending(throughSeq: number): readonly ForeignEvents[] {
    const count = this.pending.findIndex(({ position }) => position.seq > throughSeq);
    const due = count === -1 ? this.pending.splice(0) : this.pending.splice(0, count);
    for (const { events } of due) for (const event of events) this.evolve(event);
    return due;
  }

  /** Takes in every foreign event that was read, as an owner does at the start of a turn. Returns them, in order. */
  drain(): readonly ForeignEvents[] {
    const due = this.applyPending(Infinity);
    this.foreignSeq = Math.max(this.foreignSeq, this.read.seq);
    return due;
  }

  /** Notes commits of this owner's own, whose events are in the state already. */
  committed(first: Position, commits: number, consumed: Consumed): void {
    const last = { seq: first.seq + commits - 1, generation: first.generation };
    if (first.seq === this.read.seq + 1) this.read = last;
    this.ownSeq = last.seq;
    this.consumed = consumed;
  }

  encode(): EncodedPartition {
    const { ownSeq, foreignSeq, consumed } = this;
    return { ownSeq, foreignSeq, consumed };
  }

  /** Every project's state in parts, one project after the other. */
  *encodeProjects(): Iterable<ProjectPart> {
    const { encode, parts } = this.decider.snapshot;
    for (const [project, state] of this.projects) {
      for (const part of parts ? parts.encode(state) : [encode(state)]) yield [project, part];
    }
  }

  /** The next of the parts that `encodeProjects` gave. */
  restorePart([project, part]: ProjectPart): void {
    if (this.restoring?.project !== project) {
      this.finishProject();
      this.restoring = { project, decoder: decoderOf(this.decider) };
    }
    this.restoring.decoder.take(part);
  }

  /**
   * To be called behind the last part.
   *
   * @param behind the position from which both own commits and foreign events are read on
   */
  restore(encoded: EncodedPartition, behind: Position): void {
    this.finishProject();
    this.ownSeq = encoded.ownSeq;
    this.foreignSeq = encoded.foreignSeq;
    this.consumed = encoded.consumed;
    this.read = behind;
  }

  private finishProject(): void {
    if (this.restoring) this.projects.set(this.restoring.project, this.restoring.decoder.finish());
    this.restoring = undefined;
  }
}

function decoderOf<State>({ snapshot: { parts, decode }, initialState }: Decider<State>): PartsDecoder<State> {
  if (parts) return parts.decoder();
  let whole: State | undefined;
  return { take: (part) => void (whole = decode(part)), finish: () => whole ?? initialState() };
}

export type ProjectPart = readonly [project: string, part: unknown];

export interface EncodedPartition {
  readonly ownSeq: number;
  readonly foreignSeq: number;
  readonly consumed: Consumed;
}
