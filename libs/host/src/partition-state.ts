import { EVENTS, HOST, type HostEvent } from '@torch/contracts';
import type { AnyEvent, Decider, PartsDecoder } from '@torch/kernel';
import { type Commit, type Consumed, decodeCommit, type LogEntry, type Position, START } from '@torch/log';
import { AnsweredCommands, type AnsweredLimits } from './answered-commands';
import { quarantined, suspensionAfter, type Suspension } from './suspension';

export const NOTHING_CONSUMED: Consumed = { entry: '0-0', commands: 0, seq: 0 };

const HOST_TYPES: ReadonlySet<string> = new Set(EVENTS.filter(({ service }) => service === HOST).map(({ type }) => type));

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
  /** Of `pending`, how many have been taken in already. */
  private drained = 0;
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
  /** The latest time that the log has recorded, as far as it was read. */
  recordedAtMs = 0;
  /** Projects that the service decides nothing for, as the log says. */
  readonly suspensions = new Map<string, Suspension>();
  /** Projects whose state in memory cannot be relied on since the rules failed while they took something in, and by which error. */
  readonly inDoubt = new Map<string, unknown>();

  constructor(
    readonly service: string,
    readonly decider: Decider<State>,
    answeredLimits: AnsweredLimits,
    /** Everything else is passed over. */
    private readonly onlyProject?: string,
  ) {
    this.foreign = new Set(decider.foreign);
    this.own = new Set(EVENTS.filter((contract) => contract.service === service || contract.service === HOST).map(({ type }) => type));
    this.answered = new AnsweredCommands(answeredLimits);
  }

  /** Of which there is a state. */
  projectNames(): readonly string[] {
    return [...this.projects.keys()];
  }

  /**
   * The project's state; of a project that nothing happened in, the initial one.
   *
   * @throws Rejection `project-quarantined` when there is none, since the rules could not take in what the log says.
   */
  state(project: string): State {
    const state = this.projects.get(project);
    if (state === undefined && this.inDoubt.has(project)) throw quarantined(project, this.service);
    return state ?? this.decider.initialState();
  }

  /** False when the rules failed: the project is in doubt from then on, and takes in nothing more. */
  evolve(event: AnyEvent): boolean {
    const { project } = event;
    if (this.onlyProject !== undefined && project !== this.onlyProject) return true;
    if (this.inDoubt.size > 0 && this.inDoubt.has(project)) return false;
    try {
      this.projects.set(project, this.decider.evolve(this.state(project), event));
      return true;
    } catch (error) {
      this.inDoubt.set(project, error);
      return false;
    }
  }

  /** As `evolve`, of what a host wrote. */
  evolveSuspension(event: HostEvent): void {
    const after = suspensionAfter(this.suspensions.get(event.project), event);
    if (after) this.suspensions.set(event.project, after);
    else this.suspensions.delete(event.project);
  }

  /** Goes on with a state of the project that was built from the log, up to the same place. */
  adopt(project: string, rebuilt: PartitionState<State>): void {
    const state = rebuilt.projects.get(project);
    if (state === undefined) this.projects.delete(project);
    else this.projects.set(project, state);
    this.inDoubt.delete(project);
  }

  /** Reads one commit on, as a standby or a replay does. */
  takeIn(entry: LogEntry): void {
    for (const step of this.stepsIn(entry)) void step;
  }

  /** As `takeIn`, but in steps, between which others may have their turn; nothing else may be done with the state meanwhile. */
  *stepsIn(entry: LogEntry): Iterable<void> {
    const commit = decodeCommit(entry, this.wants);
    if (commit.service === this.service) yield* this.takeInOwn(commit);
    else this.hold(commit);
    this.read = commit.position;
    this.recordedAtMs = Math.max(this.recordedAtMs, commit.recordedAtMs);
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

  private *takeInOwn(commit: Commit): Iterable<void> {
    const { position, consumed, events, answers, recordedAtMs } = commit;
    if (position.seq <= this.ownSeq) return; // Already in the snapshot.
    while (this.drainNext(consumed.seq)) yield;
    this.foreignSeq = Math.max(this.foreignSeq, consumed.seq);
    for (const event of events) {
      if (HOST_TYPES.has(event.type)) this.evolveSuspension(event as HostEvent);
      else this.evolve(event);
      yield;
    }
    for (const answer of answers) this.answered.record(position, answer, recordedAtMs);
    this.consumed = consumed;
    this.ownSeq = position.seq;
  }

  private hold({ position, events, indexes }: Commit): void {
    if (position.seq <= this.foreignSeq) return;
    if (events.length > 0) this.pending.push({ position, events, indexes });
  }

  /** Takes in the next foreign commit that was read, up to `throughSeq`; undefined when there is none. */
  drainNext(throughSeq = Infinity): ForeignEvents | undefined {
    const next = this.pending[this.drained];
    if (!next || next.position.seq > throughSeq) {
      if (this.drained > 0) this.pending = this.pending.slice(this.drained);
      this.drained = 0;
      return undefined;
    }
    this.drained++;
    for (const event of next.events) this.evolve(event);
    this.foreignSeq = Math.max(this.foreignSeq, next.position.seq);
    return next;
  }

  /** Notes that nothing of what was read waits to be taken in. */
  private allDrained(): void {
    this.foreignSeq = Math.max(this.foreignSeq, this.read.seq);
  }

  /** True while foreign commits that were read wait to be taken in; when it is false, all that was read is in the state. */
  get hasPending(): boolean {
    if (this.drained < this.pending.length) return true;
    this.allDrained();
    return false;
  }

  /** Takes in every foreign event that was read, as at the end of a replay. */
  drain(): void {
    while (this.drainNext());
    this.allDrained();
  }

  /** Notes commits of this owner's own, whose events are in the state already. */
  committed(first: Position, commits: number, consumed: Consumed): void {
    const last = { seq: first.seq + commits - 1, generation: first.generation };
    if (first.seq === this.read.seq + 1) this.read = last;
    this.ownSeq = last.seq;
    this.consumed = consumed;
  }

  encode(): EncodedPartition {
    const { ownSeq, foreignSeq, consumed, recordedAtMs } = this;
    return { ownSeq, foreignSeq, consumed, recordedAtMs, suspensions: [...this.suspensions], inDoubt: [...this.inDoubt.keys()] };
  }

  /** Every project's state in parts, one project after the other, but of those that are in doubt. */
  *encodeProjects(): Iterable<ProjectPart> {
    const { encode, parts } = this.decider.snapshot;
    for (const [project, state] of this.projects) {
      if (this.inDoubt.has(project)) continue;
      for (const part of parts ? parts.encode(state) : [encode(state)]) yield [project, part];
    }
  }

  /** The next of the parts that `answered.encode` gave; of one project's rebuild, they are of no use. */
  restoreAnswers(part: unknown): void {
    if (this.onlyProject === undefined) this.answered.restorePart(part);
  }

  /** The next of the parts that `encodeProjects` gave. */
  restorePart([project, part]: ProjectPart): void {
    if (this.onlyProject !== undefined && project !== this.onlyProject) return;
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
    this.recordedAtMs = encoded.recordedAtMs;
    for (const [project, suspension] of encoded.suspensions) this.suspensions.set(project, suspension);
    for (const project of encoded.inDoubt) this.inDoubt.set(project, quarantined(project, this.service));
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
  readonly recordedAtMs: number;
  readonly suspensions: readonly (readonly [project: string, Suspension])[];
  /** Projects of which the snapshot has no state. */
  readonly inDoubt: readonly string[];
}
